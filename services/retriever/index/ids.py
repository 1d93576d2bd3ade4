"""Ids of products as one text: 6 bytes each beside their characters, where a list takes 66."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from typing import overload

import numpy as np
from numpy.typing import NDArray

_STEP = 32
"""Every so many ids are held as a text of their own, to find others between them."""


class Ids(Sequence[str]):
    """Some texts, ascending. Immutable."""

    def __init__(self, starts: NDArray[np.integer], utf8: memoryview) -> None:
        """starts: (n + 1,) where each begins in all the characters, and the end of the last."""
        self._starts = starts
        self._utf8 = utf8
        self._some = [self[number] for number in range(0, len(self), _STEP)]

    @classmethod
    def of(cls, texts: Iterable[str]) -> Ids:
        """They are copied."""
        every = [text.encode() for text in texts]
        starts = np.concatenate([[0], np.cumsum([len(one) for one in every], dtype=np.int64)])
        return cls(starts, memoryview(b"".join(every)))

    def __len__(self) -> int:
        return len(self._starts) - 1

    @overload
    def __getitem__(self, number: int) -> str: ...
    @overload
    def __getitem__(self, number: slice) -> list[str]: ...
    def __getitem__(self, number: int | slice) -> str | list[str]:
        if isinstance(number, slice):
            return [self[one] for one in range(*number.indices(len(self)))]
        if number < 0:
            number += len(self)
        if not 0 <= number < len(self):
            raise IndexError(number)
        return str(self._utf8[self._starts[number] : self._starts[number + 1]], "utf-8")

    def place(self, text: str) -> int:
        """As `bisect_left` finds it: the number of the text, or of the next one."""
        start = max(0, bisect_right(self._some, text) - 1) * _STEP
        return bisect_left(self, text, start, min(start + _STEP, len(self)))
