"""Slices: every query is in the groups that it belongs to, and a group served worse is marked."""

from __future__ import annotations

import numpy as np

from services.pipeline.evaluation.searching import Facts
from services.pipeline.evaluation.slices import slices
from services.pipeline.judging.golden import Golden, GoldenQuery
from services.pipeline.judging.metrics import NDCG, Scores

FACTS = {
    "mug": Facts("Kitchen > Mugs", 12.0),
    "pot": Facts("Kitchen > Pots", 30.0),
    "sofa": Facts("Home > Sofas", 900.0),
    "gift": Facts("", None),
}


def test_a_query_counts_for_its_form_its_length_and_its_products_category_and_price() -> None:
    product_of = {f"q{number}": list(FACTS)[number % 4] for number in range(40)}
    golden = Golden(
        queries=[
            GoldenQuery(
                query, "text", "short" if n % 4 == 2 else "", text="a b" + " c" * (n % 4) * 2
            )
            for n, query in enumerate(product_of)
        ],
        judgements={query: {product: "E", "other": "S"} for query, product in product_of.items()},
    )
    low = {"sofa"}
    values = np.array([0.1 if product in low else 0.9 for product in product_of.values()])
    found = slices(golden, Scores(tuple(product_of), {NDCG: values}), FACTS)
    assert {(one.by, one.name): (one.queries, one.apart) for one in found} == {
        ("category", "Home"): (10, True),
        ("category", "Kitchen"): (20, False),
        ("length", "1 to 3 words"): (10, False),
        ("length", "4 to 6 words"): (20, False),
        ("length", "7 words and more"): (10, False),
        ("price", "above 50"): (10, True),
        ("price", "up to 20"): (10, False),
        ("price", "up to 50"): (10, False),
        ("form of query", "short"): (10, True),
    }
    worst_first = [one.ndcg.mean for one in found if one.by == "price"]
    assert worst_first == sorted(worst_first)


def test_a_handful_of_queries_makes_no_slice() -> None:
    golden = Golden([GoldenQuery("q", "text", "only", text="mug")], {"q": {"mug": "E"}})
    assert slices(golden, Scores(("q",), {NDCG: np.ones(1)}), FACTS) == []
