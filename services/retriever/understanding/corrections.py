"""Typos of a query, corrected from the catalogue's own vocabulary.

A word stays if the catalogue or a dictionary has it, if it has a digit, and if the whole query is
an identifier; also if a common word is as near as the catalogue's. Of several near words the one
wins that stands beside the query's other words in a product.

Two neighbours become one word that the catalogue has (`back pack`), unless products say both.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from services.retriever.catalogue.catalogue import Catalogue
from services.retriever.understanding.amounts import Amounts
from services.retriever.understanding.dictionary import Dictionary
from services.retriever.understanding.tokens import Token, is_hyphen
from services.retriever.understanding.wording import Wording
from services.retriever.words import Analyser, Lexicon, Near
from services.retriever.words.compounds import parts_of
from services.retriever.words.concepts import initials_of
from services.retriever.words.folding import fold, unspaced
from services.retriever.words.frame_words import own_frame_words
from services.retriever.words.postings import Numbers
from services.retriever.words.said import rows_saying
from services.retriever.words.spellings import Spellings
from services.retriever.words.texts import mask_of

_MOST = 5
"""Corrections of one word that are compared."""
_FEWEST_LETTERS = 4
_LONG = 8
"""Letters from which a word may lack two edits anywhere; shorter ones begin with the same letter
as their correction."""
_FEWEST_OF_PART = 3
_TITLE = mask_of("title")
_READ = 20
"""Titles that are read."""
_TIMES = 10
"""Two words become one if the ratio of the products that it finds to theirs is at least this."""


@dataclass(frozen=True, slots=True)
class Correction:
    """Tokens [start, end) as they should be."""

    start: int
    end: int
    text: str


class Corrections:
    """Corrects the words of one query."""

    def __init__(self, catalogue: Catalogue, dictionary: Dictionary, wording: Wording) -> None:
        self._catalogue = catalogue
        self._vocabulary = catalogue.vocabulary
        self._words = catalogue.words
        self._dictionary = dictionary
        self._wording = wording
        self._synonyms = catalogue.synonyms

    def of(self, tokens: Sequence[Token], kept: frozenset[int]) -> list[Correction]:
        """kept: places of tokens that are known to be right."""
        asked = {
            place: token.folded
            for place, token in enumerate(tokens)
            if token.sort == "word" and not self._words.analyser.is_function_word(token.folded)
        }
        known = [word for word in asked.values() if word in self._vocabulary]
        found: list[Correction] = []
        for place in range(len(tokens)):
            if place in kept or (found and place < found[-1].end):
                continue
            correction = self._joined(tokens, place, kept)
            if correction is None and place in asked:
                correction = self._corrected(tokens, place, known)
            if correction is not None:
                found.append(correction)
        return found

    def _is_amount_near(self, tokens: Sequence[Token], place: int) -> bool:
        """True for a number, or an amount in words, at this place or at one of the next two."""
        amounts = Amounts(tokens, self._wording, self._catalogue.products.currencies)
        return any(
            tokens[one].sort == "number" or amounts.at(one) is not None
            for one in range(place, min(place + 3, len(tokens)))
        )

    def _joined(
        self, tokens: Sequence[Token], place: int, kept: frozenset[int]
    ) -> Correction | None:
        """A word that was written as two, with a blank or a hyphen between them."""
        hyphen = is_hyphen(tokens, place + 1)
        after = place + (2 if hyphen else 1)
        if after >= len(tokens) or after in kept:
            return None
        first, second = tokens[place].folded, tokens[after].folded
        joined = first + second
        if not (first.isalpha() and second.isalpha()) or unspaced(joined):
            return None
        # "No table" is not "notable", nor "bra in black" a "brain".
        if not hyphen and (
            first in self._words.analyser.function_words
            or self._words.analyser.is_function_word(second)
            or self._wording.at("not", tokens, place)
        ):
            return None
        if self._synonyms.has([first, second]) or not self._has_compound(first, second):
            return None
        one, other, together = (
            rows_saying(self._words, text, synonyms=self._synonyms)
            for text in (first, second, joined)
        )
        if len(np.intersect1d(one, other)) * _TIMES > len(together):
            return None
        return Correction(place, after + 1, self._surface(joined))

    def _has_compound(self, first: str, second: str) -> bool:
        """True if the catalogue says the compound, also in another form of the second word.

        A form of the first word is none: "colourred", "starred".
        """
        joined = first + second
        if joined not in self._vocabulary:
            return joined in self._synonyms
        start, end, whole = self._words.analyser.stems([first, second, joined])
        return whole == first + end or (whole != start and self._words.frequency(joined) > 0)

    def _corrected(
        self, tokens: Sequence[Token], place: int, known: Sequence[str]
    ) -> Correction | None:
        word, after = tokens[place].folded, place + 1
        if word in self._vocabulary:
            return None
        hyphened = self._words.remembered("hyphened", word, self._hyphened)
        if hyphened is not None:
            return Correction(place, after, hyphened)
        if self._stays(tokens, place):
            return None
        if meant := self._wording.near(word, before_number=self._is_amount_near(tokens, after)):
            return Correction(place, after, meant)
        best = self._best(word, known)
        if best is not None:
            return Correction(place, after, self._surface(best.word))
        if (parts := self._parts(word)) is not None:
            return Correction(place, after, parts)
        around = self._around(word) if known else None
        return Correction(place, after, around) if around else None

    def _hyphened(self, word: str) -> str | None:
        """A word that no product says, as titles write it with a hyphen: `t-shirt`, `wi-fi`."""
        if len(word) < _FEWEST_LETTERS or not word.isalpha():
            return None
        for cut in range(1, len(word)):
            first, second = word[:cut], word[cut:]
            # The same short parts come in many words, so that it is known whether they are said.
            if not all(map(self._words.says, sorted((first, second), key=len))):
                continue
            both = np.intersect1d(self._words.rows(first, _TITLE), self._words.rows(second, _TITLE))
            hyphened = f"{first}-{second}"
            titles = self._catalogue.products.texts("title", both[:_READ]) if len(both) else ()
            if any(hyphened in re.split(r"[^\w-]+", fold(title)) for title in titles):
                return hyphened
        return None

    def _around(self, word: str) -> str | None:
        """The word around what is asked for that this one is a typo of: `do yuo slel`."""
        if len(word) < _FEWEST_LETTERS or self._dictionary.may_have(word):
            return None
        # Without a word list of the language a real word may be so near: "stor" in Swedish.
        if not self._dictionary.has_language:
            return None
        spellings = _around_spellings(self._words.analyser)
        near = [spellings.word(number) for _, number in spellings.near(word, 1)]
        return min(
            (one for one in near if len(word) > _FEWEST_LETTERS or not _replaces(word, one)),
            key=lambda one: (_replaces(word, one), one[0] != word[0], one),
            default=None,
        )

    def _best(self, word: str, known: Sequence[str]) -> Near | None:
        """The likeliest correction; None if there is none, or if a common word is likelier."""
        short, rare = len(word) < _FEWEST_LETTERS, self._dictionary.may_have(word)
        likely = [one for one in self._near(word) if _likely(word, one)]
        if not likely:
            return None
        beside = [rows_saying(self._words, one) for one in known]
        candidates = [(one, self._together(one.word, beside)) for one in likely]
        if short or rare:
            # Too short, or perhaps right: only a missing letter, beside other words of a product.
            candidates = [
                (one, together)
                for one, together in candidates
                if together >= 1
                and one.distance == 1
                and one.word[0] == word[0]
                and (rare or len(one.word) > len(word))
            ]
        if not candidates:
            return None
        best, _ = min(
            candidates,
            key=lambda one: (one[0].distance, _replaces(word, one[0].word), -one[1]),
        )
        same_letter = best.word[0] == word[0]
        if (best.distance > 1 or not same_letter) and self._dictionary.has_near(
            word, first_letter=best.distance == 1
        ):
            return None
        return best

    def _near(self, word: str) -> list[Near]:
        """Words of the catalogue, and of its synonyms, that are spelled almost like this one."""
        others = [one for one in self._synonyms.near(word) if not self._vocabulary.frequency(one)]
        return [
            *self._vocabulary.corrections(word, _MOST),
            *(Near(one, 1, 0) for one in others if one[0] == word[0]),
        ]

    def _stays(self, tokens: Sequence[Token], place: int) -> bool:
        word = tokens[place].folded
        if len(word) < _FEWEST_LETTERS - 1 or not word.isalpha() or unspaced(word):
            return True
        if word in self._synonyms or self._dictionary.has(word):
            return True
        if parts_of(self._words, word) is not None or initials_of(self._words, word):
            return True
        if word in self._wording.words or self._words.analyser.is_frame_word(word):
            return True
        # Part of a code: GSR12.
        return any(
            one.sort == "number"
            and (one.end == tokens[place].start or one.start == tokens[place].end)
            for one in tokens[max(place - 1, 0) : place + 2]
        )

    def _together(self, word: str, beside: Sequence[Numbers]) -> float:
        """The number of the other words that a product with this word contains too, and below 1
        the share of all products that have this word.

        beside: products with each of the other words.
        """
        rows = rows_saying(self._words, word, synonyms=self._synonyms)
        shared = sum(len(np.intersect1d(rows, one)) > 0 for one in beside)
        return shared + len(rows) / (1 + self._words.numbers)

    def _parts(self, word: str) -> str | None:
        """Two words that were written as one, if a product says both."""
        best: tuple[int, str] | None = None
        for cut in range(_FEWEST_OF_PART, len(word) - _FEWEST_OF_PART + 1):
            first, second = word[:cut], word[cut:]
            if not (self._words.frequency(first) and self._words.frequency(second)):
                continue
            together = len(
                np.intersect1d(rows_saying(self._words, first), rows_saying(self._words, second))
            )
            if together and (best is None or together > best[0]):
                best = (together, f"{self._surface(first)} {self._surface(second)}")
        return best[1] if best else None

    def _surface(self, word: str) -> str:
        """A folded word as a product writes it, with its accents, in lower case."""
        for first, postings in self._words.postings(word):
            if not len(postings.rows):
                continue
            (values,) = self._catalogue.products.values([int(postings.rows[0]) + first])
            texts = [str(value) for value in values.values() if isinstance(value, str)]
            texts += [str(value) for value in (values.get("attributes") or {}).values()]
            for text in texts:
                for part in text.replace("-", " ").split():
                    bare = part.strip(".,;:!?()[]\"'/")
                    if fold(bare) == word:
                        return bare.lower()
        return word


@cache
def _around_spellings(analyser: Analyser) -> Spellings:
    """Function words, and words around what is asked for."""
    words = analyser.function_words | own_frame_words(analyser.language)
    return Spellings(Lexicon.of(sorted(words))[0])


def _replaces(word: str, other: str) -> bool:
    """True if letters were mistaken, which is rarer than to lose, double or swap them."""
    return len(word) == len(other) and sorted(word) != sorted(other)


def _likely(word: str, near: Near) -> bool:
    """True if the two words are near enough for a slip of the finger."""
    if near.distance == 1:
        return True
    return len(word) >= _LONG or (near.word[0] == word[0] and len(word) >= _LONG - 1)
