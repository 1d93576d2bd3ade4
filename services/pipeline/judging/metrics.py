"""The metrics of ranked search, a value a query, by `ir-measures`; what chance reaches; intervals.

Judgements are ESCI's: a product is exactly what was asked for (E), could stand in for it (S), goes
with it (C), or has nothing to do with it (I, also what is not judged). NDCG is as there: gains of
1, 0.1, 0.01 and 0, a discount of log2, no cut-off, the ideal over what is judged. The other metrics
count E alone. Source: Reddy et al., Shopping Queries Dataset (2022), arXiv:2206.06588.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

import numpy as np
import numpy.typing as npt

Grade = Literal["E", "S", "C", "I"]
Judgements = Mapping[str, Mapping[str, Grade]]
"""Grades by query, then by product."""
Rankings = Mapping[str, Sequence[str]]
"""Products by query, best first."""
Values = npt.NDArray[np.float64]
Gains = Mapping[Grade, float]

ESCI_GAINS: Gains = MappingProxyType({"E": 1.0, "S": 0.1, "C": 0.01, "I": 0.0})
SWAPPED_GAINS: Gains = MappingProxyType({"E": 1.0, "S": 0.01, "C": 0.1, "I": 0.0})
"""Gains of the public ESCI scorer, which swaps S and C; for comparison with its figures."""

NDCG, RECALL, MRR, TOP5 = "ndcg", "recall@20", "mrr", "top5"
METRICS = (NDCG, RECALL, MRR, TOP5)
"""recall@20: of a first page; top5: whether a product that fits exactly is among the first five."""

_FIRST_PAGE = 20
_LEVELS: Mapping[Grade, int] = MappingProxyType({"E": 3, "S": 2, "C": 1, "I": 0})
_RESAMPLES = 2_000
LEVEL = 0.95
"""Confidence of an interval."""
_FEWEST = 5
"""Queries of a class; the interval of fewer says nothing."""
_SCALE = 100
"""The library takes whole gains; NDCG is a ratio, so that all of them may be a hundredfold."""


@dataclass(frozen=True, slots=True)
class Scores:
    """Values of each metric, (queries,) in the order of `queries`."""

    queries: tuple[str, ...]
    values: Mapping[str, Values]

    def of(self, queries: set[str]) -> Scores:
        """Only of these queries."""
        kept = np.array([query in queries for query in self.queries], np.bool_)
        return Scores(
            tuple(query for query in self.queries if query in queries),
            {name: values[kept] for name, values in self.values.items()},
        )


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean with the ends of its bootstrap interval over queries, of 95 % unless said."""

    mean: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.mean:.3f} ({self.low:.3f}–{self.high:.3f})"

    def signed(self) -> str:
        """As a change."""
        return f"{self.mean:+.3f} ({self.low:+.3f} to {self.high:+.3f})"


def score(judgements: Judgements, rankings: Rankings, gains: Gains = ESCI_GAINS) -> Scores:
    """Every metric of every query that has a judgement; a query without a ranking scores 0.

    Raises ValueError when no query has any.
    """
    # Its import takes a second, and only evaluations need it.
    import ir_measures

    if not judgements:
        raise ValueError("there are no judged queries")
    exact = _LEVELS["E"]
    measures = {
        ir_measures.nDCG(
            gains={level: round(gains[grade] * _SCALE) for grade, level in _LEVELS.items()}
        ): NDCG,
        ir_measures.R(rel=exact) @ _FIRST_PAGE: RECALL,
        ir_measures.RR(rel=exact): MRR,
        ir_measures.Success(rel=exact) @ 5: TOP5,
    }
    qrels = {
        query: {product: _LEVELS[grade] for product, grade in grades.items()}
        for query, grades in judgements.items()
    }
    # Falling numbers in place of scores: equal ones would get an order of the library's own.
    runs = {
        query: {product: float(-place) for place, product in enumerate(rankings.get(query, ()))}
        for query in qrels
    }
    queries = tuple(sorted(qrels))
    place = {query: number for number, query in enumerate(queries)}
    values = {name: np.zeros(len(queries)) for name in measures.values()}
    for one in ir_measures.iter_calc(list(measures), qrels, runs):
        values[measures[one.measure]][place[one.query_id]] = one.value
    return Scores(queries, values)


def random_ndcg(
    judgements: Judgements, products: int | None = None, gains: Gains = ESCI_GAINS
) -> float:
    """Mean NDCG that a random order of so many products is expected to give.

    products: None, each query's judged ones alone are ranked.
    """
    expected = []
    for grades in judgements.values():
        discounts = 1 / np.log2(np.arange(2, (products or len(grades)) + 2))
        worth = np.sort([gains[grade] for grade in grades.values()])[::-1]
        ideal = float(worth[: len(discounts)] @ discounts[: len(worth)])
        found = float(worth.sum() * discounts.mean())
        expected.append(found / ideal if ideal else 0.0)
    return float(np.mean(expected))


def interval(values: Values, seed: int = 0, level: float = LEVEL) -> Interval:
    """Mean of (n,) values, with its percentile bootstrap interval. Raises ValueError at 0."""
    if not len(values):
        raise ValueError("an interval needs at least one value")
    draws = np.random.default_rng(seed).integers(0, len(values), (_RESAMPLES, len(values)))
    outside = 100 * (1 - level) / 2
    low, high = np.percentile(values[draws].mean(axis=1), (outside, 100 - outside))
    return Interval(float(values.mean()), float(low), float(high))


def change(before: Scores, after: Scores, level: float = LEVEL) -> Interval:
    """By how much the mean NDCG moved, query by query, over the queries that both have.

    Raises ValueError when they share none.
    """
    shared = set(before.queries) & set(after.queries)
    moved = after.of(shared).values[NDCG] - before.of(shared).values[NDCG]
    return interval(moved, level=level)


def changes_by_class(
    before: Scores, after: Scores, classes: Mapping[str, str]
) -> dict[str, Interval]:
    """The same for each class of at least five queries. classes: of each query.

    The intervals are wider, so that chance moves any of them out of reach of 0 as rarely as it
    moves one (Bonferroni).
    """
    shared = set(before.queries) & set(after.queries)
    members: dict[str, set[str]] = {}
    for query in shared:
        members.setdefault(classes.get(query, ""), set()).add(query)
    judged = {name: some for name, some in members.items() if name and len(some) >= _FEWEST}
    level = 1 - (1 - LEVEL) / max(1, len(judged))
    return {
        name: change(before.of(some), after.of(some), level)
        for name, some in sorted(judged.items())
    }
