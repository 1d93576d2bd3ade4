"""The exact index against brute force in float64."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from services.contracts.base import ModalityWeights
from services.retriever.index import SCORE_DECIMALS, ExactIndex, Rows, Vector, fuse

EVEN = ModalityWeights(text=0.5, image=0.5)


def unit(vectors: NDArray[np.float64]) -> NDArray[np.float32]:
    return np.asarray(vectors / np.linalg.norm(vectors, axis=-1, keepdims=True), np.float32)


def some_rows(n: int, d: int, seed: int, without_image: float = 0.0) -> Rows:
    random = np.random.default_rng(seed)
    rows = unit(random.standard_normal((n, 2, d)))
    rows[random.random(n) < without_image, 1] = 0
    return rows.reshape(n, 2 * d)


def some_query(d: int, seed: int) -> Vector:
    return unit(np.random.default_rng(seed).standard_normal(d))


def brute_force(rows: Rows, query: Vector, weights: ModalityWeights) -> NDArray[np.float64]:
    """(n,) scores, as the contract words them: weighted cosines, weights brought to a sum of 1."""
    d = len(query)
    text = rows[:, :d].astype(np.float64) @ query.astype(np.float64)
    image = rows[:, d:].astype(np.float64) @ query.astype(np.float64)
    total = weights.text + weights.image
    return np.asarray((weights.text * text + weights.image * image) / total)


@pytest.mark.parametrize(
    "weights",
    [
        EVEN,
        ModalityWeights(text=0.2, image=0.8),
        ModalityWeights(text=1, image=0),
        ModalityWeights(text=0, image=1),
    ],
    ids=str,
)
@pytest.mark.parametrize("n", [1, 7, 500, 5_000])
def test_the_best_are_those_of_brute_force(n: int, weights: ModalityWeights) -> None:
    rows, query = some_rows(n, 64, seed=n, without_image=0.3), some_query(64, seed=n + 1)
    truth = brute_force(rows, query, weights)
    hits = ExactIndex(rows).search(fuse(query, weights), 20)
    assert len(hits.rows) == min(n, 20)
    assert hits.scores == pytest.approx(np.sort(truth)[::-1][:20], abs=2e-6)
    assert hits.scores == pytest.approx(truth[hits.rows], abs=2e-6)


@given(
    n=st.integers(0, 60),
    d=st.integers(1, 9),
    k=st.integers(1, 70),
    seed=st.integers(0, 2**32 - 1),
    text=st.floats(0, 1),
    image=st.floats(0.01, 1),
    threshold=st.none() | st.floats(-1, 1),
)
def test_any_catalogue_is_answered_as_brute_force_would(
    n: int, d: int, k: int, seed: int, text: float, image: float, threshold: float | None
) -> None:
    weights = ModalityWeights(text=text, image=image)
    rows, query = some_rows(n, d, seed, without_image=0.5), some_query(d, seed + 1)
    truth = brute_force(rows, query, weights)
    hits = ExactIndex(rows).search(fuse(query, weights), k, threshold)
    if threshold is None:
        assert len(hits.rows) == min(n, k)
    else:
        assert all(score >= threshold for score in hits.scores)
        surely, perhaps = truth > threshold + 1e-5, truth > threshold - 1e-5
        assert min(k, surely.sum()) <= len(hits.rows) <= min(k, perhaps.sum())
    assert hits.scores == pytest.approx(truth[hits.rows], abs=2e-6)
    assert hits.scores == pytest.approx(np.sort(truth)[::-1][: len(hits.rows)], abs=2e-6)
    assert all(-1 <= score <= 1 for score in hits.scores)
    for better, worse in zip(range(len(hits.rows)), range(1, len(hits.rows)), strict=False):
        assert (-hits.scores[better], hits.rows[better]) < (-hits.scores[worse], hits.rows[worse])


@pytest.mark.parametrize("n", [3, 17, 1_000, 9_001])
def test_equal_rows_come_in_order_of_product_id_wherever_they_stand(n: int) -> None:
    rows, query = some_rows(n, 48, seed=n), some_query(48, seed=0)
    twins = np.unique(np.random.default_rng(n).integers(0, n, 12))
    rows[twins] = np.concatenate([query, query])
    hits = ExactIndex(rows).search(fuse(query, EVEN), len(twins))
    assert hits.rows.tolist() == twins.tolist()
    assert hits.scores.tolist() == [1.0] * len(twins)


def test_thousands_of_ties_are_settled_by_id_too() -> None:
    rows, query = some_rows(20_000, 8, seed=3), some_query(8, seed=4)
    rows[:, 8:] = 0
    rows[12_345, 8:] = query
    hits = ExactIndex(rows).search(fuse(query, ModalityWeights(text=0, image=1)), 5)
    assert hits.rows.tolist() == [12_345, 0, 1, 2, 3]
    assert hits.scores.tolist() == [1.0, 0.0, 0.0, 0.0, 0.0]


def test_a_product_without_a_picture_scores_by_its_words_alone() -> None:
    query = some_query(16, seed=5)
    rows = np.concatenate([query, np.zeros(16, np.float32)])[None]
    assert ExactIndex(rows).search(fuse(query, EVEN), 1).scores.tolist() == [0.5]


def test_a_threshold_leaves_out_what_is_below_it_and_keeps_what_equals_it() -> None:
    query = np.array([1, 0], np.float32)
    rows = np.array([[1, 0, 1, 0], [0.6, 0.8, 0.6, 0.8], [0, 1, 0, 1]], np.float32)
    index = ExactIndex(rows)
    assert index.search(fuse(query, EVEN), 3, 0.6).rows.tolist() == [0, 1]
    assert index.search(fuse(query, EVEN), 3, 0.61).rows.tolist() == [0]
    assert index.search(fuse(-query, EVEN), 3, 0.61).rows.tolist() == []
    assert index.search(fuse(query, EVEN), 3, -1.0).rows.tolist() == [0, 1, 2]


def test_an_empty_catalogue_has_no_hits() -> None:
    hits = ExactIndex(np.zeros((0, 8), np.float32)).search(fuse(some_query(4, 1), EVEN), 10, 0.1)
    assert hits.rows.tolist() == []
    assert hits.scores.tolist() == []


def test_rounding_noise_never_leaves_the_range_of_a_cosine() -> None:
    query = some_query(512, seed=6)
    rows = np.concatenate([query, query])[None] * np.float32(1 + 1e-6)
    assert ExactIndex(rows).search(fuse(query, EVEN), 1).scores.tolist() == [1.0]
    assert ExactIndex(-rows).search(fuse(query, EVEN), 1).scores.tolist() == [-1.0]


def test_scores_are_told_to_the_decimals_that_are_promised() -> None:
    hits = ExactIndex(some_rows(50, 32, seed=7)).search(fuse(some_query(32, 8), EVEN), 50)
    assert hits.scores.tolist() == [round(score, SCORE_DECIMALS) for score in hits.scores.tolist()]


def test_weights_count_by_their_ratio() -> None:
    query = some_query(8, seed=9)
    full, scaled = ModalityWeights(text=1, image=0.5), ModalityWeights(text=0.4, image=0.2)
    np.testing.assert_allclose(fuse(query, full), fuse(query, scaled), rtol=1e-6)
    assert fuse(query, full).dtype == np.float32
    with pytest.raises(ValueError, match="above 0"):
        fuse(query, ModalityWeights.model_construct(text=0, image=0))
