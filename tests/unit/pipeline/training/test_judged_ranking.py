from __future__ import annotations

import numpy as np
import pytest

from services.contracts.base import ModalityWeights
from services.contracts.ranking import Ranking, ScoreCalibration
from services.pipeline.judging.metrics import Grade
from services.pipeline.training.embedded import EmbeddedProducts, EmbeddedQueries
from services.pipeline.training.judged_ranking import JudgedRanking, compare, gate, judge


def _judged(name: str, *values: float) -> JudgedRanking:
    return JudgedRanking(name, {f"q{number:02d}": value for number, value in enumerate(values)})


def test_a_ranking_that_falls_beyond_its_interval_is_refused_with_the_figure() -> None:
    before, worse = _judged("now", *[0.9] * 30), _judged("new", *[0.8] * 30)

    (reason,) = gate(worse, before)

    assert "-0.100" in reason
    assert "against now" in reason


@pytest.mark.parametrize("last", [0.9, 0.95, 0.0], ids=["equal", "better", "one query fell"])
def test_a_ranking_that_is_not_worse_beyond_doubt_passes(last: float) -> None:
    before, after = _judged("now", *[0.9] * 30), _judged("new", *[0.9] * 29, last)

    assert gate(after, before) == []


def test_the_first_of_all_rankings_passes() -> None:
    assert gate(_judged("new", 0.1), None) == []


def test_what_is_kept_of_a_judgement_is_what_was_judged() -> None:
    judged = _judged("new", 0.25, 1.0)

    assert JudgedRanking.from_json(judged.to_json()) == judged


def test_each_kind_of_query_is_judged_by_its_own_weights() -> None:
    axes = np.eye(2, dtype=np.float32)
    products = EmbeddedProducts(["a", "b"], text=axes, image=axes[::-1].copy(), model="m@1")
    queries = EmbeddedQueries(["t", "p"], ["words", "picture"], axes[[0, 0]], "m@1")
    judgements: dict[str, dict[str, Grade]] = {"t": {"a": "E"}, "p": {"b": "E"}}
    right, wrong = (
        Ranking(
            words=ModalityWeights(text=words, image=1 - words),
            picture=ModalityWeights(text=1 - words, image=words),
        )
        for words in (1.0, 0.0)
    )

    good = judge(products, queries, judgements, right)
    bad = judge(products, queries, judgements, wrong)

    assert good.ndcg == {"t": 1.0, "p": 1.0}
    assert compare(bad, good).change.mean > 0.3


def test_queries_of_which_none_has_an_answer_judge_nothing() -> None:
    axes = np.eye(2, dtype=np.float32)
    products = EmbeddedProducts(["a", "b"], text=axes, image=axes, model="m@1")
    queries = EmbeddedQueries(["t"], ["words"], axes[:1], "m@1")

    with pytest.raises(ValueError, match="no judged query has an answer"):
        judge(products, queries, {}, Ranking())


def _catalogue(products: int = 60, dimension: int = 64) -> EmbeddedProducts:
    random = np.random.default_rng(1)
    rows = random.standard_normal((products, dimension)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return EmbeddedProducts([f"p{one:02d}" for one in range(products)], rows, rows, "m@1")


def test_a_cut_off_that_drops_what_is_asked_for_is_judged_as_it_is_served() -> None:
    products = _catalogue()
    # Each query is like one product, and stands-in for it are unlike: a high cut-off drops them.
    ids = [f"q{number:02d}" for number in range(30)]
    queries = EmbeddedQueries(ids, ["words"] * 30, products.text[:30], "m@1")
    judgements: dict[str, dict[str, Grade]] = {
        query: {f"p{row:02d}": "E", f"p{row + 30:02d}": "E"} for row, query in enumerate(ids)
    }
    lax, strict = (
        Ranking(name=name, calibration=ScoreCalibration(weak=weak, strong=9, centre=-99))
        for name, weak in (("lax", -9.0), ("strict", 4.0))
    )

    before, after = (judge(products, queries, judgements, one) for one in (lax, strict))

    (reason,) = gate(after, before)
    assert "NDCG falls" in reason


def test_a_ranking_that_calls_nonsense_a_match_is_refused() -> None:
    products = _catalogue()
    random = np.random.default_rng(2)
    noise = random.standard_normal((30, 64)).astype(np.float32)
    noise /= np.linalg.norm(noise, axis=1, keepdims=True)
    ids = [f"q{number:02d}" for number in range(60)]
    queries = EmbeddedQueries(
        ids, ["words"] * 60, np.concatenate([products.text[:30], noise]), "m@1"
    )
    judgements: dict[str, dict[str, Grade]] = {
        query: {f"p{row:02d}": "E"} for row, query in enumerate(ids[:30])
    }
    strict, lax = (
        Ranking(name=name, calibration=ScoreCalibration(weak=-9, centre=centre))
        for name, centre in (("strict", 3.0), ("lax", -99.0))
    )

    before, after = (judge(products, queries, judgements, one) for one in (strict, lax))

    (reason,) = gate(after, before)
    assert "false matches rise" in reason


def test_a_picture_query_without_an_answer_is_counted_once() -> None:
    products = _catalogue()
    queries = EmbeddedQueries(["t", "p"], ["words", "picture"], products.text[:2], "m@1")

    judged = judge(products, queries, {"t": {"p00": "E"}}, Ranking())

    assert set(judged.ndcg) == {"t"}
    assert set(judged.false_matches) == {"p"}
