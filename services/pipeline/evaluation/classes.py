"""Classes of queries, each with the figure that matters there: by words, by vectors, and fused.

Every class has its own figure in both halves, so that none rises at another's cost unseen.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from services.contracts.retriever import NO_MATCH_BELOW
from services.pipeline.evaluation.searching import Answer, Setup
from services.pipeline.judging.golden import Golden, GoldenQuery, Half
from services.pipeline.judging.metrics import NDCG, Interval, Values, interval, score

Measure = Literal["NDCG", "right one first", "right among the first five", "“no match”", "match"]

WORDS_ALONE = Setup("words alone", mode="words")
VECTORS_ALONE = Setup("vectors alone", mode="vectors")
BOTH = Setup("fused")
ARMS = (WORDS_ALONE, VECTORS_ALONE, BOTH)
_FIRST = 5

Ask = Callable[[Sequence[str], Sequence[Setup], int | None], list[list[Answer]]]
"""Answers to texts, by setup. The number: products a query at most; None for all."""


@dataclass(frozen=True, slots=True)
class ClassFigure:
    """The figure of one class, one way to search, in one half of the queries."""

    name: str
    measure: Measure
    arm: str
    half: Half
    queries: int
    value: Interval

    @property
    def slug(self) -> str:
        """Name for tracking, of letters that MLflow takes."""
        plain = f"{self.name}/{self.measure}/{self.arm}".replace("“", "").replace("”", "")
        return "classes/" + plain.replace(": ", "_").replace(" ", "_")


@dataclass(frozen=True, slots=True)
class _Class:
    """Queries that are asked together, and what is measured of them."""

    name: str
    queries: Sequence[GoldenQuery]
    texts: Sequence[str]
    measures: Sequence[Measure]
    parts: bool = False
    """True if each form of these queries is a class, too."""

    @property
    def depth(self) -> int | None:
        return None if "NDCG" in self.measures else _FIRST


def measure_classes(golden: Golden, ask: Ask) -> list[ClassFigure]:
    """Every class by every arm in both halves."""
    figures = []
    for one in _classes(golden):
        for arm, answers in zip(ARMS, ask(one.texts, ARMS, one.depth), strict=True):
            for measure in one.measures:
                values = _values(golden, measure, one.queries, answers)
                for name, kept in _groups(one):
                    figures += _by_half(name, measure, arm, one.queries, values, kept)
    return figures


def _classes(golden: Golden) -> list[_Class]:
    """Those that have queries."""

    def of(name: str, queries: list[GoldenQuery], *measures: Measure) -> _Class:
        return _Class(name, queries, [query.text for query in queries], measures)

    words = golden.of_kind("text")
    by_id = {query.query_id: query for query in words}
    typos = [one for one in golden.variants if one.variant == "typos"]
    synonyms = [query for query in golden.of_kind("name") if query.form == "a synonym"]
    every = [
        of("identifiers", golden.of_kind("identifier"), "right one first"),
        of("price limits", golden.of_kind("limit"), "right among the first five"),
        of("synonyms alone", synonyms, "right among the first five", "“no match”"),
        _Class(
            "typos",
            [by_id[one.query_id] for one in typos],
            [one.text for one in typos],
            ("NDCG", "“no match”"),
        ),
        _Class("plain words", words, [query.text for query in words], ("NDCG", "“no match”"), True),
        of("nonsense", golden.of_kind("nonsense"), "match"),
        of("not sold", golden.of_kind("off_catalogue"), "match"),
    ]
    return [one for one in every if one.queries]


def _groups(one: _Class) -> list[tuple[str, set[str]]]:
    """Ids of the queries, by class."""
    groups = [(one.name, {query.query_id for query in one.queries})]
    if one.parts:
        forms = dict.fromkeys(query.form for query in one.queries if query.form)
        groups += [
            (f"form: {form}", {q.query_id for q in one.queries if q.form == form}) for form in forms
        ]
    return groups


def _values(
    golden: Golden, measure: Measure, queries: Sequence[GoldenQuery], answers: Sequence[Answer]
) -> Values:
    """(n,) the figure of each query."""
    if measure == "NDCG":
        ids = [query.query_id for query in queries]
        found = {name: answer.products for name, answer in zip(ids, answers, strict=True)}
        scores = score(golden.judged(ids), found)
        place = {name: number for number, name in enumerate(scores.queries)}
        return scores.values[NDCG][[place[name] for name in ids]]
    if measure in ("“no match”", "match"):
        told = np.array([answer.confidence >= NO_MATCH_BELOW for answer in answers])
        return np.asarray(told if measure == "match" else ~told, np.float64)
    first = 1 if measure == "right one first" else _FIRST
    return np.array(
        [
            _right(golden, query, answer.products, first)
            for query, answer in zip(queries, answers, strict=True)
        ]
    )


def _right(golden: Golden, query: GoldenQuery, products: Sequence[str], first: int) -> float:
    """Share of exact products among the first, of as many as there can be."""
    grades = golden.judgements[query.query_id]
    exact = {product for product, grade in grades.items() if grade == "E"}
    return sum(product in exact for product in products[:first]) / min(first, len(exact))


def _by_half(
    name: str,
    measure: Measure,
    arm: Setup,
    queries: Sequence[GoldenQuery],
    values: Values,
    kept: set[str],
) -> list[ClassFigure]:
    figures = []
    for half in get_args(Half):
        rows = [
            row
            for row, query in enumerate(queries)
            if query.half == half and query.query_id in kept
        ]
        if rows:
            value = interval(values[rows])
            figures.append(ClassFigure(name, measure, arm.name, half, len(rows), value))
    return figures
