"""The gate of rankings: results as served on judged queries, compared with the ranking before."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

import numpy as np

from services.contracts.ranking import Ranking
from services.pipeline.judging.metrics import (
    NDCG,
    Interval,
    Judgements,
    Scores,
    change,
    interval,
    score,
)
from services.pipeline.training.embedded import EmbeddedProducts, EmbeddedQueries
from services.pipeline.training.served import serve
from services.pipeline.training.weights import KINDS


@dataclass(frozen=True, slots=True)
class JudgedRanking:
    """Figures by query, so that two rankings are compared query by query."""

    ranking: str
    ndcg: Mapping[str, float]
    """NDCG of queries that have an answer, as served: 0 for "no good match"."""
    false_matches: Mapping[str, bool] = field(default_factory=dict)
    """True for each query without an answer that got a match."""

    @property
    def mean(self) -> Interval:
        return interval(np.array(list(self.ndcg.values())))

    def to_json(self) -> str:
        return json.dumps(
            {
                "ranking": self.ranking,
                "mean": str(self.mean),
                "ndcg": dict(self.ndcg),
                "false_matches": dict(self.false_matches),
            },
            indent=2,
        )

    @classmethod
    def from_json(cls, text: str) -> JudgedRanking:
        read = json.loads(text)
        return cls(read["ranking"], read["ndcg"], read.get("false_matches", {}))

    def scores(self) -> Scores:
        return Scores(tuple(self.ndcg), {NDCG: np.array(list(self.ndcg.values()))})


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two rankings on the same queries."""

    before: JudgedRanking
    after: JudgedRanking
    change: Interval
    """Change of NDCG."""
    false_match_change: Interval | None
    """None if the rankings share no query without an answer."""

    def metrics(self) -> dict[str, object]:
        """Figures by name, nested, as JSON takes them."""
        return {
            "queries": len(self.after.ndcg),
            "ndcg": asdict(self.after.mean),
            "ndcg_built_in": asdict(self.before.mean),
            "change": asdict(self.change),
            "false_matches": _share(self.after.false_matches),
            "false_matches_built_in": _share(self.before.false_matches),
        }

    def __str__(self) -> str:
        return (
            f"NDCG as served, over {len(self.after.ndcg)} queries: {self.before.ranking} "
            f"{self.before.mean}, {self.after.ranking} {self.after.mean}, change {self.change}; "
            f"false matches {_share(self.before.false_matches):.1%} and "
            f"{_share(self.after.false_matches):.1%} of {len(self.after.false_matches)} queries "
            "without an answer"
        )


def compare(before: JudgedRanking, after: JudgedRanking) -> Comparison:
    """Query by query. Raises ValueError when they share none."""
    shared = before.false_matches.keys() & after.false_matches.keys()
    more = [float(after.false_matches[one]) - before.false_matches[one] for one in sorted(shared)]
    return Comparison(
        before,
        after,
        change(before.scores(), after.scores()),
        interval(np.array(more)) if more else None,
    )


def _share(flags: Mapping[str, bool]) -> float:
    return sum(flags.values()) / len(flags) if flags else 0.0


def judge(
    products: EmbeddedProducts,
    queries: EmbeddedQueries,
    judgements: Judgements,
    ranking: Ranking,
) -> JudgedRanking:
    """NDCG of the results as served. Raises ValueError when no query has an answer.

    A query without judgements has no answer; the only right result is "no good match".
    """
    ndcg: dict[str, float] = {}
    false_matches: dict[str, bool] = {}
    for kind in KINDS:
        asked = queries.of_kind(kind)
        served = serve(asked, products, kind, ranking)
        ours = {query: judgements[query] for query in asked.ids if query in judgements}
        if ours:
            scores = score(ours, served.rankings)
            ndcg.update(zip(scores.queries, scores.values[NDCG].tolist(), strict=True))
        false_matches |= {query: served.matched[query] for query in asked.ids if query not in ours}
    if not ndcg:
        raise ValueError("no judged query has an answer")
    return JudgedRanking(ranking.name, ndcg, false_matches)


def gate(judged: JudgedRanking, before: JudgedRanking | None) -> list[str]:
    """Reasons not to publish; none if it may be published."""
    if before is None:
        return []
    comparison = compare(before, judged)
    reasons = []
    if comparison.change.high < 0:
        reasons.append(f"NDCG falls by {comparison.change} against {before.ranking}")
    more = comparison.false_match_change
    if more is not None and more.low > 0:
        reasons.append(f"false matches rise by {more} against {before.ranking}")
    return reasons
