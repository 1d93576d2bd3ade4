"""The fusion weight of text, learned for one kind of query.

It is one number, so a grid finds it. Of the weights within one standard error of the best, the one
nearest to the present weight is taken: the preference of a few queries is noise.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from services.contracts.base import ModalityWeights
from services.contracts.ranking import Ranking
from services.pipeline.judging.metrics import NDCG, Interval, Judgements, Values, interval, score
from services.pipeline.training.embedded import QueryKind
from services.pipeline.training.folds import folds
from services.pipeline.training.similarities import Similarities

GRID: tuple[float, ...] = tuple(step / 20 for step in range(21))

KINDS: tuple[QueryKind, ...] = ("words", "picture")

Table = npt.NDArray[np.float64]


def weights_of(ranking: Ranking, kind: QueryKind) -> ModalityWeights:
    """The weights of a query of that kind."""
    return ranking.words if kind == "words" else ranking.picture


def text_share(weights: ModalityWeights) -> float:
    """The weight of text when both weights add up to 1."""
    return weights.text / (weights.text + weights.image)


@dataclass(frozen=True, slots=True)
class LearnedWeight:
    """The weight of text for one kind of query, and its NDCG on held-out queries."""

    text_weight: float
    """The weight to use: the learned one if its gain is significant, else the present one."""
    learned: float
    """The weight learned from all queries."""
    by_fold: tuple[float, ...]
    """The weight learned without each fold; a wide range means that there is little to learn."""
    queries: int
    ndcg_before: Interval
    ndcg_held_out: Interval
    change: Interval
    """By query, held out."""
    ndcg_by_weight: tuple[float, ...]
    """Mean NDCG at each weight of `GRID`."""


def learn_weight(
    similarities: Similarities,
    judgements: Judgements,
    in_force: float,
) -> LearnedWeight:
    """judgements: by query, at least one of them E. in_force: the present text weight, 0..1.

    Raises ValueError when all queries seek the same products.
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


def _ndcg_table(similarities: Similarities, judgements: Judgements) -> Table:
    """(weights, queries) NDCG."""
    return np.stack([_ndcg(similarities, judgements, weight) for weight in GRID])


def _ndcg(similarities: Similarities, judgements: Judgements, weight: float) -> Values:
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
