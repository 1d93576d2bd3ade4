"""Query drift: none between similar periods, and the right amount between different ones."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import pytest

from services.pipeline.queries.drift import Means, from_catalogue, moved, stability_index

D = 24
GROUP = 32
Rows = npt.NDArray[np.float64]


def units(random: np.random.Generator, n: int, axis: int = 0, towards: float = 3.0) -> Rows:
    """(n, D) unit rows, drawn towards one axis."""
    rows = random.normal(size=(n, D))
    rows[:, axis] += towards
    normed: Rows = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return normed


def means(rows: Rows) -> Means:
    """As the gateways write them."""
    groups = rows.reshape(-1, GROUP, D)
    return Means.of(groups.mean(axis=1).tolist(), [GROUP] * len(groups))


@pytest.fixture
def random() -> np.random.Generator:
    return np.random.default_rng(3)


def test_the_distance_from_the_catalogue_is_that_of_the_means(random: np.random.Generator) -> None:
    products, queries = units(random, 3_000), units(random, 20 * GROUP, axis=1)
    away = float(np.linalg.norm(queries.mean(axis=0) - products.mean(axis=0)))
    spread = math.sqrt(float(products.var(axis=0).sum()))
    found = from_catalogue(means(queries), products.astype(np.float32))
    assert found == pytest.approx(away / spread, rel=0.02)


def test_queries_like_the_products_are_not_far_from_them(random: np.random.Generator) -> None:
    products = units(random, 3_000).astype(np.float32)
    assert (from_catalogue(means(units(random, 10 * GROUP)), products) or 0) < 0.08


def test_products_without_a_picture_do_not_count(random: np.random.Generator) -> None:
    queries = means(units(random, 10 * GROUP))
    products = units(random, 3_000).astype(np.float32)
    half = products.copy()
    half[::2] = 0
    assert from_catalogue(queries, half) == pytest.approx(
        from_catalogue(queries, products[1::2]), rel=1e-6
    )
    assert from_catalogue(queries, np.zeros_like(products)) is None


def test_periods_that_differ_by_chance_alone_are_rarely_told_apart(
    random: np.random.Generator,
) -> None:
    chances = [
        moved(means(units(random, 12 * GROUP)), means(units(random, 8 * GROUP)), seed).chance
        for seed in range(40)
    ]
    assert sum(chance < 0.05 for chance in chances) <= 6  # two are to be expected


def test_periods_that_differ_are_told_apart_and_how_far_they_are(
    random: np.random.Generator,
) -> None:
    before, after = units(random, 12 * GROUP), units(random, 8 * GROUP, axis=2)
    found = moved(means(before), means(after))
    away = float(np.linalg.norm(before.mean(axis=0) - after.mean(axis=0)))
    assert found.chance < 0.005
    assert found.distance == pytest.approx(away, rel=0.02)


def test_groups_of_different_size_count_by_their_queries(random: np.random.Generator) -> None:
    rows = units(random, 5 * GROUP)
    small = Means.of(
        [rows[:GROUP].mean(axis=0).tolist(), rows[GROUP:].mean(axis=0).tolist()],
        [GROUP, 4 * GROUP],
    )
    products = units(random, 500, axis=1).astype(np.float32)
    assert from_catalogue(small, products) == pytest.approx(
        from_catalogue(means(rows), products), rel=1e-6
    )


def test_the_stability_index_is_that_of_the_definition() -> None:
    before = np.array([0.05] * 80 + [0.95] * 20)
    after = np.array([0.05] * 40 + [0.95] * 60)
    shares = {"low": (80.5 / 105, 40.5 / 105), "high": (20.5 / 105, 60.5 / 105)}
    expected = sum((now - was) * math.log(now / was) for was, now in shares.values())
    assert stability_index(before, after) == pytest.approx(expected)
    assert stability_index(before, before) == 0
    assert stability_index(np.array([0.0]), np.array([1.0])) > 0.25  # at the very ends too
