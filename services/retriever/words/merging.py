"""Texts with the rows of each, merged: without a sort of what is sorted, and without the texts'
analysis. The time is that of copies, and of a search for each new text.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.retriever.words.lexicon import Lexicon

Places = NDArray[np.int32]
"""(n,) the place of each in what is merged; -1 for what is left out. Ascending but for these."""


@dataclass(frozen=True, slots=True)
class RowsByText:
    """Texts, each with rows: of a word the products, of a stem the words."""

    texts: Lexicon
    starts: NDArray[np.int64]
    """(n + 1,) where the rows of each text begin."""
    rows: NDArray[np.int32]
    """Ascending for each text."""

    @property
    def nbytes(self) -> int:
        """Bytes of memory."""
        return self.texts.nbytes + int(self.starts.nbytes + self.rows.nbytes)


@dataclass(frozen=True, slots=True)
class Merged:
    """Rows by text of two, and where they were."""

    every: RowsByText
    origins: NDArray[np.intp]
    """Positions of the rows of `every` among those of the first, followed by the second."""
    texts: tuple[Places, Places]
    """Places of the texts of each; -1 for those without a row left."""


def merged(first: RowsByText, second: RowsByText, places: tuple[Places, Places]) -> Merged:
    """places: of the rows of each."""
    lexicons, left, keys, kept, rows = [], [], [], [], []
    for one, place in zip((first, second), places, strict=True):
        to = place[one.rows]
        there = to >= 0
        before = np.concatenate([[0], np.cumsum(there)])
        counts = before[one.starts[1:]] - before[one.starts[:-1]]
        left.append(counts > 0)
        kept.append(there)
        rows.append((counts[left[-1]], to[there]))
        lexicons.append(one.texts.where(left[-1]))
    texts, *of_left = lexicons[0].merged(lexicons[1])
    starts = np.zeros(len(texts) + 1, np.int64)
    of_texts = []
    for some, to, (counts, of_rows) in zip(left, of_left, rows, strict=True):
        of_text = np.full(len(some), -1, np.int32)
        of_text[some] = to
        of_texts.append(of_text)
        keys.append(np.repeat(to.astype(np.int64) << 32, counts) | of_rows)
        starts[to + 1] += counts
    np.cumsum(starts, out=starts)
    together = np.concatenate(keys)
    # Hundreds of megabytes for a large catalogue.
    keys.clear()
    rows.clear()
    # Two ascending runs: a stable sort merges them.
    order = np.argsort(together, kind="stable")
    # The lower half of a key is the row.
    every = RowsByText(texts, starts, together[order].astype(np.int32))
    return Merged(every, np.flatnonzero(np.concatenate(kept))[order], (of_texts[0], of_texts[1]))
