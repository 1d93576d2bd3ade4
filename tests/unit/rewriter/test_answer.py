"""The structure of a model's answer: what is usable of it, and how it is stored."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.contracts.limits import MAX_LIMITS
from services.contracts.rewriter import RewrittenQuery
from services.rewriter.answer import rewritten, stored

QUERY = "I want a red mug witout stripes, under 20 €, not blue, that is in stock"
WITHOUT = {"kind": "exclude", "text": "not blue", "excluded": ["blue"]}
UNDER = {"kind": "price", "text": "under 20 €", "price": {"max": 20}, "currency": "EUR"}
STOCK = {"kind": "in_stock", "text": "in stock"}


def read(**fields: Any) -> RewrittenQuery | None:  # noqa: ANN401
    return rewritten(json.dumps({"description": "red mug", **fields}), QUERY)


def limits(*values: object) -> list[dict[str, Any]]:
    found = read(understood=list(values))
    assert found is not None
    return [one.model_dump(exclude_defaults=True) for one in found.understood]


def test_limits_of_each_kind_are_read_in_the_contracts_terms() -> None:
    assert limits(WITHOUT, UNDER, STOCK) == [
        WITHOUT,
        {**UNDER, "price": {"max": 20.0}},
        STOCK,
    ]


def test_a_limit_has_only_the_fields_of_its_kind() -> None:
    noise = {"price": {"min": None, "max": None}, "currency": None, "excluded": None}
    assert limits({**noise, **STOCK}, {**noise, **WITHOUT}) == [STOCK, WITHOUT]


@pytest.mark.parametrize(
    "limit",
    [
        pytest.param({**WITHOUT, "text": "not green"}, id="quotes another query"),
        pytest.param({**WITHOUT, "text": ""}, id="quotes nothing"),
        pytest.param({**WITHOUT, "text": 7}, id="text of another type"),
        pytest.param({**WITHOUT, "excluded": []}, id="excludes nothing"),
        pytest.param({**WITHOUT, "excluded": ["<b>"]}, id="markup"),
        pytest.param({**WITHOUT, "excluded": ["blue\nred"]}, id="lines"),
        pytest.param({**WITHOUT, "excluded": ["x" * 61]}, id="long"),
        pytest.param({**WITHOUT, "excluded": ["one two three four five"]}, id="a sentence"),
        pytest.param({**WITHOUT, "excluded": ["blue"] * 9}, id="too many"),
        pytest.param({**WITHOUT, "excluded": "blue"}, id="no list"),
        pytest.param({**WITHOUT, "without": "red mug"}, id="unknown field"),
        pytest.param({**WITHOUT, "kind": "include"}, id="unknown kind"),
        pytest.param({**UNDER, "price": None}, id="no price"),
        pytest.param({**UNDER, "price": {}}, id="empty price"),
        pytest.param({**UNDER, "price": {"max": "20"}}, id="price as text"),
        pytest.param({**UNDER, "currency": "\ud800"}, id="currency that is no text"),
        pytest.param({**UNDER, "price": {"max": -1}}, id="below zero"),
        pytest.param({**UNDER, "price": {"max": float("inf")}}, id="endless"),
        pytest.param({**UNDER, "price": {"min": 30, "max": 20}}, id="upside down"),
        pytest.param({"kind": ["price"], "text": "under 20 €"}, id="kind of another type"),
        pytest.param("under 20 €", id="text alone"),
        pytest.param(None, id="null"),
    ],
)
def test_an_unusable_limit_is_left_out_and_the_others_stay(limit: object) -> None:
    assert limits(limit, STOCK) == [STOCK]


def test_the_number_of_limits_is_bounded_and_each_counts_once() -> None:
    many = [{**WITHOUT, "excluded": [f"colour {chr(97 + n)}"]} for n in range(20)]
    assert len(limits(*many)) == MAX_LIMITS
    assert limits(STOCK, STOCK) == [STOCK]


@pytest.mark.parametrize("limits", [None, {}, "none", 7, [[]]])
def test_limits_of_another_structure_are_none(limits: object) -> None:
    found = read(understood=limits)
    assert found is not None
    assert found.understood == []


@pytest.mark.parametrize(
    ("correction", "kept"),
    [
        (QUERY.replace("witout", "without"), True),
        (QUERY, False),
        (QUERY.upper(), False),
        (QUERY.replace("20", "200"), False),
        (QUERY.replace("witout", "with\u202eout"), False),
        ("x" * 2_000 + "20", False),
        ("", False),
        (None, False),
        (["a mug"], False),
    ],
)
def test_a_correction_is_one_plain_line_with_the_same_numbers(
    correction: object, kept: bool
) -> None:
    found = read(corrected_query=correction)
    assert found is not None
    assert found.corrected_query == (correction if kept else None)


def test_an_answer_with_an_unknown_field_is_unusable() -> None:
    assert read(title="red mug") is None
    assert rewritten(json.dumps({"understood": [STOCK]}), QUERY) is None


def test_what_is_stored_is_read_again() -> None:
    found = read(understood=[WITHOUT, UNDER, STOCK], corrected_query=QUERY.replace("wito", "witho"))
    assert found is not None
    assert rewritten(stored(found), QUERY) == found


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda some: (
        st.lists(some, max_size=3)
        | st.dictionaries(
            st.sampled_from(["kind", "text", "price", "excluded", "currency", "min", "max"]), some
        )
    ),
    max_leaves=12,
)


@given(_JSON, _JSON)
def test_any_json_is_read_without_an_error(understood: object, correction: object) -> None:
    found = read(understood=understood, corrected_query=correction)
    assert found is not None
    assert len(found.understood) <= MAX_LIMITS
