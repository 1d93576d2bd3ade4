"""A set of rows, small in memory: as a list where they are few, else one bit for each row."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from services.retriever.words.postings import places_of

_BITS_A_ROW = 32
"""The set of a list."""


class RowSet:
    """Some of n rows. Immutable."""

    def __init__(self, rows: NDArray[np.int32], n: int) -> None:
        """rows: ascending, each once."""
        self._count = len(rows)
        self._n = n
        self._few: NDArray[np.int32] | None = None
        self._bits = np.empty(0, np.uint8)
        if len(rows) * _BITS_A_ROW <= n:
            self._few = rows
            return
        every = np.zeros(n, np.bool_)
        every[rows] = True
        self._bits = np.packbits(every, bitorder="little")

    def __len__(self) -> int:
        return self._count

    @property
    def rows(self) -> NDArray[np.int32]:
        """Ascending."""
        if self._few is not None:
            return self._few
        every = np.unpackbits(self._bits, count=self._n, bitorder="little")
        return np.flatnonzero(every).astype(np.int32)

    def has(self, rows: NDArray[np.integer]) -> NDArray[np.bool_]:
        """(m,) True for each of these rows that is one of them."""
        if self._few is not None:
            return places_of(self._few, rows) >= 0
        found: NDArray[np.bool_] = (self._bits[rows >> 3] >> (rows & 7)) & 1 == 1
        return found

    @property
    def nbytes(self) -> int:
        """Bytes of memory."""
        return self._bits.nbytes if self._few is None else self._few.nbytes
