"""The best products by brute force, and how many of them an index finds."""

from __future__ import annotations

import statistics

import numpy as np
from numpy.typing import NDArray

from services.retriever.index import Index, Vector
from tests.benchmarks.retriever.data import Mix

K = 20


class Truth:
    """The best products of each query, from scores that come part by part."""

    def __init__(self, queries: int, count: int = K) -> None:
        self.numbers: NDArray[np.intp] = np.zeros((queries, 0), np.intp)
        """(queries, count) numbers of products, in no order."""
        self.scores: NDArray[np.float32] = np.zeros((queries, 0), np.float32)
        """Their scores."""
        self._count = count

    def first(self, query: int, count: int) -> NDArray[np.intp]:
        """(count,) numbers of the best products of one query, best first."""
        order = np.argsort(-self.scores[query], kind="stable")[:count]
        best: NDArray[np.intp] = self.numbers[query][order]
        return best

    def add(self, start: int, scores: NDArray[np.float32]) -> None:
        """scores: (queries, n), of the products from number `start` on."""
        own = np.tile(np.arange(start, start + scores.shape[1]), (len(scores), 1))
        numbers = np.hstack([self.numbers, own])
        scores = np.hstack([self.scores, scores])
        best = np.argpartition(-scores, self._count - 1, axis=1)[:, : self._count]
        self.numbers = np.take_along_axis(numbers, best, axis=1)
        self.scores = np.take_along_axis(scores, best, axis=1)


def recall(
    index: Index, queries: dict[Mix, list[Vector]], truth: NDArray[np.intp]
) -> dict[Mix, float]:
    """Share of the best `K` that are found, by mix of weights."""
    best = iter(truth)
    return {
        mix: statistics.mean(
            len(np.intersect1d(index.search(query, K).rows, next(best))) / K for query in asked
        )
        for mix, asked in queries.items()
    }
