"""A query as typed so far: whole words, and the beginning of the last one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import islice, product

import numpy as np

from services.retriever.catalogue.catalogue import Catalogue
from services.retriever.catalogue.fields import Numbers
from services.retriever.searching.completing import Completing
from services.retriever.words.said import saying, words_of_title
from services.retriever.words.texts import mask_of
from services.retriever.words.units import LETTER_WEIGHT, composed, key_of, units

_DESCRIPTION = np.uint8(mask_of("description"))
_MANY = 20_000
"""Limit of postings of words that begin as typed; above it, single titles are not sought."""
_CORRECTIONS = 3


class Typed:
    """A text as typed, over one snapshot."""

    def __init__(self, catalogue: Catalogue, completing: Completing, text: str) -> None:
        self._catalogue = catalogue
        self._completing = completing
        self._words = catalogue.words
        self._text = composed(text)
        self.units = [unit for unit in units(self._text) if unit.key]
        self.key = key_of(self.units)

    @property
    def head(self) -> str:
        """The text before the last word, as typed."""
        return self._text[self.units[0].start : self.units[-2].stop] if self.units[1:] else ""

    @property
    def head_key(self) -> str:
        return key_of(self.units[:-1])

    @property
    def last(self) -> str:
        """The last word, folded; only its beginning may be typed."""
        return self.units[-1].word

    @cached_property
    def head_rows(self) -> Numbers | None:
        """Products that say all words before the last; None where those say nothing."""
        if self.units[-1].weight == LETTER_WEIGHT:
            return None
        analyser = self._words.analyser
        # A letter is a part of a name: "h&m".
        words = [
            word
            for word in words_of_title(self._words, self.head)
            if not analyser.is_function_word(word)
            or (len(word) == 1 and word not in analyser.function_words)
        ]
        return saying(self._words, words) if words else None

    @cached_property
    def rows(self) -> Numbers | None:
        """Products that say all words, the last of them from its beginning; None for too many."""
        if self.units[-1].weight == LETTER_WEIGHT:
            return saying(self._words, words_of_title(self._words, self._text))
        found = []
        for first, index in self._words.indexes:
            numbers = index.words.beginning(self.last)
            part = slice(int(index.starts[numbers.start]), int(index.starts[numbers.stop]))
            if part.stop - part.start > _MANY:
                return None
            said = index.postings.fields[part] != _DESCRIPTION
            found.append(index.postings.rows[part][said].astype(np.intp) + first)
        rows = np.unique(np.concatenate(found))
        head = self.head_rows
        return rows if head is None else np.intersect1d(rows, head, assume_unique=True)

    def respelled(self, most: int) -> Iterator[str]:
        """The typed words in the catalogue's spellings, the likeliest first."""
        if self._words.analyser.is_function_word(self.last):
            # A word, and no misspelling of one: "the" is not "checked".
            return
        vocabulary = self._catalogue.vocabulary
        choices: list[Sequence[str]] = []
        for unit in self.units[:-1]:
            near = vocabulary.corrections(unit.word, 1)
            choices.append([one.word for one in near] or [unit.word])
        choices.append(self._beginnings())
        for words in islice(product(*choices), most):
            text = " ".join(words)
            if text != self.key:
                yield text

    def _beginnings(self) -> list[str]:
        """The last word if any begins so, and beginnings that are spelled almost so."""
        typed = self.last
        vocabulary = self._catalogue.vocabulary
        near = self._completing.beginnings(typed, _CORRECTIONS)
        near += [
            (one.distance, one.word[0] != typed[0], -one.frequency, one.word)
            for one in vocabulary.corrections(typed, _CORRECTIONS)
        ]
        fewest = min((edits for edits, *_ in near), default=0)
        likely = [text for edits, _, _, text in sorted(near) if edits == fewest]
        known = vocabulary.completions(typed, 1)
        return list(dict.fromkeys([typed, *likely] if known or not likely else likely))
