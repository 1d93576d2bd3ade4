"""Query drift: 0 while queries resemble the products; detected early, without false alarms."""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from prometheus_client import CollectorRegistry, Gauge

from services.contracts.retriever import Kind, QueryTerm, RetrievalRequest
from services.retriever.catalogue.moments import Moments
from services.retriever.index import Rows
from services.retriever.searching.drift import HORIZON, QueryDrift, Served

MODEL = "mini@1"
D = 32
RANDOM = np.random.default_rng(7)


def units(n: int, towards: float = 0.0, axis: int = 0) -> Rows:
    """(n, D) unit rows, drawn towards one axis."""
    rows = RANDOM.normal(size=(n, D)).astype(np.float32)
    rows[:, axis] += towards
    normed: Rows = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return normed


def request(vector: Rows, kind: Kind = "words", model: str = MODEL) -> RetrievalRequest:
    return RetrievalRequest(model=model, terms=[QueryTerm(vector=vector.tolist(), kind=kind)], k=1)


class Drift:
    """A drift and the gauge that it is read from."""

    def __init__(self, words: Rows, pictures: Rows | None = None) -> None:
        rows = np.concatenate([words, np.zeros_like(words) if pictures is None else pictures], 1)
        self.served: Served | None = (MODEL, Moments.of(rows))
        self.registry = CollectorRegistry()
        gauge = Gauge("drift", "Of queries.", ["sought"], registry=self.registry)
        self.queries = QueryDrift(gauge, lambda: self.served)

    def ask(self, rows: Rows, kind: Kind = "words") -> None:
        for row in rows:
            self.queries.asked(request(row, kind))

    def told(self, kind: Kind = "words") -> float | None:
        return self.registry.get_sample_value("drift", {"sought": kind})


def test_queries_like_the_products_have_not_drifted_however_few_they_are() -> None:
    drift, squares = Drift(units(5_000, towards=3)), []
    for _ in range(20):
        few = Drift(units(2_000, towards=3))
        few.ask(units(10, towards=3))
        squares.append((few.told() or 0) ** 2)
    assert float(np.mean(squares)) < 0.05  # a tenth, were chance not taken off
    drift.ask(units(2_000, towards=3))
    assert (drift.told() or 0) < 0.06


def test_the_distance_is_that_of_the_means_in_standard_deviations() -> None:
    products, queries = units(5_000, towards=2), units(600, towards=2, axis=1)
    drift = Drift(products)
    drift.ask(queries)
    distance = np.linalg.norm(queries.mean(axis=0) - products.mean(axis=0))
    spread = math.sqrt(float(products.var(axis=0).sum()))
    assert drift.told() == pytest.approx(float(distance) / spread, rel=0.05)


def test_what_was_asked_long_ago_is_forgotten() -> None:
    drift = Drift(units(5_000, towards=3))
    drift.ask(units(1_000, towards=3, axis=1))
    drifted = drift.told() or 0
    drift.ask(units(6 * HORIZON, towards=3))
    assert (drift.told() or 0) < 0.1 < drifted


def test_pictures_are_compared_with_pictures_alone_and_not_with_what_has_none() -> None:
    words = units(4_000, towards=3)
    pictures = units(4_000, towards=3, axis=5)
    pictures[::2] = 0  # half of the products have none
    drift = Drift(words, pictures)
    drift.ask(units(1_000, towards=3, axis=5), "picture")
    assert (drift.told("picture") or 0) < 0.1
    assert drift.told("words") is None


def test_nothing_is_said_without_a_catalogue_its_pictures_or_its_model() -> None:
    drift = Drift(units(100, towards=3))
    drift.ask(units(10), "picture")
    assert math.isnan(drift.told("picture") or 0)
    drift.ask(units(10))
    drift.served = None
    assert math.isnan(drift.told() or 0)


def test_vectors_of_another_model_start_anew() -> None:
    drift = Drift(units(5_000, towards=3))
    drift.ask(units(500, towards=3, axis=1))
    assert drift.served is not None
    drift.served = ("mini@2", drift.served[1])
    for row in units(500, towards=3):
        drift.queries.asked(request(row, model="mini@2"))
    assert (drift.told() or 0) < 0.1


def test_only_first_pages_by_one_thing_count() -> None:
    drift = Drift(units(100))
    row = units(1)[0]
    drift.queries.asked(request(row).model_copy(update={"after": "further"}))
    drift.queries.asked(RetrievalRequest(model=MODEL, terms=[QueryTerm(product_id="a")], k=1))
    assert drift.told() is None


def test_threads_that_ask_at_once_lose_no_query() -> None:
    drift, alone = Drift(units(500, towards=3)), Drift(units(500, towards=3))
    drift.served = alone.served
    rows = np.repeat(units(1), 800, axis=0)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda row: drift.queries.asked(request(row)), rows))
    alone.ask(rows)
    assert drift.told() == alone.told()
