"""The catalogue's vocabulary, for those who correct, understand and complete queries."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice

import numpy as np

from services.retriever.words.live import Words
from services.retriever.words.postings import WordIndex
from services.retriever.words.quantities import is_quantity
from services.retriever.words.ranking import Counted, Rank, best_of, in_order
from services.retriever.words.spellings import FEWEST_LETTERS, edits_allowed


@dataclass(frozen=True, slots=True)
class Near:
    """A word of the catalogue that is spelled almost like one asked for."""

    word: str
    distance: int
    frequency: int
    """Products that say it."""


@dataclass(frozen=True, slots=True)
class Value:
    """A value of a field that is filtered by."""

    field: str
    """`brand`, `category`, `color` or a filterable attribute."""
    value: str
    """As most products spell it."""
    products: int
    """That have it; those that changed lately may be counted as before."""


class Vocabulary:
    """Words and values of one snapshot. Cheap to make: it holds nothing of its own."""

    def __init__(self, words: Words, values: Sequence[Mapping[str, Sequence[Value]]] = ()) -> None:
        """values: by folded form, of the version and of what was put in since."""
        self._words = words
        self._values = values

    def frequency(self, word: str) -> int:
        """Number of products that have exactly this folded word."""
        return self._words.frequency(word)

    def __contains__(self, word: str) -> bool:
        """True if the catalogue has a folded word or another form of it: then it is no typo."""
        words = self._words
        return words.remembered(
            "known", word, lambda one: any(map(words.frequency, words.forms(one)))
        )

    def corrections(self, word: str, most: int = 3) -> list[Near]:
        """Corrections of a folded word: fewest edits first, then the same first letter,
        then those that most products say.

        None for a word that the catalogue has, nor for one with a digit.
        """
        if not word.isalpha() or len(word) < FEWEST_LETTERS or word in self:
            return []
        for edits in range(1, edits_allowed(word) + 1):
            near = self._near(word, edits, most)
            if near:
                return near
        return []

    def completions(self, beginning: str, most: int = 10) -> list[Near]:
        """Words that begin so, those that most products say first. beginning: folded."""
        if is_quantity(beginning):
            return []

        def listed(index: WordIndex, most: int) -> Counted[str]:
            numbers = index.words.beginning(beginning)
            counts = np.diff(index.starts[numbers.start : numbers.stop + 1])
            best = np.argsort(-counts, kind="stable")[:most].tolist()
            return [(index.words[numbers.start + place], int(counts[place])) for place in best]

        def rank(word: str) -> Rank | None:
            frequency = self.frequency(word)
            return (-frequency, word) if frequency else None

        tables = [partial(listed, index) for _, index in self._words.indexes]
        if self._words.is_changed:
            found = best_of(tables, most, rank)
        else:
            found = [word for word, _ in tables[0](most)]
        return [Near(word, 0, self.frequency(word)) for word in found]

    def values(self, text: str) -> list[Value]:
        """The values of fields that a text is, whatever its letter case and blanks."""
        form = " ".join(text.split()).casefold()
        found: dict[tuple[str, str], Value] = {}
        for values in self._values:
            for value in values.get(form, ()):
                known = found.get((value.field, form))
                found[value.field, form] = (
                    value
                    if known is None
                    else Value(known.field, known.value, known.products + value.products)
                )
        return sorted(found.values(), key=lambda one: -one.products)

    def _near(self, word: str, distance: int, most: int) -> list[Near]:
        edits, said = dict[str, int](), Counter[str]()
        for _, index in self._words.indexes:
            for distance_of, number in index.spellings.near(word, distance):
                text = index.words[number]
                edits[text] = distance_of
                said[text] += int(index.starts[number + 1] - index.starts[number])

        def rank(one: str, frequency: int) -> Rank:
            return edits[one], one[0] != word[0], -frequency, one

        def exact(one: str) -> Rank | None:
            frequency = self.frequency(one)
            return rank(one, frequency) if frequency else None

        # A changed product is counted twice in `said` until its changes are merged.
        likely = ((rank(one, most), one) for one, most in said.items())
        return [
            Near(one, edits[one], -minus)
            for (_, _, minus, _), one in islice(in_order(likely, exact), most)
        ]
