"""The metrics, held against figures worked out by hand."""

from __future__ import annotations

import math
from itertools import permutations

import numpy as np
import pytest

from services.pipeline.judging.gate import Verdict
from services.pipeline.judging.metrics import (
    ESCI_GAINS,
    METRICS,
    MRR,
    NDCG,
    RECALL,
    SWAPPED_GAINS,
    TOP5,
    Gains,
    Grade,
    Judgements,
    Scores,
    change,
    changes_by_class,
    interval,
    random_ndcg,
    score,
)

GRADES: dict[str, Grade] = {"exact": "E", "other": "S", "lid": "C", "stone": "I"}
JUDGED: Judgements = {"q": GRADES}


def ndcg(order: tuple[str, ...], gains: Gains) -> float:
    """By the definition, in full."""

    def dcg(products: tuple[str, ...]) -> float:
        return sum(
            gains[GRADES.get(product, "I")] / math.log2(place + 2)
            for place, product in enumerate(products)
        )

    return dcg(order) / dcg(tuple(sorted(GRADES, key=lambda one: -gains[GRADES[one]])))


@pytest.mark.parametrize("gains", [ESCI_GAINS, SWAPPED_GAINS], ids=["esci", "swapped"])
def test_ndcg_is_that_of_the_definition_for_every_order(gains: Gains) -> None:
    for order in permutations([*GRADES, "never judged"]):
        scores = score(JUDGED, {"q": order}, gains)
        assert scores.values[NDCG][0] == pytest.approx(ndcg(order, gains), abs=1e-9)


def test_the_other_metrics_count_exact_products_alone() -> None:
    far = [f"p{number}" for number in range(30)]
    near = ["other", "lid", "exact"]
    scores = score(
        {"near": GRADES, "far": GRADES, "none": GRADES},
        {"near": near, "far": [*far, "exact"]},
    )
    assert scores.queries == ("far", "near", "none")
    assert list(scores.values[RECALL]) == [0, 1, 0]
    assert list(scores.values[TOP5]) == [0, 1, 0]
    assert list(scores.values[MRR]) == pytest.approx([1 / 31, 1 / 3, 0])
    assert set(scores.values) == set(METRICS)


def test_the_floor_is_what_random_orders_reach_on_average() -> None:
    names = [*GRADES, *(f"p{number}" for number in range(20))]
    random = np.random.default_rng(4)
    drawn = {f"q{number}": list(random.permutation(names)) for number in range(4_000)}
    scores = score(dict.fromkeys(drawn, GRADES), drawn)
    assert random_ndcg(JUDGED, len(names)) == pytest.approx(scores.values[NDCG].mean(), abs=0.01)


def test_an_interval_covers_the_true_mean_about_95_times_of_100() -> None:
    random = np.random.default_rng(8)
    intervals = [interval(random.normal(3.0, 1.0, 60), seed) for seed in range(200)]
    covered = sum(one.low <= 3.0 <= one.high for one in intervals)
    assert 180 <= covered <= 198


def test_a_change_is_measured_query_by_query() -> None:
    best = score({f"q{n}": GRADES for n in range(40)}, {f"q{n}": list(GRADES) for n in range(40)})
    worse = score(
        {f"q{n}": GRADES for n in range(40)}, {f"q{n}": ["pebble", *GRADES] for n in range(40)}
    )
    fall = change(best, worse)
    assert fall.low == fall.mean == fall.high  # the same for each query, whatever is drawn
    assert fall.mean < -0.3
    assert change(best, best).mean == 0
    with pytest.raises(ValueError, match="at least one"):
        change(best, best.of(set()))


def test_no_judged_query_is_no_figure() -> None:
    with pytest.raises(ValueError, match="no judged queries"):
        score({}, {})


def test_a_class_that_falls_is_seen_while_the_others_rise() -> None:
    queries = tuple(f"q{number:03}" for number in range(100))
    classes = {query: "brand" if number < 10 else "plain" for number, query in enumerate(queries)}
    classes |= dict.fromkeys(queries[-3:], "rare")
    before = Scores(queries, {NDCG: np.full(100, 0.5)})
    brand = np.arange(100) < 10
    moved = np.where(brand, 0.3, 0.6) + np.random.default_rng(0).normal(0, 0.05, 100)
    after = Scores(queries, {NDCG: moved})
    assert change(before, after).low > 0
    found = changes_by_class(before, after, classes)
    assert list(found) == ["brand", "plain"]
    assert found["brand"].high < 0 < found["plain"].low
    # Wider than that of the class alone, since two classes are compared.
    alone = change(before.of(set(queries[:10])), after.of(set(queries[:10])))
    assert found["brand"].high - found["brand"].low > alone.high - alone.low
    verdict = Verdict(0.57, 100, change(before, after), found)
    assert verdict.worse
    assert "worse for queries of class 'brand' -0." in str(verdict)
    assert changes_by_class(before, before, classes)["brand"].mean == 0
