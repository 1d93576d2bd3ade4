"""Compressed search: a scan of short codes finds candidates, and their exact rows decide."""

from __future__ import annotations

import faiss
import numpy as np
from numpy.typing import NDArray

from services.retriever.index.arrays import AnyRows, Passing, Rows, Vector
from services.retriever.index.base import (
    NO_HITS,
    Hits,
    best_hits,
    blank_images,
    consecutive,
    sampled,
)
from services.retriever.index.codes import SPLIT_FROM, Codes, CodesBuild, lent
from services.retriever.index.further import FurtherImages
from services.retriever.index.row_fields import RowFields, Where

HalfRows = NDArray[np.float16]

# Candidates that are scored exactly: the minimum, and the number of rows per candidate. By the
# benchmark `retriever` these keep 20 of the best 20 for every mix of weights.
_FEWEST_CANDIDATES = 400
_ROWS_A_CANDIDATE = 400
# So few rows are scored exactly, all of them, in the time that a scan takes.
_NARROW = 10_000
_SPARE = 1.5
# To pass over a row in place costs a twentieth of copying one out to score it.
_COPIED_SHARE = 0.05
_TIES = 64
_WORTH_SHARING = 500
"""Candidates for each of two threads; fewer take as long as to ask another thread."""
_SCORED_AT_ONCE = 4_096


class CompressedIndex:
    """2 bytes a float for exact scores and half a byte for every four to find candidates."""

    def __init__(self, rows: HalfRows, codes: Codes, further: FurtherImages | None = None) -> None:
        """rows: (n, 2·d) as in `ExactIndex`, with 2·d a multiple of 4; kept and not copied: a
        catalogue that is loaded needs its memory once.

        Scores are those of the rows as 16-bit floats: off by some 1e-4.
        """
        self._rows = rows
        self._exact = _over(self._rows)
        self._codes = codes
        self._further = FurtherImages.none(rows.shape[1]) if further is None else further

    def __len__(self) -> int:
        return len(self._rows)

    @property
    def width(self) -> int:
        """See `Index.width`."""
        return int(self._rows.shape[1])

    def rows(self, numbers: NDArray[np.intp]) -> Rows:
        """See `Index.rows`; of 16-bit precision."""
        return self._rows[numbers].astype(np.float32)

    def among(self, query: Vector, numbers: NDArray[np.intp], k: int) -> Hits:
        """See `Index.among`."""
        # Set for this thread, as in `search`.
        faiss.omp_set_num_threads(1)
        return best_hits(*self._scored(query, k, numbers), k, None) if len(numbers) else NO_HITS

    def without_image(self, numbers: NDArray[np.intp]) -> NDArray[np.bool_]:
        """See `Index.without_image`."""
        return blank_images(self._rows[numbers])

    @property
    def images(self) -> int:
        """See `Index.images`."""
        return len(self._further)

    def further(self, numbers: NDArray[np.intp]) -> FurtherImages:
        """See `Index.further`; of 16-bit precision."""
        return self._further.of_rows(numbers)

    def search(
        self,
        query: Vector,
        k: int,
        threshold: float | None = None,
        passing: Passing | None = None,
        where: Where | None = None,
    ) -> Hits:
        """See `Index.search`; a scan may, rarely, miss one of the `k` best."""
        # Set for this thread: searches run side by side, one core each.
        faiss.omp_set_num_threads(1)
        count = len(self) if passing is None else int(np.count_nonzero(passing))
        k = min(k, count)
        if k == 0:
            return NO_HITS
        candidates = None if count <= _NARROW else self._candidates(query, k, passing, count)
        if candidates is None:
            candidates = np.arange(len(self)) if passing is None else np.flatnonzero(passing)
        # A few more than asked for: chance must not decide which of equal rows comes last.
        return best_hits(*self._scored(query, k + _TIES, candidates), k, threshold)

    def _candidates(
        self, query: Vector, k: int, passing: Passing | None, count: int
    ) -> NDArray[np.intp] | None:
        """Rows that pass and look best; None where the scan brought too few of them."""
        least = min(max(_candidates_of(count), k + k // 2), count)
        depth = least if passing is None else int(least * len(self) / count * _SPARE)
        # As many times as much as there are images to a product, on average.
        depth = min(-(-depth * len(self._codes) // len(self)), len(self._codes))
        most = len(self._codes)
        if passing is not None:
            # A deeper scan costs less than to score all that passes, if that is much more. Where
            # it would have to be deeper still, what passes is found by the errors of its codes.
            most = max(depth, min(3 * depth, count // 4))
        while True:
            numbers = self._codes.best(query, depth)
            if passing is not None:
                numbers = numbers[passing[numbers]]
            if len(numbers) >= least or depth >= most:
                break
            depth = min(3 * depth, most)
        if passing is not None:
            # Where what passes is near to the query, more of it may be among the best.
            numbers = numbers[: max(least, _candidates_of(len(self)))]
        return numbers if len(numbers) >= least else None

    def _scored(
        self, query: Vector, most: int, candidates: NDArray[np.intp]
    ) -> tuple[NDArray[np.intp], Vector]:
        """`most` of these rows at least, the best, and their exact scores."""
        if len(self._further):
            return candidates, self._with_images(query, candidates)
        most = min(most, len(candidates))
        if len(candidates) <= len(self) * _COPIED_SHARE:
            return self._copied(query, most, candidates)
        bits = np.zeros(len(self), np.bool_)
        bits[candidates] = True
        selector = faiss.IDSelectorBitmap(np.packbits(bits, bitorder="little"))
        scores, numbers = (
            one[0]
            for one in self._exact.search(
                query[None], most, params=faiss.SearchParameters(sel=selector)
            )
        )
        return numbers, scores

    def _copied(
        self, query: Vector, most: int, candidates: NDArray[np.intp]
    ) -> tuple[NDArray[np.intp], Vector]:
        """`most` of these rows at least, the best, which are copied out."""
        helper, middle = self._codes.helper, len(candidates) // 2
        if helper is None or middle < _WORTH_SHARING:
            return _best_of(self._rows, query, most, candidates)
        (numbers, scores), (others, further) = helper.both(
            lambda: _best_of(self._rows, query, most, candidates[:middle]),
            lambda: _best_of(self._rows, query, most, candidates[middle:]),
        )
        return np.concatenate([numbers, others]), np.concatenate([scores, further])

    def _with_images(self, query: Vector, candidates: NDArray[np.intp]) -> Vector:
        """The scores of these rows, each with its nearest image."""
        scores = np.empty(len(candidates), np.float32)
        image = query[len(query) // 2 :]
        for part in consecutive(len(candidates), _SCORED_AT_ONCE):
            some = candidates[part]
            scores[part] = _products(_rows_of(self._rows, some), query)
            scores[part] += self._further.gains(image, some, _products)
        return scores


def _best_of(
    rows: AnyRows, query: Vector, most: int, candidates: NDArray[np.intp]
) -> tuple[NDArray[np.intp], Vector]:
    """`most` of these candidates, the best, and their exact scores."""
    faiss.omp_set_num_threads(1)
    # Named, since it has to outlive the index over it.
    copied = _rows_of(rows, candidates)
    found = _over(copied).search(query[None], min(most, len(candidates)))
    scores, places = (one[0] for one in found)
    return candidates[places], scores


def _rows_of(rows: AnyRows, numbers: NDArray[np.intp]) -> AnyRows:
    """A copy of some rows. All are there, so that NumPy need not check, for a fifth less time."""
    copied: AnyRows = rows.take(numbers, axis=0, mode="clip")
    return copied


def _products(rows: AnyRows, query: Vector) -> Vector:
    """(m,) inner products with rows (m, w) of 16 bits, which FAISS multiplies as they are."""
    products = np.empty(len(rows), np.float32)
    if len(rows):
        scores, places = (one[0] for one in _over(rows).search(query[None], len(rows)))
        products[places] = scores
    return products


class CompressedBuild:
    """See `IndexBuild`; the codes are made while the rows are filled in."""

    half = True

    def __init__(self, products: int, width: int, split_from: int = SPLIT_FROM) -> None:
        """split_from: codes that two threads scan."""
        self._rows: HalfRows = np.zeros((products, width), np.float16)
        self._codes = CodesBuild(self._rows, split_from)

    def put(
        self,
        part: slice,
        rows: AnyRows,
        fields: RowFields | None = None,
        further: FurtherImages | None = None,
    ) -> None:
        """See `IndexBuild.put`."""
        self._rows[part] = rows
        self._codes.filled(part)
        if further is not None and len(further):
            self._codes.add(further.halved().in_part(part, len(self._rows)))

    def sample(self) -> Rows:
        """See `IndexBuild.sample`."""
        return sampled(self._rows)

    def finish(self) -> CompressedIndex:
        """See `IndexBuild.finish`."""
        return CompressedIndex(self._rows, *self._codes.finish())

    def close(self) -> None:
        """See `IndexBuild.close`."""
        self._codes.close()


def _candidates_of(count: int) -> int:
    """Number of rows to score exactly, out of `count`."""
    return max(_FEWEST_CANDIDATES, count // _ROWS_A_CANDIDATE)


def _over(rows: AnyRows) -> faiss.IndexScalarQuantizer:
    """An exact index over rows (n, 2·d) where they lie; they must outlive it."""
    index = faiss.IndexScalarQuantizer(
        rows.shape[1], faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT
    )
    index.codes = lent(rows)
    index.ntotal = len(rows)
    return index
