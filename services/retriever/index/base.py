"""Protocol of every index over fused rows `[text ; image]`, and the query for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from services.contracts.base import ModalityWeights
from services.retriever.index.arrays import AnyRows, Passing, Rows, Scores, Vector
from services.retriever.index.further import FurtherImages
from services.retriever.index.row_fields import RowFields, Where

SCORE_DECIMALS = 6
"""Decimals of a score; scores that differ by less are a tie."""


@dataclass(frozen=True, slots=True)
class Hits:
    """The best rows, best first; equal scores in ascending order of row."""

    rows: NDArray[np.intp]
    scores: Scores


NO_HITS = Hits(np.empty(0, np.intp), np.empty(0, np.float64))


class Index(Protocol):
    """Finds the best rows for a fused query."""

    def __len__(self) -> int:
        """Number of rows."""
        ...

    @property
    def width(self) -> int:
        """2·d, the floats of a row."""
        ...

    def search(
        self,
        query: Vector,
        k: int,
        threshold: float | None = None,
        passing: Passing | None = None,
        where: Where | None = None,
    ) -> Hits:
        """The `k` best rows of those `passing`, leaving out those below `threshold`.

        query: (2·d,) float32 from `fuse`.  passing: (n,) bool.  where: conditions that all passing
        rows meet, for an index elsewhere.  Scores are inner products within -1..1, with the nearest
        of a row's images. Fewer than `k` come back only where fewer pass.
        """
        ...

    def among(self, query: Vector, numbers: NDArray[np.intp], k: int) -> Hits:
        """The `k` best of the m rows with these numbers, exactly; equal ones in any order.

        numbers: each once; a few thousand at most.
        """
        ...

    def without_image(self, numbers: NDArray[np.intp]) -> NDArray[np.bool_]:
        """(m,) True for each of the m rows with these numbers whose image half is zero."""
        ...

    def rows(self, numbers: NDArray[np.intp]) -> Rows:
        """(m, 2·d) float32: the fused vectors of the m rows with these numbers."""
        ...

    @property
    def images(self) -> int:
        """Number of further images of all rows."""
        ...

    def further(self, numbers: NDArray[np.intp]) -> FurtherImages:
        """The further images of the m rows with these numbers, numbered in the order given."""
        ...


class IndexBuild(Protocol):
    """An index in the making, of n rows that are put in part by part."""

    @property
    def half(self) -> bool:
        """True if it has 16-bit floats."""
        ...

    def put(
        self,
        part: slice,
        rows: AnyRows,
        fields: RowFields | None = None,
        further: FurtherImages | None = None,
    ) -> None:
        """These rows (m, 2·d) are final. Parts come in any order.

        An index that learns from its rows learns from the first: draw those from all over. An
        engine needs the `fields` of the same rows.  further: images of these rows, numbered from 0.
        """
        ...

    def sample(self) -> Rows:
        """(m, 2·d) every `sample_step(n)`-th row, once all are put in."""
        ...

    def finish(self) -> Index:
        """The index, once every row is. Blocks; raises StoreUnavailable where an engine does."""
        ...

    def close(self) -> None:
        """Let go of what builds it, finished or not."""
        ...


_SAMPLED = 50_000


def sample_step(count: int) -> int:
    """Rows of a sample of so many rows are as far apart as this: 50,000 are enough."""
    return max(1, -(-count // _SAMPLED))


def sampled(rows: AnyRows) -> Rows:
    """(m, 2·d) float32, the sample of n rows."""
    return rows[:: sample_step(len(rows))].astype(np.float32)


def blank_images(rows: AnyRows) -> NDArray[np.bool_]:
    """rows: (m, 2·d).  Returns (m,): True where the image half is zero."""
    images: NDArray[np.generic] = rows[:, rows.shape[1] // 2 :]
    if images.dtype == np.float16:
        # As integers without their sign they are compared in a third of the time.
        images = images.view(np.uint16) << np.uint16(1)
    blank: NDArray[np.bool_] = np.logical_not(images.any(axis=1))
    return blank


def consecutive(count: int, most: int) -> list[slice]:
    """All of so many rows in order, in parts of `most` at most."""
    return [slice(first, min(first + most, count)) for first in range(0, count, most)]


def scattered(count: int, most: int) -> list[slice]:
    """All of so many rows in parts of `most` at most, each part drawn evenly from all over."""
    parts = -(-count // most)
    return [slice(first, None, parts) for first in range(parts)]


def best_hits(
    numbers: NDArray[np.intp], scores: NDArray[np.floating], k: int, threshold: float | None
) -> Hits:
    """The `k` best of m rows by their scores (m,), rounded, ties in order of row."""
    rounded = rounded_scores(scores)
    best = np.lexsort((numbers, -rounded))[:k]
    if threshold is not None:
        best = best[rounded[best] >= threshold]
    return Hits(numbers[best], rounded[best])


def rounded_scores(scores: NDArray[np.floating]) -> Scores:
    """(m,) inner products as they are shown, and compared."""
    rounded: Scores = np.clip(np.round(scores.astype(np.float64), SCORE_DECIMALS), -1.0, 1.0)
    rounded += 0.0  # never -0.0
    return rounded


def fuse(query: Vector, weights: ModalityWeights) -> Vector:
    """Query for an index over ``[text ; image]`` rows: one inner product is exact late fusion.

    query: (d,) unit float32.  Returns (2·d,) float32, ``[w_text·query ; w_image·query]``, the
    weights brought to a sum of 1.  Raises ValueError when both weights are zero.
    """
    total = weights.text + weights.image
    if total <= 0:
        raise ValueError("at least one of the two weights must be above 0")
    return np.concatenate(
        [query * np.float32(weights.text / total), query * np.float32(weights.image / total)]
    )
