"""Attributes with several values: those of variants that a feed gathered in one product."""

from __future__ import annotations

import json
from collections.abc import Sequence

import numpy as np
import pytest

from services.common.field_values import several
from services.contracts.search import Filters
from services.retriever.catalogue.completions import Values
from services.retriever.catalogue.engine_fields import conditions_of, engine_fields
from services.retriever.catalogue.product_table import TEXT_COLUMNS, ProductTable, product_batch
from services.retriever.catalogue.products import Products
from services.retriever.index import OneOf
from services.retriever.searching.counting import count

COLORS = ["Red, Blue", "red", "blue, Red, ", "Navy", "", "Red,Blue"]


def table(colors: Sequence[str], **further: str) -> ProductTable:
    texts = {name: [""] * len(colors) for name in TEXT_COLUMNS}
    texts["title"] = ["Shirt"] * len(colors)
    texts["brand"] = ["Smith, Sons"] * len(colors)
    texts["attributes"] = [json.dumps({"color": color, **further}) for color in colors]
    ids = [f"p{number}" for number in range(len(colors))]
    batch, refused = product_batch(ids, texts, [1.0] * len(colors))
    assert refused == []
    return ProductTable.of([batch], [])


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("Red, Blue", ["Red", "Blue"]),
        ("red, Red , ", ["red"]),
        ("1,5 l", ["1,5 l"]),
        (", ", [", "]),
    ],
)
def test_values_stand_between_a_comma_and_a_blank(text: str, values: list[str]) -> None:
    assert several(text) == values


@pytest.mark.parametrize(
    ("wanted", "rows"),
    [
        (["RED"], [0, 1, 2]),
        (["blue"], [0, 2]),
        (["navy", "blue"], [0, 2, 3]),
        (["Red, Blue"], [0]),
        (["green"], []),
    ],
)
def test_a_filter_finds_each_of_the_values(wanted: list[str], rows: list[int]) -> None:
    fields = table(COLORS).fields
    filters = Filters(color=wanted)
    assert np.flatnonzero(fields.passing(filters)).tolist() == rows
    # Where an engine filters, more rows may come through, never fewer.
    (condition,) = conditions_of(filters, fields, None, None)
    assert isinstance(condition, OneOf)
    codes = engine_fields([f"p{number}" for number in range(len(COLORS))], fields).codes["color"]
    assert set(rows) <= set(np.flatnonzero(np.isin(codes, condition.codes)).tolist())


@pytest.mark.parametrize("spelled", ["Cr\u00e8me", "cre\u0300me"])
def test_an_accent_in_one_or_two_characters_is_the_same_value(spelled: str) -> None:
    products = Products(table(["Cr\u00e8me", "Cre\u0300me, Red"]), None)
    filters = Filters(color=[spelled])
    assert np.flatnonzero(table(["Cr\u00e8me", "Cre\u0300me"]).fields.passing(filters)).size == 2
    found = count(products, "color", np.arange(2), grouped=False)
    assert sorted(found.values()) == [1, 2]


def test_a_name_with_a_comma_is_one_brand() -> None:
    fields = table(COLORS).fields
    assert fields.passing(Filters(brand=["smith, sons"])).all()
    assert not fields.passing(Filters(brand=["Smith"])).any()


@pytest.mark.parametrize(
    ("group", "expected"),
    [({}, {"Red": 3, "Blue": 2, "Navy": 1, "Red,Blue": 1}), ({"item_group_id": "g"}, None)],
)
def test_a_facet_counts_each_of_the_values(
    group: dict[str, str], expected: dict[str, int] | None
) -> None:
    products = Products(table(COLORS, **group), None)
    found = count(products, "color", np.arange(len(COLORS)), grouped=True)
    folded = {name.casefold(): number for name, number in found.items()}
    expected = expected or dict.fromkeys(("red", "blue", "navy", "red,blue"), 1)
    assert folded == {name.casefold(): number for name, number in expected.items()}


def test_queries_and_suggestions_know_each_of_the_values() -> None:
    fields = table(COLORS).fields
    known = {form: [one.products for one in some] for form, some in fields.values_by_form.items()}
    assert known["red"] == [3]
    assert known["blue"] == [2]
    assert "red, blue" not in known
    texts = {value.text.casefold(): value.codes for value in Values(fields).every}
    assert len(texts["red"]) == 3
