"""Entities of some rows in a collection: one for each row and for each of its further images.

An entity of a further image is the row with that image in place of the first one, so a scan finds
the row by the nearest of its images.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.retriever.index.arrays import Rows
from services.retriever.index.further import FurtherImages, runs
from services.retriever.index.milvus.rows import Keys, keys_of
from services.retriever.index.row_fields import RowFields


@dataclass(frozen=True, slots=True)
class FurtherKeys:
    """Keys of the m further images of n rows."""

    rows: NDArray[np.intp]
    """(m,) the row of each, ascending."""
    places: NDArray[np.uint8]
    """(m,) its place among the images of its row, 1 or more; ascending within a row."""
    keys: Keys
    """(m,)"""

    @classmethod
    def none(cls) -> FurtherKeys:
        return cls(np.empty(0, np.intp), np.empty(0, np.uint8), np.empty(0, np.int64))

    @classmethod
    def joined(cls, parts: Sequence[FurtherKeys]) -> FurtherKeys:
        """Those of all parts, whose rows have different numbers."""
        if not parts:
            return cls.none()
        rows = np.concatenate([one.rows for one in parts])
        order = np.argsort(rows, kind="stable")
        places = np.concatenate([one.places for one in parts])
        keys = np.concatenate([one.keys for one in parts])
        return cls(rows[order], places[order], keys[order])

    def __len__(self) -> int:
        return len(self.rows)

    def moved(self, numbers: NDArray[np.intp]) -> FurtherKeys:
        """Those of the rows that are left. numbers: (n,) new row numbers, -1 for rows that go."""
        moved = numbers[self.rows]
        left = np.flatnonzero(moved >= 0)
        kept = FurtherKeys(moved[left], self.places[left], self.keys[left])
        return FurtherKeys.joined([kept])

    def of_rows(self, numbers: NDArray[np.intp]) -> FurtherKeys:
        """Those of these rows (k,), numbered in the order given."""
        first = np.searchsorted(self.rows, numbers)
        counts = np.searchsorted(self.rows, numbers, "right") - first
        positions, images = runs(first, counts)
        return FurtherKeys(positions, self.places[images], self.keys[images])


@dataclass(frozen=True, slots=True)
class Entities:
    """The entities of n rows: first those of the rows, then those of their further images."""

    vectors: Rows
    fields: RowFields | None
    names: Sequence[str]
    """Names of the rows that the entities belong to."""
    keys: Keys
    further: FurtherKeys
    """The last ones."""

    @classmethod
    def of(
        cls,
        rows: Rows,
        fields: RowFields | None,
        names: Sequence[str],
        further: FurtherImages | None,
    ) -> Entities:
        """names: of the n rows."""
        if further is None or not len(further):
            keys = keys_of(rows, fields, names)
            return cls(rows, fields, names, keys, FurtherKeys.none())
        owners = further.rows
        vectors = np.concatenate([rows, rows[owners]])
        vectors[len(rows) :, rows.shape[1] // 2 :] += further.differences.astype(np.float32)
        every = np.concatenate([np.arange(len(rows)), owners])
        fields = None if fields is None else fields.of_rows(every)
        names = [names[row] for row in every.tolist()]
        keys = keys_of(vectors, fields, names)
        images = FurtherKeys(owners, further.places, keys[len(rows) :])
        return cls(vectors, fields, names, keys, images)
