"""The report says what a shop can act on, and shows nothing that a reader's terminal would obey."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from services.contracts.query_log import packed
from services.pipeline.queries.query_report import Names, report
from services.pipeline.queries.query_store import SCHEMA
from services.pipeline.training.embedded import EmbeddedProducts

NOW = datetime(2026, 3, 20, 12, tzinfo=UTC)
MODEL = "mini@1"
D = 8


def search(query: str | None, **changed: Any) -> dict[str, Any]:  # noqa: ANN401
    row = {
        "at": NOW - timedelta(hours=1),
        "kind": "words",
        "query": query,
        "hashed": False,
        "confidence": 0.95,
        "found": 40,
        "filtered": False,
        "best": "p1",
        "degraded": [],
        "model": MODEL,
        "catalogue": "v1",
        "took_ms": 5.0,
    }
    return row | changed


def mean(towards: int, days_ago: float, model: str = MODEL) -> dict[str, Any]:
    vector = np.random.default_rng(int(days_ago * 100)).normal(size=D) * 0.05
    vector[towards] += 0.6
    return {
        "at": NOW - timedelta(days=days_ago),
        "kind": "words",
        "model": model,
        "queries": 32,
        "vector": packed(vector.tolist()),
    }


def told(
    rows: list[dict[str, Any]],
    names: Names | None = None,
    products: EmbeddedProducts | None = None,
) -> str:
    entries = pa.Table.from_pylist(rows, SCHEMA)
    return report(entries, NOW, 7, names or Names({}, {}), products)


def section(text: str, heading: str) -> str:
    return text.partition(f"## {heading}\n")[2].partition("\n## ")[0]


def cells(text: str, heading: str) -> list[list[str]]:
    """The rows of a section's table, without its head."""
    lines = [line for line in section(text, heading).splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def test_queries_are_listed_by_how_often_they_were_asked_with_what_was_shown_first() -> None:
    rows = [search("mug")] * 3 + [search("hat", best="p2")] * 2 + [search("mug", best="p2")]
    text = told(rows, Names({"p1": "Red mug", "p2": "A hat"}, {}))
    assert cells(text, "Asked most") == [
        ["mug", "4", "0%", "0%", "0.95", "Red mug"],
        ["hat", "2", "0%", "0%", "0.95", "A hat"],
    ]
    assert section(text, "Found no good match").strip() == "None."


def test_what_has_no_match_what_filters_left_nothing_of_and_what_is_weak_stand_apart() -> None:
    rows = [
        *[search("wedding dress", confidence=0.1, found=0, best=None)] * 2,
        *[search("mug under a cent", found=0, filtered=True, best=None)] * 3,
        search("thing", confidence=0.6),
        search("mug"),
    ]
    text = told(rows)
    assert [row[:4] for row in cells(text, "Found no good match")] == [
        ["mug under a cent", "3", "0%", "100%"],
        ["wedding dress", "2", "100%", "0%"],
    ]
    assert [row[0] for row in cells(text, "Weak")] == ["thing"]


def test_a_hash_is_named_where_somebody_asked_about_its_words() -> None:
    rows = [search("a" * 32, hashed=True), search("b" * 32, hashed=True)]
    text = told(rows, Names({}, {"a" * 32: "wedding dress"}))
    assert [row[0] for row in cells(text, "Asked most")] == ["wedding dress", "b" * 12 + "…"]


def test_pictures_are_counted_and_no_words_are_missed() -> None:
    text = told([search(None, kind="picture", confidence=0.2)] * 4)
    assert "| picture | 4 | 100.0% | 0.0% | 0.20 | 5 |" in text
    assert "No query in words was logged." in text


def test_what_people_typed_is_shown_as_text_and_nothing_else() -> None:
    text = told([search("a|b <script>\x1b[2J\u202e")])
    assert "a\\|b &lt;script>\ufffd[2J\ufffd" in text
    assert "\x1b" not in text


def test_the_days_before_are_compared_with_and_not_listed() -> None:
    early = [search("old", at=NOW - timedelta(days=9), confidence=0.9)] * 50
    late = [search("new", confidence=0.1)] * 50
    means = [mean(0, 8 + n / 10) for n in range(8)] + [mean(3, 1 + n / 10) for n in range(8)]
    products = EmbeddedProducts(
        ids=["p1", "p2"],
        text=np.eye(D, dtype=np.float32)[[0, 1]],
        image=np.zeros((2, D), np.float32),
        model=MODEL,
    )
    text = told([*early, *late, *means], products=products)
    assert [row[0] for row in cells(text, "Asked most")] == ["new"]
    ((kind, queries, now, before, change, confidence),) = cells(text, "Drift")
    assert (kind, queries) == ("words", "256")
    assert float(now) > float(before)
    assert float(change.split()[0]) == pytest.approx(0.85, abs=0.1)
    assert "(chance 0.00" in change
    assert float(confidence) > 0.25


def test_vectors_of_another_model_are_not_compared() -> None:
    means = [mean(0, 8 + n / 10, "other@1") for n in range(8)] + [
        mean(0, 1 + n / 10) for n in range(8)
    ]
    ((*_, change, _),) = cells(told([search("mug"), *means]), "Drift")
    assert change == ""


def test_a_few_means_are_not_made_much_of() -> None:
    means = [mean(0, 8 + n / 10) for n in range(2)] + [mean(3, 1 + n / 10) for n in range(2)]
    ((*_, change, _),) = cells(told([search("mug"), *means]), "Drift")
    assert change == "too few to say"


def test_an_empty_log_is_said_to_be_empty() -> None:
    assert "Nothing was logged in the last 7 days." in told([])
