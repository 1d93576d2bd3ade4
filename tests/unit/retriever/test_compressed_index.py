"""The compressed index finds what the exact one finds, for every mix and behind filters."""

from __future__ import annotations

from contextlib import closing
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from services.contracts.base import ModalityWeights
from services.retriever.index import AnyRows, ExactIndex, IndexChoice, LiveIndex, Rows, Vector, fuse
from services.retriever.index.compressed import CompressedIndex
from tests.support.indexes import index_of

N, D = 52_000, 512


def _unit(rows: NDArray[np.floating[Any]]) -> Rows:
    unit: Rows = (rows / np.linalg.norm(rows, axis=-1, keepdims=True)).astype(np.float32)
    return unit


@pytest.fixture(scope="module")
def rows() -> Rows:
    """Clusters, with pictures and words in two cones apart, as CLIP's are.

    Within a cluster most of what differs lies in few directions, as it does in trained models.
    """
    rng = np.random.default_rng(0)
    spectrum = (1 / np.sqrt(1 + np.arange(D) / 32)).astype(np.float32)
    centres = spectrum * rng.standard_normal((300, D), np.float32)
    of = rng.integers(0, 300, N)
    cones = 2 * spectrum * rng.standard_normal((2, D), np.float32)
    text = _unit(centres[of] + 1.5 * spectrum * rng.standard_normal((N, D), np.float32) + cones[0])
    image = _unit(centres[of] + 1.5 * spectrum * rng.standard_normal((N, D), np.float32) + cones[1])
    image[::97] = 0
    return np.concatenate([text, image], axis=1)


@pytest.fixture(scope="module")
def compressed(rows: Rows) -> CompressedIndex:
    return compressed_over(rows)


@pytest.fixture(scope="module")
def shapeless() -> Rows:
    """Rows that vary as much in each direction: no few directions stand for the others."""
    return _unit(np.random.default_rng(4).standard_normal((N, 128), np.float32))


def compressed_over(rows: AnyRows) -> CompressedIndex:
    index = index_of(IndexChoice("compressed"), rows)
    assert isinstance(index, CompressedIndex)
    return index


def queries(rows: Rows, weights: ModalityWeights) -> list[Vector]:
    """Words and pictures alike, near to what is there: cosine about .9."""
    rng = np.random.default_rng(1)
    picked = rng.integers(0, N, 40)
    halves = [rows[n, :D] if number % 2 else rows[n, D:] for number, n in enumerate(picked)]
    return [fuse(_unit(half + 0.02 * rng.normal(size=D)), weights) for half in halves if half.any()]


@pytest.mark.parametrize("weights", [(0.5, 0.5), (0.2, 0.8), (1.0, 0.0), (0.0, 1.0)])
def test_at_least_99_of_100_of_the_best_are_found_for_every_mix(
    rows: Rows, compressed: CompressedIndex, weights: tuple[float, float]
) -> None:
    exact = ExactIndex(rows)
    found = wanted = 0
    for query in queries(rows, ModalityWeights(text=weights[0], image=weights[1])):
        best = exact.search(query, 20)
        hits = compressed.search(query, 20)
        found += len(np.intersect1d(best.rows, hits.rows))
        wanted += 20
        assert np.all(np.diff(hits.scores) <= 0)
        assert hits.scores == pytest.approx(rows[hits.rows] @ query, abs=2e-4)
    assert found / wanted >= 0.99


def test_the_best_are_found_where_no_few_directions_hold_the_variance(shapeless: Rows) -> None:
    exact, compressed = ExactIndex(shapeless), compressed_over(shapeless)
    found = 0
    for query in shapeless[:80]:
        best = exact.search(query, 20).rows
        found += len(np.intersect1d(best, compressed.search(query, 20).rows))
    assert found / (80 * 20) >= 0.6


@pytest.mark.parametrize("share", [3 / N, 0.01, 0.5, 0.95])
def test_a_filter_leaves_the_best_of_what_passes(
    rows: Rows, compressed: CompressedIndex, share: float
) -> None:
    passing = np.random.default_rng(2).random(N) < share
    passing[[5, 17, 51_999]] = True
    count = int(passing.sum())
    exact = ExactIndex(rows)
    for query in queries(rows, ModalityWeights(text=1, image=1))[:10]:
        hits = compressed.search(query, 20, passing=passing)
        assert len(hits.rows) == min(20, count)
        assert passing[hits.rows].all()
        best = exact.search(query, 20, passing=passing)
        assert len(np.intersect1d(best.rows, hits.rows)) >= 0.95 * len(best.rows)


def test_what_passes_far_from_the_query_is_found_all_the_same(
    rows: Rows, compressed: CompressedIndex
) -> None:
    query = queries(rows, ModalityWeights(text=1, image=1))[0]
    worst = np.argsort(rows @ query)[: N - 5_000]
    passing = np.zeros(N, np.bool_)
    passing[worst] = True
    hits = compressed.search(query, 20, passing=passing)
    best = ExactIndex(rows).search(query, 20, passing=passing)
    assert len(np.intersect1d(best.rows, hits.rows)) >= 19


def test_a_filter_that_passes_what_is_near_leaves_the_best_of_it(
    rows: Rows, compressed: CompressedIndex
) -> None:
    for query in queries(rows, ModalityWeights(text=1, image=0))[:10]:
        passing = np.zeros(N, np.bool_)
        passing[np.argsort(rows @ query)[-12_000:]] = True
        hits = compressed.search(query, 20, passing=passing)
        best = ExactIndex(rows).search(query, 20, passing=passing)
        assert len(np.intersect1d(best.rows, hits.rows)) >= 19


def test_the_threshold_and_nothing_that_passes(rows: Rows, compressed: CompressedIndex) -> None:
    query = queries(rows, ModalityWeights(text=1, image=1))[0]
    best = compressed.search(query, 20)
    cut = compressed.search(query, 20, threshold=float(best.scores[7]))
    assert cut.rows.tolist() == best.rows[: len(cut.rows)].tolist()
    assert len(cut.rows) >= 8
    assert len(compressed.search(query, 20, passing=np.zeros(N, np.bool_)).rows) == 0


def test_equal_rows_come_in_their_order(rows: Rows) -> None:
    rng = np.random.default_rng(3)
    copies = np.sort(rng.choice(N, 30, replace=False))
    with_copies = rows.copy()
    with_copies[copies] = rows[copies[0]]
    index = compressed_over(with_copies)
    for share in (1, 0.5, 0.05, 0.0005):
        passing = rng.random(N) < share
        passing[copies] = True
        hits = index.search(rows[copies[0]] / 2, 20, passing=None if share == 1 else passing)
        assert hits.rows.tolist() == copies[:20].tolist()
        assert len(set(hits.scores.tolist())) == 1


def test_it_takes_live_changes(rows: Rows, compressed: CompressedIndex) -> None:
    ids = [f"p{number:06d}" for number in range(N)]
    live = LiveIndex(compressed, ids)
    query = queries(rows, ModalityWeights(text=1, image=1))[0]
    first = live.search(query, 5)
    gone = live.id_of(int(first.rows[0]))
    new = _unit(query[:D])[None]
    changed = live.with_changes(["new"], new, new, [gone])
    found = [changed.id_of(int(number)) for number in changed.search(query, 5).rows]
    assert found[0] == "new"
    assert gone not in found
    assert found[1:] == [live.id_of(int(number)) for number in first.rows[1:]]


def test_the_size_decides_unless_one_is_named(rows: Rows) -> None:
    few = rows[:2_000]
    assert isinstance(index_of(IndexChoice(), few), ExactIndex)
    assert isinstance(index_of(IndexChoice("auto", exact_up_to=1_999), few), CompressedIndex)
    assert isinstance(index_of(IndexChoice("compressed"), few), CompressedIndex)
    assert isinstance(index_of(IndexChoice("exact", exact_up_to=0), few), ExactIndex)
    with closing(IndexChoice("compressed").begin(2_000, 8)) as build:
        assert build.half
    assert isinstance(index_of(IndexChoice("compressed"), few[:10]), ExactIndex)
