"""Bonus of a request's words: what they add to the similarity of a product."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from services.retriever.catalogue.catalogue import Catalogue
from services.retriever.catalogue.fields import Numbers
from services.retriever.index import Passing
from services.retriever.searching.largest import Largest, Part, largest
from services.retriever.searching.sought import SoughtWords


class Bonus:
    """The texts of one request over one catalogue."""

    def __init__(
        self, catalogue: Catalogue, texts: Sequence[tuple[SoughtWords, float]], *, alone: bool
    ) -> None:
        """texts: with their weights, at least one.  alone: whether there are no other terms."""
        self._catalogue = catalogue
        self._texts = texts
        self.only = texts[0][0] if alone and len(texts) == 1 else None
        """The text, if there is nothing else."""

    def of(self, rows: Numbers | NDArray[np.int32]) -> NDArray[np.float32]:
        """(m,) of these rows."""
        parts = [one.bonus(rows) * np.float32(weight) for one, weight in self._texts]
        bonus: NDArray[np.float32] = np.sum(parts, axis=0, dtype=np.float32)
        return bonus

    def more_than(self, count: int) -> bool:
        """True if more products than so many have one, those that are gone included.

        count: fewer than a text remembers of its first.
        """
        firsts = [one.first for one, _ in self._texts]
        if any(one.rest > 0 for one in firsts):
            return True
        if len(firsts) == 1:
            return len(firsts[0].rows) > count
        return len(np.unique(np.concatenate([one.rows for one in firsts]))) > count

    def left(
        self, rows: NDArray[np.int32], found: Numbers, passing: Passing | None
    ) -> NDArray[np.int32]:
        """Those of these rows that pass and are not among those found."""
        left: NDArray[np.int32] = rows[self._left(rows, found, passing)]
        return left

    def certain(self, found: Numbers, passing: Passing | None) -> NDArray[np.int32]:
        """The same of the products that say the whole query."""
        rows = np.empty(0, np.int32) if self.only is None else self.only.certain.rows
        return self.left(rows, found, passing)

    def saying(self) -> NDArray[np.int32]:
        """The rows that have one, ascending, those that are gone included."""
        saying = np.zeros(self._catalogue.index.numbers, np.bool_)
        for part in self._parts():
            saying[part.said.rows] = True
        return np.flatnonzero(saying).astype(np.int32)

    def largest(
        self, most: int, found: Numbers, passing: Passing | None, *, certain: bool = False
    ) -> Largest:
        """The `most` products with the largest bonus that can be found and pass.

        In no order.  More, where several are equally the last.  found: rows to leave out.
        certain: only those that say the whole query.
        """
        if self.only is not None:
            first, equal = self.only.first, self.only.equal
            kept = first.kept(self._left(first.rows, found, passing, certain=certain))
            if len(kept.rows) < most <= len(kept.rows) + len(equal):
                left = self._left(equal.rows, found, passing, certain=certain)
                kept = kept.joined(equal.rows[left])
            if not first.rest or len(kept.rows) >= most:
                return kept
        if certain:
            rows = self.certain(found, passing)
            return Largest(rows, self.of(rows), rest=0.0)
        wanted = self._catalogue.index.alive
        if passing is not None:
            wanted &= passing
        wanted[found] = False
        return largest([one.within(wanted) for one in self._parts()], most, self.of)

    def _left(
        self,
        rows: NDArray[np.int32],
        found: Numbers,
        passing: Passing | None,
        *,
        certain: bool = False,
    ) -> NDArray[np.bool_]:
        """(m,) True for each of these rows that passes and is not among those found."""
        index = self._catalogue.index
        left = index.alive_of(rows)
        if passing is not None:
            left &= passing[rows]
        known = np.zeros(index.numbers, np.bool_)
        known[found] = True
        left &= ~known[rows]
        if certain and self.only is not None:
            left &= self.only.certain.has(rows)
        return left

    def _parts(self) -> list[Part]:
        return [
            Part(part.said, part.weight * weight)
            for one, weight in self._texts
            for part in one.parts(self._catalogue)
        ]
