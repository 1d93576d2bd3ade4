"""Figures by group of queries, so that no group quietly gets worse results."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from statistics import median

from services.pipeline.evaluation.searching import Facts
from services.pipeline.judging.golden import Golden, GoldenQuery
from services.pipeline.judging.metrics import NDCG, Interval, Scores, interval

_FEWEST = 5
"""Queries; the interval of fewer says nothing."""
_PRICES = ((20.0, "up to 20"), (50.0, "up to 50"), (float("inf"), "above 50"))
_LENGTHS = ((3, "1 to 3 words"), (6, "4 to 6 words"), (10**9, "7 words and more"))


@dataclass(frozen=True, slots=True)
class Slice:
    """One group of queries."""

    by: str
    name: str
    queries: int
    ndcg: Interval
    apart: bool
    """True if its whole interval lies below the mean over all queries."""


def slices(golden: Golden, scores: Scores, facts: Mapping[str, Facts]) -> list[Slice]:
    """By form, length, category and price band. scores: of the golden queries in words."""
    queries = {query.query_id: query for query in golden.queries}
    groups: dict[tuple[str, str], set[str]] = {}
    for query_id in scores.queries:
        for group in _groups(queries[query_id], golden, facts):
            groups.setdefault(group, set()).add(query_id)
    mean = float(scores.values[NDCG].mean())
    cut = []
    for (by, name), members in groups.items():
        if len(members) >= _FEWEST:
            ndcg = interval(scores.of(members).values[NDCG])
            cut.append(Slice(by, name, len(members), ndcg, ndcg.high < mean))
    return sorted(cut, key=lambda one: (one.by, one.ndcg.mean))


def _groups(
    query: GoldenQuery, golden: Golden, facts: Mapping[str, Facts]
) -> list[tuple[str, str]]:
    grades = golden.judgements[query.query_id].items()
    exact = [facts[product] for product, grade in grades if grade == "E" and product in facts]
    groups = [("length", _band(len(query.text.split()), _LENGTHS))]
    if query.form:
        groups.append(("form of query", query.form))
    if exact and exact[0].category:
        groups.append(("category", exact[0].category.partition(" > ")[0]))
    prices = [one.price for one in exact if one.price is not None]
    if prices:
        groups.append(("price", _band(median(prices), _PRICES)))
    return groups


def _band(value: float, bands: tuple[tuple[float, str], ...]) -> str:
    return next(name for limit, name in bands if value <= limit)
