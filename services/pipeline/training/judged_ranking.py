"""How well a ranking does on judged queries, and whether that is good enough to be published."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from services.contracts.ranking import Ranking
from services.pipeline.judging.metrics import NDCG, Grade, Interval, Scores, change, interval, score
from services.pipeline.training.embedded import EmbeddedProducts, EmbeddedQueries
from services.pipeline.training.similarities import Similarities
from services.pipeline.training.train import KINDS, text_share, weights_of


@dataclass(frozen=True, slots=True)
class JudgedRanking:
    """NDCG by query, so that two rankings are compared query by query."""

    ranking: str
    ndcg: Mapping[str, float]

    @property
    def mean(self) -> Interval:
        return interval(np.array(list(self.ndcg.values())))

    def to_json(self) -> str:
        return json.dumps(
            {"ranking": self.ranking, "mean": str(self.mean), "ndcg": dict(self.ndcg)}, indent=2
        )

    @classmethod
    def from_json(cls, text: str) -> JudgedRanking:
        told = json.loads(text)
        return cls(told["ranking"], told["ndcg"])

    def scores(self) -> Scores:
        return Scores(tuple(self.ndcg), {NDCG: np.array(list(self.ndcg.values()))})


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two rankings on the same queries."""

    before: JudgedRanking
    after: JudgedRanking
    change: Interval

    def metrics(self) -> dict[str, object]:
        """Figures by name, nested, as JSON takes them."""
        return {
            "queries": len(self.after.ndcg),
            "ndcg": _spread(self.after.mean),
            "ndcg_built_in": _spread(self.before.mean),
            "change": _spread(self.change),
        }

    def __str__(self) -> str:
        return (
            f"NDCG over {len(self.after.ndcg)} queries: {self.before.ranking} {self.before.mean}, "
            f"{self.after.ranking} {self.after.mean}, change {self.change}"
        )


def compare(before: JudgedRanking, after: JudgedRanking) -> Comparison:
    """Query by query. Raises ValueError when they share none."""
    return Comparison(before, after, change(before.scores(), after.scores()))


def _spread(one: Interval) -> dict[str, float]:
    return {"mean": one.mean, "low": one.low, "high": one.high}


def judge(
    products: EmbeddedProducts,
    queries: EmbeddedQueries,
    judgements: Mapping[str, Mapping[str, Grade]],
    ranking: Ranking,
) -> JudgedRanking:
    """Of the queries that have an answer. Raises ValueError when there is none."""
    ndcg: dict[str, float] = {}
    for kind in KINDS:
        similarities = Similarities.between(queries.of_kind(kind), products)
        ours = {query: judgements[query] for query in similarities.queries if query in judgements}
        if ours:
            found = similarities.best_first(text_share(weights_of(ranking, kind)))
            scores = score(ours, found)
            ndcg.update(zip(scores.queries, scores.values[NDCG].tolist(), strict=True))
    if not ndcg:
        raise ValueError("not one of the judged queries has an answer")
    return JudgedRanking(ranking.name, ndcg)


def gate(judged: JudgedRanking, before: JudgedRanking | None) -> list[str]:
    """Why it must not be published; nothing where it may."""
    if before is None:
        return []
    moved = compare(before, judged).change
    return [f"NDCG falls by {moved} against {before.ranking}"] if moved.high < 0 else []
