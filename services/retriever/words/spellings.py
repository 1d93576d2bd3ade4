"""Words that are spelled almost like another: edit distance with transpositions, in microseconds.

A word is compared only if its length and its set of bytes allow so few edits: each changes
the set by the bytes of two letters at most. Of 60,000 words a few hundred are left, and compared.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import OSA

from services.retriever.words.lexicon import Lexicon

FEWEST_LETTERS = 3
_LONG = 6
"""Fewest letters of a word in which two edits are allowed; shorter words allow one."""
_REMEMBERED = 4_096
"""Words whose neighbours stay in memory: a query's typos come again, and so do its words that no
product has."""


def edits_allowed(word: str) -> int:
    """Edits in which a typo may differ from the word that is meant."""
    return 2 if len(word) >= _LONG else 1


class Spellings:
    """The words of a lexicon that consist of letters."""

    def __init__(self, words: Lexicon) -> None:
        self._words = words
        letters, sets, plain = words.letters()
        spelled = np.flatnonzero(plain & (letters >= FEWEST_LETTERS))
        order = np.argsort(letters[spelled], kind="stable")
        self._numbers: NDArray[np.int32] = spelled[order].astype(np.int32)
        self._sets: NDArray[np.uint32] = sets[self._numbers]
        self._starts = np.searchsorted(letters[self._numbers], np.arange(256))
        self._near = lru_cache(_REMEMBERED)(self._found_near)

    def __reduce__(self) -> tuple[type[Spellings], tuple[Lexicon]]:
        return Spellings, (self._words,)

    def word(self, number: int) -> str:
        """The word of a number of `near`."""
        return self._words[number]

    @property
    def nbytes(self) -> int:
        return int(self._numbers.nbytes + self._sets.nbytes)

    def near(self, word: str, distance: int) -> Sequence[tuple[int, int]]:
        """(distance, number) of the words within so many edits of a folded word, itself left out.

        An edit: a letter more, less or another, or two neighbours swapped.
        """
        return self._near(word, distance)

    def _found_near(self, word: str, distance: int) -> tuple[tuple[int, int], ...]:
        own = np.uint32(0)
        for byte in word.encode():
            own |= np.uint32(1 << (byte & 31))  # as `Lexicon.letters` does it
        n = len(word)
        # A longer word than any of the lexicon is near to none.
        first, behind = (min(max(one, 0), 255) for one in (n - distance, n + distance + 1))
        part = slice(int(self._starts[first]), int(self._starts[behind]))
        changed = np.bitwise_count(self._sets[part] ^ own)
        letter = max((len(one.encode()) for one in word), default=1)
        found = []
        for number in self._numbers[part][changed <= 2 * letter * distance].tolist():
            edits = OSA.distance(word, self._words[number], score_cutoff=distance)
            if 0 < edits <= distance:
                found.append((int(edits), number))
        return tuple(found)
