"""The evaluation's arithmetic, on scores whose figures are known."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from services.pipeline.demo.drawing.render import png
from services.pipeline.demo.evaluate import (
    WEIGHTS,
    Gallery,
    K,
    Vectors,
    chance,
    evaluate,
    format_report,
    rank_figures,
)
from services.pipeline.demo.taxonomy import CATEGORIES, Combination

COMBINATIONS = [Combination(one.name, "red", "plain") for one in CATEGORIES[:12]]


def test_a_right_order_is_perfect_and_the_reverse_is_worst() -> None:
    fits = np.eye(20, dtype=bool)
    assert rank_figures(np.eye(20), fits) == (1.0, 1.0)
    recall, mrr = rank_figures(-np.eye(20), fits)
    assert recall == 0
    assert mrr == pytest.approx(1 / 20)


def test_recall_counts_at_most_as_many_as_fit_in_the_first_k() -> None:
    fits = np.ones((1, 3 * K), dtype=bool)
    assert rank_figures(np.arange(3.0 * K)[None], fits) == (1.0, 1.0)
    half = np.zeros((1, 20), dtype=bool)
    half[0, [0, 19]] = True  # the first and the last of two that fit
    assert rank_figures(-np.arange(20.0)[None], half) == (0.5, 1.0)


def test_chance_is_k_of_all_products() -> None:
    recall, mrr = chance(np.eye(400, dtype=bool))
    assert recall == pytest.approx(K / 400, abs=0.01)
    assert mrr == pytest.approx(sum(1 / rank for rank in range(1, 401)) / 400, abs=0.01)


def test_an_embedding_that_knows_the_category_finds_every_product_at_every_weight() -> None:
    def texts(batch: Sequence[str]) -> Vectors:
        return vectors([next(i for i, c in enumerate(COMBINATIONS) if named(c, t)) for t in batch])

    def images(batch: Sequence[bytes]) -> Vectors:
        assert all(data.startswith(b"\x89PNG") for data in batch)
        return vectors(list(range(len(batch))))  # the gallery's order, and so the queries'

    gallery = Gallery(
        COMBINATIONS,
        [f"a {one.category}" for one in COMBINATIONS],
        [png(one, 0, 32) for one in COMBINATIONS],
    )
    report = evaluate(gallery, texts, images)
    assert report.products == len(COMBINATIONS)
    for query in ("words", "picture"):
        for weight in WEIGHTS:
            score = report.of(query, weight)
            assert (score.recall, score.mrr) == (1.0, 1.0), score
    assert format_report(report).count("\n| ") == 2 * len(WEIGHTS) + 2


def named(combination: Combination, text: str) -> bool:
    words = next(one.words for one in CATEGORIES if one.name == combination.category)
    return any(word in text for word in words)


def vectors(places: list[int]) -> Vectors:
    return np.eye(len(COMBINATIONS), dtype=np.float32)[places]
