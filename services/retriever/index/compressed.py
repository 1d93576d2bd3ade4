"""Compressed search: a scan of short codes finds candidates, and their exact rows decide.

Product quantisation with 4 bits a code, looked up in registers (André et al., Quicker ADC, 2019;
FAISS's "fast scan"), over rows from which the catalogue's mean is taken: that adds the same number
to every score of a query, so no order changes, and takes the gap between pictures and words out of
the codes. No lists and no graph: the whole catalogue is scanned, so no query is a bad one.
"""

from __future__ import annotations

import faiss
import numpy as np
from numpy.typing import NDArray

from services.retriever.index.base import (
    NO_HITS,
    SCORE_DECIMALS,
    AnyRows,
    Hits,
    Passing,
    Rows,
    Vector,
)

_FLOATS_PER_CODE = 4
_TRAINED_ON = 20_000
_PART = 16_384

# How many candidates are scored exactly: what keeps 20 of the best 20, by `make bench-retriever`.
_CANDIDATES = 400
_CANDIDATES_OF_MANY = 700
_MANY = 400_000
# So few rows are scored exactly, all of them, in the time that a scan takes.
_NARROW = 10_000
_SPARE = 1.5
# To pass over a row in place costs a thousandth of copying one out to score it.
_COPIED_SHARE = 0.001
# So many more than asked for are ranked, so that which of equal rows comes last is no chance.
_TIES = 64


class CompressedIndex:
    """2 bytes a float for exact scores and half a byte for every four to find candidates."""

    def __init__(self, rows: AnyRows) -> None:
        """rows: (n, 2·d) as in `ExactIndex`, with 2·d a multiple of 4. They are copied.

        Scores are those of the rows as 16-bit floats: off by some 1e-4.
        """
        n, width = rows.shape
        self._exact = faiss.IndexScalarQuantizer(
            width, faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT
        )
        self._codes = faiss.IndexPQFastScan(
            width, width // _FLOATS_PER_CODE, 4, faiss.METRIC_INNER_PRODUCT
        )
        step = max(1, n // _TRAINED_ON)
        sample = rows[::step].astype(np.float32)
        mean = sample.mean(axis=0, dtype=np.float64).astype(np.float32)
        sample -= mean
        self._order = _dealt(sample.var(axis=0), width // _FLOATS_PER_CODE)
        self._codes.train(sample[:, self._order])
        for start in range(0, n, _PART):
            part = rows[start : start + _PART].astype(np.float32, copy=False)
            self._exact.add(part)
            self._codes.add((part - mean)[:, self._order])
        self._refined = _refined(self._codes, self._order, self._exact)

    def __len__(self) -> int:
        return int(self._exact.ntotal)

    def rows(self, numbers: NDArray[np.intp]) -> Rows:
        """See `Index.rows`; of 16-bit precision."""
        rows: Rows = self._exact.reconstruct_batch(numbers.astype(np.int64))
        return rows

    def search(
        self,
        query: Vector,
        k: int,
        threshold: float | None = None,
        passing: Passing | None = None,
    ) -> Hits:
        """See `Index.search`; what a scan finds may, rarely, lack one of the `k` best."""
        # Of this thread: searches run side by side, one core each.
        faiss.omp_set_num_threads(1)
        count = len(self) if passing is None else int(np.count_nonzero(passing))
        k = min(k, count)
        if k == 0:
            return NO_HITS
        numbers, scores = self._best(query, k, passing, count)
        doubles: NDArray[np.float64] = scores.astype(np.float64)
        rounded = np.clip(np.round(doubles, SCORE_DECIMALS), -1.0, 1.0) + 0.0
        best = np.lexsort((numbers, -rounded))[:k]
        if threshold is not None:
            best = best[rounded[best] >= threshold]
        return Hits(numbers[best], rounded[best])

    def _best(
        self, query: Vector, k: int, passing: Passing | None, count: int
    ) -> tuple[NDArray[np.intp], Vector]:
        """At least the `k` best rows with their exact scores, in no order that counts."""
        if passing is None:
            if count > _NARROW:
                return self._scanned(query, k)
            return self._scored(query, k, np.arange(count))
        found = self._candidates(query, k, passing, count) if count > _NARROW else None
        return self._scored(query, k, np.flatnonzero(passing) if found is None else found)

    def _wanted(self, k: int, count: int) -> int:
        """How many of `count` rows are scored exactly for the `k` best."""
        wanted = _CANDIDATES if len(self) < _MANY else _CANDIDATES_OF_MANY
        return min(max(wanted, k + k // 2), count)

    def _scanned(self, query: Vector, k: int) -> tuple[NDArray[np.intp], Vector]:
        """As `_best`, of what a scan of the codes finds."""
        ranked = min(k + _TIES, len(self))
        wanted = max(self._wanted(k, len(self)), ranked)
        scores, numbers = self._refined.search(
            query[None],
            ranked,
            params=faiss.IndexRefineSearchParameters(k_factor=wanted / ranked),
        )
        return numbers[0], scores[0]

    def _candidates(
        self, query: Vector, k: int, passing: Passing, count: int
    ) -> NDArray[np.intp] | None:
        """Rows that pass and look best; None where the scan brought too few of them."""
        wanted = self._wanted(k, count)
        depth = int(wanted * len(self) / count * _SPARE)
        _, found = self._codes.search(query[None, self._order], min(depth, len(self)))
        numbers: NDArray[np.intp] = found[0][found[0] >= 0]
        numbers = numbers[passing[numbers]][:wanted]
        return numbers if len(numbers) >= wanted else None

    def _scored(
        self, query: Vector, k: int, candidates: NDArray[np.intp]
    ) -> tuple[NDArray[np.intp], Vector]:
        """As `_best`, of these rows."""
        if len(candidates) <= len(self) * _COPIED_SHARE:
            # Row by row, so that equal rows score the same wherever they lie.
            return candidates, np.einsum("ij,j->i", self.rows(candidates), query)
        bits = np.zeros(len(self), np.bool_)
        bits[candidates] = True
        selector = faiss.IDSelectorBitmap(np.packbits(bits, bitorder="little"))
        found = self._exact.search(
            query[None], k + _TIES, params=faiss.SearchParameters(sel=selector)
        )
        there = found[1][0] >= 0
        return found[1][0][there], found[0][0][there]


def _refined(
    codes: faiss.IndexPQFastScan, order: NDArray[np.intp], exact: faiss.IndexScalarQuantizer
) -> faiss.IndexRefine:
    """Scans the codes and scores what it finds by the exact rows, in one call."""
    reordered = faiss.RemapDimensionsTransform(len(order), len(order), False)
    faiss.copy_array_to_vector(order.astype(np.int32), reordered.map)
    return faiss.IndexRefine(faiss.IndexPreTransform(reordered, codes), exact)


def _dealt(variances: Vector, codes: int) -> NDArray[np.intp]:
    """Dimensions in such an order that every code has some that vary much and some that do not.

    Trained models have a few that vary far more than others; two of them in one code, which has 16
    values for all its four, would blur both.
    """
    ranked = np.argsort(-variances, kind="stable")
    return ranked.reshape(-1, codes).T.reshape(-1)
