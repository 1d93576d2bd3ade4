"""Sorted texts, found by bisection. A Python string takes five times the memory."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

_REMEMBERED = 4_096
"""Texts whose numbers stay in memory: one query asks for each of its words several times."""
_LONGEST_REMEMBERED = 64
"""Characters."""
_FEW = 64
"""So many times fewer texts are sought one by one in others, and not sorted with them."""


class Lexicon:
    """n different texts, ascending by their UTF-8 bytes, which is by code point."""

    def __init__(self, texts: pa.StringArray) -> None:
        self._texts = texts
        _, starts, characters = texts.buffers()
        n = len(texts)
        self._starts: NDArray[np.int32] = (
            np.frombuffer(starts, np.int32)[texts.offset : texts.offset + n + 1]
            if n
            else np.zeros(1, np.int32)
        )
        self._utf8 = memoryview(characters or b"")
        self._found: dict[str, int | None] = {}

    @classmethod
    def of(cls, texts: Sequence[str]) -> tuple[Lexicon, NDArray[np.int64]]:
        """texts: all different.  Also returns (n,) where each of them was among those given."""
        array = pa.array(texts, pa.string())
        order = pc.sort_indices(array)
        return cls(array.take(order)), order.to_numpy().astype(np.int64)

    def __reduce__(self) -> tuple[type[Lexicon], tuple[pa.StringArray]]:
        return Lexicon, (self._texts,)

    def __len__(self) -> int:
        return len(self._texts)

    def __getitem__(self, number: int) -> str:
        return str(self._bytes(number), "utf-8")

    def find(self, text: str) -> int | None:
        """The number of a text, if it is one of them."""
        known = self._found
        if text in known:
            return known[text]
        sought = text.encode()
        number = bisect_left(range(len(self)), sought, key=self._bytes)
        found = number if number < len(self) and self._bytes(number) == sought else None
        if len(text) <= _LONGEST_REMEMBERED:
            if len(known) >= _REMEMBERED:
                # A new dictionary: other threads may be reading this one.
                known = self._found = {}
            known[text] = found
        return found

    def beginning(self, text: str) -> range:
        """The numbers of those that begin so."""
        sought = text.encode()
        # 0xff is in no UTF-8 text, so this is behind all that begin so.
        return self._between(sought, sought + b"\xff")

    def with_letters(self, text: str) -> range:
        """The numbers of those that begin so and go on with a letter from a to z."""
        sought = text.encode()
        return self._between(sought + b"a", sought + b"{")

    def ending(self, text: str) -> list[int]:
        """The numbers of those that end so. Looks at each."""
        found = pc.indices_nonzero(pc.ends_with(self._texts, text))
        numbers: list[int] = found.to_pylist()
        return numbers

    def texts(self) -> list[str]:
        """All of them."""
        return list(self._texts.to_pylist())

    def letters(self) -> tuple[NDArray[np.int32], NDArray[np.uint32], NDArray[np.bool_]]:
        """(n,) each: how many characters, the set of them in 32 bits, whether none is a digit."""
        if not len(self):
            return np.empty(0, np.int32), np.empty(0, np.uint32), np.empty(0, np.bool_)
        first = self._starts[0]
        utf8 = np.frombuffer(self._utf8, np.uint8)[first : self._starts[-1]]
        starts = self._starts[:-1] - first
        counts = np.add.reduceat((utf8 & 0xC0) != 0x80, starts, dtype=np.int32)
        sets = np.bitwise_or.reduceat(np.uint32(1) << (utf8 & 31).astype(np.uint32), starts)
        digits = np.logical_or.reduceat((utf8 >= ord("0")) & (utf8 <= ord("9")), starts)
        return counts, sets, ~digits

    def where(self, kept: NDArray[np.bool_]) -> Lexicon:
        """Those of them."""
        return self if kept.all() else Lexicon(self._texts.filter(pa.array(kept)))

    def merged(self, other: Lexicon) -> tuple[Lexicon, NDArray[np.int32], NDArray[np.int32]]:
        """The texts of both, and the place there of each of these and of each of the others."""
        n = len(self)
        if len(other) * _FEW < n:
            return self._with_few(other)
        both = pa.concat_arrays([self._texts, other._texts])
        order = pc.sort_indices(both).to_numpy()
        texts = both.take(pa.array(order))
        new = np.ones(len(both), np.bool_)
        if len(both):
            new[1:] = pc.not_equal(texts[1:], texts[:-1]).to_numpy(zero_copy_only=False)
        places = np.empty(len(both), np.int32)
        places[order] = np.cumsum(new) - 1
        return Lexicon(texts.filter(pa.array(new))), places[:n], places[n:]

    def _with_few(self, other: Lexicon) -> tuple[Lexicon, NDArray[np.int32], NDArray[np.int32]]:
        """As `merged`: each of the others is sought."""
        n, others = len(self), [other._bytes(number) for number in range(len(other))]
        found = [bisect_left(range(n), one, key=self._bytes) for one in others]
        pairs = zip(found, others, strict=True)
        known = np.array([at < n and self._bytes(at) == one for at, one in pairs], np.bool_)
        at, new = np.array(found, np.intp), np.flatnonzero(~known)
        order = np.insert(np.arange(n), at[new], n + new)
        places = np.empty(n + len(other), np.int32)
        places[order] = np.arange(len(order), dtype=np.int32)
        places[n + np.flatnonzero(known)] = places[at[known]]
        both = pa.concat_arrays([self._texts, other._texts])
        merged = Lexicon(both.take(pa.array(order))) if len(new) else self
        return merged, places[:n], places[n:]

    @property
    def nbytes(self) -> int:
        return int(self._texts.nbytes)

    def _between(self, low: bytes, high: bytes) -> range:
        """The numbers of those from `low` on and before `high`: mostly few."""
        numbers = range(len(self))
        first = end = bisect_left(numbers, low, key=self._bytes)
        step = 1
        while end < len(self) and self._bytes(end) < high:
            end += step
            step *= 2
        last = bisect_left(numbers, high, end - step // 2, min(end, len(self)), key=self._bytes)
        return range(first, last)

    def _bytes(self, number: int) -> bytes:
        return bytes(self._utf8[self._starts[number] : self._starts[number + 1]])
