"""Beginnings of words, found in spite of a typo: `strp` is almost the beginning of `striped`."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from services.retriever.words.lexicon import Lexicon
from services.retriever.words.spellings import FEWEST_LETTERS, Spellings
from services.retriever.words.texts import strings_of

_LONGEST = 10
"""Letters; behind so many, words are told apart by `Vocabulary.corrections`."""


class Beginnings:
    """The beginnings of some words, each with the products of its most frequent word."""

    def __init__(self, texts: Lexicon, counts: NDArray[np.int32]) -> None:
        self._texts = texts
        self._counts = counts
        self._spellings = Spellings(texts)

    @classmethod
    def of(cls, words: Iterable[tuple[str, int]]) -> Beginnings:
        """words: folded, and the products of each."""
        counts = [*words]
        texts = pa.array([word for word, _ in counts], pa.string())
        lengths = pc.utf8_length(texts)
        every = pa.table({"text": texts, "count": pa.array([n for _, n in counts], pa.int32())})
        parts = []
        for length in range(FEWEST_LETTERS, _LONGEST + 1):
            long = every.filter(pc.greater_equal(lengths, length))
            beginnings = pc.utf8_slice_codeunits(long.column("text"), 0, length)
            parts.append(
                long.set_column(0, "text", beginnings).filter(pc.utf8_is_alpha(beginnings))
            )
        most = pa.concat_tables(parts).group_by("text").aggregate([("count", "max")])
        most = most.filter(pc.greater(most.column("count_max"), 0)).sort_by("text").combine_chunks()
        return cls(Lexicon(strings_of(most.column("text"))), most.column("count_max").to_numpy())

    def near(self, typed: str, edits: int) -> list[tuple[int, int, str]]:
        """(edits, products, beginning) of all within so many edits."""
        return [
            (distance, int(self._counts[number]), self._texts[number])
            for distance, number in self._spellings.near(typed[:_LONGEST], edits)
        ]

    @property
    def nbytes(self) -> int:
        """Bytes of memory."""
        return self._texts.nbytes + self._spellings.nbytes + int(self._counts.nbytes)
