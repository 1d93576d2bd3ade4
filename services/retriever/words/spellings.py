"""Words that are spelled almost like another: edit distance with transpositions, in microseconds.

A word is compared only if its length and its set of letters allow so few edits: each changes
the set by two letters at most. Of 60,000 words a few hundred are left, and compared.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import OSA

from services.retriever.words.lexicon import Lexicon

FEWEST_LETTERS = 3


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

    def word(self, number: int) -> str:
        """The word of a number of `near`."""
        return self._words[number]

    @property
    def nbytes(self) -> int:
        return int(self._numbers.nbytes + self._sets.nbytes)

    def near(self, word: str, distance: int) -> list[tuple[int, int]]:
        """(distance, number) of the words within so many edits of a folded word, itself left out.

        An edit: a letter more, less or another, or two neighbours swapped.
        """
        own = Lexicon.of([word])[0].letters()[1][0]
        n = len(word)
        part = slice(
            int(self._starts[max(n - distance, 0)]), int(self._starts[min(n + distance + 1, 255)])
        )
        changed = np.bitwise_count(self._sets[part] ^ own)
        found = []
        for number in self._numbers[part][changed <= 2 * distance].tolist():
            edits = OSA.distance(word, self._words[number], score_cutoff=distance)
            if 0 < edits <= distance:
                found.append((int(edits), number))
        return found
