"""Rows of one snapshot in a collection, searched there."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from services.common.problems import DependencyUnavailable
from services.retriever.index.arrays import Passing, Rows, Vector
from services.retriever.index.base import NO_HITS, Hits, best_hits
from services.retriever.index.further import FurtherImages
from services.retriever.index.milvus.connection import ALL_WRITES, MOST_HITS, Stored, asking
from services.retriever.index.milvus.entities import FurtherKeys
from services.retriever.index.milvus.rows import Keys
from services.retriever.index.milvus.schema import KEY, listed
from services.retriever.index.row_fields import Where

_TIES = 64
"""So many more than asked for, so that which of equal rows comes last is no chance."""

_FEW = 600
"""So few rows are named by their keys, which Milvus reads at 7 µs each."""

_MORE = 1.2
"""Times as many as the share that passes calls for: it may be smaller near the query."""

_KEYS_AT_ONCE = 5_000
_LACKS = "The search engine lacks rows of the catalogue; ask again."


class MilvusIndex:
    """The rows that a snapshot has, by number, among all that are in the collection."""

    def __init__(
        self,
        stored: Stored,
        keys: Keys,
        blank: NDArray[np.bool_],
        further_keys: FurtherKeys,
        retired: Keys | None = None,
    ) -> None:
        """keys, blank: (n,) of the rows: without an image or with one.  retired: keys that an index
        before this one had.
        """
        self.stored = stored
        self.keys = keys
        self.blank = blank
        self.further_keys = further_keys
        self.retired = np.empty(0, np.int64) if retired is None else retired
        # 20 bytes an entity; sorted, so that a key is found without a dictionary.
        every = self.every_key
        order = np.argsort(every, kind="stable")
        owners = np.concatenate([np.arange(len(keys)), further_keys.rows])
        self._order = owners[order].astype(np.int32)
        self._sorted = every[order]
        counts = np.bincount(further_keys.rows, minlength=1)
        self._most_images = 1 + int(counts.max())

    def __len__(self) -> int:
        return len(self.keys)

    @property
    def every_key(self) -> Keys:
        """Keys of the rows, and those of their further images."""
        return np.concatenate([self.keys, self.further_keys.keys])

    @property
    def width(self) -> int:
        """See `Index.width`."""
        return self.stored.collection.width

    def rows(self, numbers: NDArray[np.intp]) -> Rows:
        """See `Index.rows`. Raises DependencyUnavailable."""
        return self._vectors(self.keys[numbers])

    def among(self, query: Vector, numbers: NDArray[np.intp], k: int) -> Hits:
        """See `Index.among`. Raises DependencyUnavailable."""
        wanted = np.zeros(len(self), np.bool_)
        wanted[numbers] = True
        return self.search(query, k, passing=wanted)

    def without_image(self, numbers: NDArray[np.intp]) -> NDArray[np.bool_]:
        """See `Index.without_image`."""
        blank: NDArray[np.bool_] = self.blank[numbers]
        return blank

    @property
    def images(self) -> int:
        """See `Index.images`."""
        return len(self.further_keys)

    def further(self, numbers: NDArray[np.intp]) -> FurtherImages:
        """See `Index.further`. Raises DependencyUnavailable."""
        wanted = self.further_keys.of_rows(numbers)
        if not len(wanted):
            return FurtherImages.none(self.width)
        owners, positions = np.unique(wanted.rows, return_inverse=True)
        images, first = self._vectors(wanted.keys), self.rows(numbers[owners])
        d = self.width // 2
        return FurtherImages(wanted.rows, wanted.places, images[:, d:] - first[positions, d:])

    def _vectors(self, keys: Keys) -> Rows:
        """(m, 2·d) by key. Raises DependencyUnavailable."""
        wanted = keys.tolist()
        with asking():
            found = self.stored.vectors(wanted)
        if not found.keys() >= set(wanted):
            raise DependencyUnavailable(_LACKS)
        return np.array([found[key] for key in wanted], np.float32).reshape(-1, self.width)

    def search(
        self,
        query: Vector,
        k: int,
        threshold: float | None = None,
        passing: Passing | None = None,
        where: Where | None = None,
    ) -> Hits:
        """See `Index.search`. Raises DependencyUnavailable."""
        count = len(self) if passing is None else int(np.count_nonzero(passing))
        k = min(k, count, MOST_HITS)
        if k == 0:
            return NO_HITS
        expression = self.stored.collection.expression(where)
        limit = math.ceil((k + _TIES) * len(self._sorted) / len(self))
        if passing is not None and not expression:
            limit = math.ceil(limit * _MORE * len(self) / count)
        with asking():
            found = None
            if count > _FEW and limit <= MOST_HITS:
                found = self._scanned(query, k, limit, passing, expression)
            if found is None:
                found = self._named(query, k + _TIES, passing)
        return best_hits(*found, k, threshold)

    def _scanned(
        self, query: Vector, k: int, limit: int, passing: Passing | None, expression: str
    ) -> tuple[NDArray[np.intp], NDArray[np.float64]] | None:
        """At least `k` passing rows, the best; None where Milvus gives too few."""
        while True:
            limit = min(limit, MOST_HITS)
            keys, scores = self.stored.best(query, limit, expression)
            numbers, known = self.numbers_of(keys)
            if passing is not None:
                known[known] = passing[numbers[known]]
            numbers, best = _nearest(numbers[known], scores[known])
            if len(numbers) >= k:
                return numbers, best
            if limit == MOST_HITS or len(keys) < limit:
                return None
            limit *= 4

    def _named(
        self, query: Vector, limit: int, passing: Passing | None
    ) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
        """The best of the passing rows, which are asked for by their keys.

        Raises DependencyUnavailable where some of them are missing.
        """
        keys = self.every_key
        if passing is not None:
            further = self.further_keys
            keys = np.concatenate([self.keys[passing], further.keys[passing[further.rows]]])
        limit *= self._most_images
        numbers, scores = [], []
        for start in range(0, len(keys), _KEYS_AT_ONCE):
            some = keys[start : start + _KEYS_AT_ONCE]
            named = f"{KEY} in {listed(some.tolist())}"
            wanted = min(limit, len(some), MOST_HITS)
            found, scored = self.stored.best(query, wanted, named)
            if len(found) < wanted:
                # Milvus may have started again, or another replica may have put them there.
                found, scored = self.stored.best(query, wanted, named, ALL_WRITES)
            if len(found) < wanted:
                raise DependencyUnavailable(_LACKS)
            rows, known = self.numbers_of(found)
            numbers.append(rows[known])
            scores.append(scored[known])
        return _nearest(np.concatenate(numbers), np.concatenate(scores))

    def numbers_of(self, keys: Keys) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
        """(m,) row numbers of these keys, and which of the keys this snapshot has."""
        places = np.searchsorted(self._sorted, keys)
        places[places == len(self._sorted)] = 0
        known: NDArray[np.bool_] = self._sorted[places] == keys
        return self._order[places].astype(np.intp), known


def _nearest(
    numbers: NDArray[np.intp], scores: NDArray[np.float64]
) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Each row once, with the score of the nearest of its images."""
    order = np.lexsort((-scores, numbers))
    numbers, scores = numbers[order], scores[order]
    first = np.concatenate([[True], numbers[1:] != numbers[:-1]])[: len(numbers)]
    return numbers[first], scores[first]
