from __future__ import annotations

import numpy as np
import pytest

from services.contracts.base import ModalityWeights
from services.contracts.ranking import Ranking
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

    with pytest.raises(ValueError, match="has an answer"):
        judge(products, queries, {}, Ranking())
