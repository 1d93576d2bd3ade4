"""Exact search: every row, or every row that passes, is scored."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from services.retriever.index.arrays import Passing, Rows, Vector
from services.retriever.index.base import NO_HITS, Hits, best_hits, blank_images, rounded_scores
from services.retriever.index.further import FurtherImages
from services.retriever.index.row_fields import Where

# A score in float32 is off by some 1e-7, and rounding moves it by half of the last decimal shown.
# Rows that come this near to the last place are scored again, in float64.
_MARGIN = 4e-6
# So many of them at most. Only rows that tie can be more (pictures are asked for, and thousands of
# products have none); then the first ones in order of id are the right ones.
_MOST_RESCORED = 4096
# Copying the rows that pass costs as much as scoring a few times as many where they lie.
_NARROW = 0.1
# Rows that are scored exactly at once: as float64 they stay in the processor's cache.
_BLOCK = 64


class ExactIndex:
    """Brute force: every row is scored. NumPy leaves the interpreter lock alone meanwhile."""

    def __init__(self, rows: Rows, further: FurtherImages | None = None) -> None:
        """rows: (n, 2·d) float32, both halves of unit length, or zero where there is no vector."""
        self._rows = rows
        self._further = FurtherImages.none(rows.shape[1]) if further is None else further

    def __len__(self) -> int:
        return len(self._rows)

    @property
    def width(self) -> int:
        """See `Index.width`."""
        return int(self._rows.shape[1])

    def rows(self, numbers: NDArray[np.intp]) -> Rows:
        """See `Index.rows`."""
        return self._rows[numbers]

    def among(self, query: Vector, numbers: NDArray[np.intp], k: int) -> Hits:
        """See `Index.among`."""
        exact = _exact(self._rows, self._further, query, numbers)
        return best_hits(numbers, exact, k, None)

    def without_image(self, numbers: NDArray[np.intp]) -> NDArray[np.bool_]:
        """See `Index.without_image`."""
        return blank_images(self.rows(numbers))

    @property
    def images(self) -> int:
        """See `Index.images`."""
        return len(self._further)

    def further(self, numbers: NDArray[np.intp]) -> FurtherImages:
        """See `Index.further`."""
        return self._further.of_rows(numbers)

    def search(
        self,
        query: Vector,
        k: int,
        threshold: float | None = None,
        passing: Passing | None = None,
        where: Where | None = None,
    ) -> Hits:
        """See `Index.search`."""
        if passing is None:
            return self._search(self._rows, self._further, query, k, threshold)
        numbers = np.flatnonzero(passing)
        if len(numbers) <= len(self._rows) * _NARROW:
            further = self._further.of_rows(numbers)
            hits = self._search(self._rows[numbers], further, query, k, threshold)
            return Hits(numbers[hits.rows], hits.scores)
        return self._search(self._rows, self._further, query, k, threshold, passing)

    @staticmethod
    def _search(
        rows: Rows,
        further: FurtherImages,
        query: Vector,
        k: int,
        threshold: float | None,
        passing: Passing | None = None,
    ) -> Hits:
        d = len(query) // 2
        rough: Vector = rows @ query
        further.add_gains(rough, query[d:])
        if passing is not None:
            rough[~passing] = -np.inf
            k = min(k, int(np.count_nonzero(passing)))
            if k == 0:
                return NO_HITS
        candidates = _candidates(rough, k, threshold)
        # BLAS adds up in an order that depends on a row's place, so that equal rows may score
        # unequally in the last bit. Scored again and rounded, they tie as they should.
        scores = rounded_scores(_exact(rows, further, query, candidates))
        best = np.argsort(-scores, kind="stable")[:k]
        if threshold is not None:
            best = best[scores[best] >= threshold]
        return Hits(candidates[best], scores[best])


def _exact(
    rows: Rows, further: FurtherImages, query: Vector, numbers: NDArray[np.intp]
) -> NDArray[np.float64]:
    """(m,) the scores of the rows with these numbers, in float64."""
    doubled = query.astype(np.float64)
    exact = np.empty(len(numbers))
    for first in range(0, len(numbers), _BLOCK):
        part = slice(first, first + _BLOCK)
        exact[part] = rows[numbers[part]].astype(np.float64) @ doubled
    exact += further.gains(doubled[len(query) // 2 :], numbers)
    return exact


def _candidates(rough: Vector, k: int, threshold: float | None) -> NDArray[np.intp]:
    """Rows in ascending order that may be among the `k` best once scored exactly."""
    least = -np.inf
    if k < len(rough):
        least = float(np.partition(rough, len(rough) - k)[len(rough) - k])
    if threshold is not None:
        least = max(least, threshold)
    candidates = np.flatnonzero(rough >= max(least - _MARGIN, float(np.finfo(np.float32).min)))
    if len(candidates) <= max(k, _MOST_RESCORED):
        return candidates
    certain = rough[candidates] > least + _MARGIN
    ties = candidates[~certain][:_MOST_RESCORED]
    return np.sort(np.concatenate([candidates[certain], ties]))
