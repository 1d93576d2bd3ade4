"""Further images of products: a product counts with the nearest of its images.

Each is held as its difference from the product's first image. With a row ``[text ; image]`` and the
differences ``δ`` of its further images, the best late fusion over all images of the product is
``q·row + max(0, max_j q_image·δ_j)``. This is exact for all weights, and a product with one image
has nothing here.  Measurements: docs/decisions/0054-several-pictures.md
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from services.retriever.index.arrays import AnyRows, Rows, Vector

Numbers = NDArray[np.intp]
Places = NDArray[np.uint8]
FloatType = TypeVar("FloatType", np.float32, np.float64)

FIRST = 0
"""Place of a product's first image, which is in its row."""


@dataclass(frozen=True)
class FurtherImages:
    """The m further images of n rows."""

    rows: Numbers
    """(m,) the row of each, ascending."""
    places: Places
    """(m,) its place among the images of its product, 1 or more; ascending within a row."""
    differences: AnyRows
    """(m, d) from the first image of its row."""

    @classmethod
    def none(cls, width: int) -> FurtherImages:
        """width: 2·d."""
        empty = np.empty((0, width // 2), np.float32)
        return cls(np.empty(0, np.intp), np.empty(0, np.uint8), empty)

    @classmethod
    def of(cls, fused: AnyRows, rows: Numbers, places: Places, images: Rows) -> FurtherImages:
        """fused: (n, 2·d) rows.  images: (m, d) float32, of these of the rows (m,), ascending."""
        d = fused.shape[1] // 2
        return cls(rows, places, images - fused[rows, d:])

    @classmethod
    def joined(cls, parts: list[FurtherImages], width: int) -> tuple[FurtherImages, Numbers]:
        """All of these parts, sorted by row, and (m,) where each was among them.

        Empties the list: a part is let go as soon as it is copied.
        """
        if not parts:
            return cls.none(width), np.empty(0, np.intp)
        rows = np.concatenate([one.rows for one in parts])
        order = np.argsort(rows, kind="stable")
        places = np.concatenate([one.places for one in parts])[order]
        kind = np.result_type(*(one.differences.dtype for one in parts))
        differences = np.empty((len(rows), width // 2), kind)
        to = np.empty_like(order)
        to[order] = np.arange(len(order))
        start = 0
        while parts:
            part = parts.pop(0)
            differences[to[start : start + len(part)]] = part.differences
            start += len(part)
        return cls(rows[order], places, differences), order

    def __len__(self) -> int:
        return len(self.rows)

    @cached_property
    def _owners(self) -> tuple[Numbers, Numbers]:
        """(u,) the rows that have further images, and (u + 1,) where those of each begin."""
        owners, starts = np.unique(self.rows, return_index=True)
        return owners, np.append(starts, len(self.rows))

    def moved(self, numbers: Numbers) -> FurtherImages:
        """The same for other row numbers. numbers: (n,) ascending, the new one of each row."""
        return FurtherImages(numbers[self.rows], self.places, self.differences)

    def in_part(self, part: slice, count: int) -> FurtherImages:
        """The same where these rows are that part of so many."""
        return self.moved(np.arange(count)[part])

    def halved(self) -> FurtherImages:
        """The same with differences of 16 bits."""
        return replace(self, differences=self.differences.astype(np.float16, copy=False))

    def of_rows(self, numbers: Numbers) -> FurtherImages:
        """Those of these rows (k,), numbered in the order given."""
        positions, images = self._found(numbers)
        return FurtherImages(positions, self.places[images], self.differences[images])

    def gains(
        self,
        image: NDArray[FloatType],
        numbers: Numbers,
        multiply: Callable[[AnyRows, NDArray[FloatType]], NDArray[FloatType]] | None = None,
    ) -> NDArray[FloatType]:
        """(k,) what the scores of these rows gain by their further images, 0 or more.

        image: (d,) image half of a fused query; gains have its precision.  multiply: gives the
        inner products of rows with a vector.
        """
        gains = np.zeros(len(numbers), image.dtype)
        if len(self) and image.any():
            positions, images = self._found(numbers)
            differences = self.differences[images]
            if multiply is None:
                of_images: NDArray[FloatType] = differences.astype(image.dtype) @ image
            else:
                of_images = multiply(differences, image)
            np.maximum.at(gains, positions, of_images)
        return gains

    def add_gains(self, scores: Vector, image: Vector) -> None:
        """Add the gains to the scores of all rows (n,)."""
        if len(self) and image.any():
            owners, starts = self._owners
            best = np.maximum.reduceat(self.differences @ image, starts[:-1])
            scores[owners] += np.maximum(best, 0)

    def nearest(self, image: Vector, numbers: Numbers) -> tuple[Places, Rows]:
        """(k,) places of the nearest images of these rows, and (k, d) their differences."""
        places = np.full(len(numbers), FIRST, np.uint8)
        differences = np.zeros((len(numbers), self.differences.shape[1]), np.float32)
        positions, images = self._found(numbers)
        of_images = self.differences[images].astype(np.float32) @ image
        gained = np.zeros(len(numbers), np.float32)
        for position, number, gain in zip(
            positions.tolist(), images.tolist(), of_images.tolist(), strict=True
        ):
            if gain > gained[position]:
                gained[position] = gain
                places[position] = self.places[number]
                differences[position] = self.differences[number]
        return places, differences

    def _found(self, numbers: Numbers) -> tuple[Numbers, Numbers]:
        """The images of these rows (k,): the position of each among the rows, and its number."""
        owners, starts = self._owners
        if not len(owners) or not len(numbers):
            return np.empty(0, np.intp), np.empty(0, np.intp)
        at = np.minimum(np.searchsorted(owners, numbers), len(owners) - 1)
        having = np.flatnonzero(owners[at] == numbers)
        first, counts = starts[at[having]], starts[at[having] + 1] - starts[at[having]]
        positions, images = runs(first, counts)
        return having[positions], images


def runs(first: Numbers, counts: Numbers) -> tuple[Numbers, Numbers]:
    """All numbers of these runs: for each the place of its run, and the number itself.

    first, counts: where each run begins, and how long it is.
    """
    of = np.repeat(np.arange(len(counts)), counts)
    # 0, 1, 2 … within each run.
    within = np.arange(len(of)) - np.repeat(np.cumsum(counts) - counts, counts)
    return of, np.repeat(first, counts) + within
