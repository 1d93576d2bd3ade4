"""Classes of queries: the figure of each, in both halves, by every way to search."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from services.pipeline.evaluation.classes import ARMS, BOTH, ClassFigure, measure_classes
from services.pipeline.evaluation.searching import Answer, Setup
from services.pipeline.judging.golden import Golden, GoldenQuery, Variant

GOLDEN = Golden(
    [
        GoldenQuery("i1", "identifier", "id", text="sample 1", half="tune"),
        GoldenQuery("i2", "identifier", "id", text="sample 2"),
        GoldenQuery("l1", "limit", "price", text="mug under 20"),
        GoldenQuery("t1", "text", "brand", text="lumo mug"),
        GoldenQuery("t2", "text", "not a colour", text="mug, not red"),
        GoldenQuery("w1", "name", "a synonym", text="scarlet"),
        GoldenQuery("n1", "nonsense", "bare", text="xqz"),
        GoldenQuery("o1", "off_catalogue", "bare", text="car", half="tune"),
    ],
    {
        "i1": {"p1": "E"},
        "i2": {"p2": "E"},
        "l1": {f"p{n}": "E" if n < 8 else "S" for n in range(10)},
        "t1": {"p1": "E", "p2": "S"},
        "t2": {"p3": "E"},
        "w1": {"p1": "E", "p2": "E"},
    },
    [Variant("t1", "typos", "lmuo mug"), Variant("t1", "case", "LUMO mug")],
)
ANSWERS = {
    "sample 1": Answer(["p1"], [1.0], 1.0),
    "sample 2": Answer(["p3", "p2"], [1.0, 0.9], 1.0),
    "mug under 20": Answer(["p0", "p9", "p1", "p8", "p2", "p3"], [0.5] * 6, 0.9),
    "lumo mug": Answer(["p1", "p2"], [1.0, 0.9], 0.9),
    "lmuo mug": Answer(["p2", "p1"], [1.0, 0.9], 0.2),
    "mug, not red": Answer(["p3"], [1.0], 0.9),
    "scarlet": Answer(["p9"], [1.0], 0.4),
    "xqz": Answer([], [], 0.1),
    "car": Answer(["p1"], [1.0], 0.7),
}


def figures() -> list[ClassFigure]:
    asked: list[tuple[str, int | None]] = []

    def ask(texts: Sequence[str], setups: Sequence[Setup], depth: int | None) -> list[list[Answer]]:
        asked.extend((setup.name, depth) for setup in setups for _ in texts)
        return [[ANSWERS[text] for text in texts] for _ in setups]

    found = measure_classes(GOLDEN, ask)
    assert {name for name, _ in asked} == {arm.name for arm in ARMS}
    return found


@pytest.mark.parametrize(
    ("name", "measure", "half", "mean"),
    [
        ("identifiers", "right one first", "tune", 1.0),
        ("identifiers", "right one first", "report", 0.0),
        ("price limits", "right among the first five", "report", 0.6),
        ("synonyms alone", "“no match”", "report", 1.0),
        ("synonyms alone", "right among the first five", "report", 0.0),
        ("typos", "“no match”", "report", 1.0),
        ("plain words", "NDCG", "report", 1.0),
        ("plain words", "“no match”", "report", 0.0),
        ("form: brand", "NDCG", "report", 1.0),
        ("form: not a colour", "NDCG", "report", 1.0),
        ("nonsense", "match", "report", 0.0),
        ("not sold", "match", "tune", 1.0),
    ],
)
def test_each_class_has_its_own_figure_in_its_half(
    name: str, measure: str, half: str, mean: float
) -> None:
    (found,) = (
        one
        for one in figures()
        if (one.name, one.measure, one.half, one.arm) == (name, measure, half, BOTH.name)
    )
    assert found.value.mean == pytest.approx(mean)
    assert found.queries >= 1


def test_names_for_tracking_are_plain_and_differ() -> None:
    slugs = [one.slug for one in figures() if one.half == "report"]
    assert len(set(slugs)) == len(slugs)
    assert all(slug.replace("/", "").replace("_", "").isalnum() for slug in slugs)
