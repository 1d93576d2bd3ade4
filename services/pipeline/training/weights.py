"""Learning how much a product's words count beside its look, for one kind of query.

One number, so a grid finds it. Among the weights that are as good as the best by one standard error
the one nearest to what is in force is taken: what a handful of queries happen to prefer is noise.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from services.pipeline.judging.metrics import NDCG, Grade, Interval, Values, interval, score
from services.pipeline.training.folds import folds
from services.pipeline.training.similarities import Similarities

GRID: tuple[float, ...] = tuple(step / 20 for step in range(21))

Table = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class LearnedWeight:
    """The weight of words for one kind of query, and what it is worth on queries held out."""

    text_weight: float
    """What to use: the learned one where it is better beyond doubt, else what was in force."""
    learned: float
    """What all queries together ask for."""
    by_fold: tuple[float, ...]
    """What was learned without each fold; far apart, they say that there is little to learn."""
    queries: int
    ndcg_before: Interval
    ndcg_held_out: Interval
    change: Interval
    """Query by query, held out."""
    ndcg_by_weight: tuple[float, ...]
    """Mean NDCG at each weight of `GRID`."""


def learn_weight(
    similarities: Similarities,
    judgements: Mapping[str, Mapping[str, Grade]],
    in_force: float,
) -> LearnedWeight:
    """judgements: of each query, at least one of them E. in_force: text weight used now, 0..1.

    Raises ValueError when all queries are after the same products.
    """
    table = _ndcg_table(similarities, judgements)
    before = _ndcg(similarities, judgements, in_force)
    held_out = np.zeros(len(before))
    by_fold = []
    for train, test in folds(similarities.queries, judgements):
        choice = _choose(table[:, train], in_force)
        by_fold.append(GRID[choice])
        held_out[test] = table[choice, test]
    change = interval(held_out - before)
    learned = GRID[_choose(table, in_force)]
    return LearnedWeight(
        text_weight=learned if change.low > 0 else in_force,
        learned=learned,
        by_fold=tuple(by_fold),
        queries=len(before),
        ndcg_before=interval(before),
        ndcg_held_out=interval(held_out),
        change=change,
        ndcg_by_weight=tuple(float(mean) for mean in table.mean(axis=1)),
    )


def _ndcg_table(similarities: Similarities, judgements: Mapping[str, Mapping[str, Grade]]) -> Table:
    """(weights, queries) NDCG."""
    return np.stack([_ndcg(similarities, judgements, weight) for weight in GRID])


def _ndcg(
    similarities: Similarities, judgements: Mapping[str, Mapping[str, Grade]], weight: float
) -> Values:
    """(queries,) in the order of the similarities."""
    ours = {query: judgements[query] for query in similarities.queries}
    scores = score(ours, similarities.best_first(weight))
    place = {query: number for number, query in enumerate(scores.queries)}
    return scores.values[NDCG][[place[query] for query in similarities.queries]]


def _choose(table: Table, in_force: float) -> int:
    """Place in `GRID`, from a (weights, queries) table."""
    best = int(table.mean(axis=1).argmax())
    behind = table[best] - table
    error = behind.std(axis=1, ddof=1) / np.sqrt(table.shape[1])
    as_good = np.flatnonzero(behind.mean(axis=1) <= error)
    return int(min(as_good, key=lambda place: abs(GRID[place] - in_force)))
