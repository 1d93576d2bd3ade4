"""Options of a product with many variants, and of hostile labels."""

from __future__ import annotations

import sys
from collections import Counter
from typing import Any

import pytest

from services.contracts.products import Product
from services.gateway.agents import cleaning, options
from services.gateway.agents.options import axes_of, choice_of, product_options
from services.gateway.agents.products import Shower


def variants(**values: list[str]) -> list[Product]:
    rows = zip(*values.values(), strict=True)
    return [
        Product(
            product_id=f"v{number}",
            title="Shirt",
            price=1,
            currency="EUR",
            attributes=dict(zip(values, row, strict=True)),
        )
        for number, row in enumerate(rows)
    ]


def test_each_value_is_cleaned_a_few_times_however_many_variants_there_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    axes_values = {f"axis{axis}": [f"é {axis} {n}" for n in range(100)] for axis in range(8)}
    many = variants(**axes_values)
    calls: Counter[str] = Counter()
    real = cleaning.clean

    def counting(text: str, most: int) -> str:
        calls[text] += 1
        return real(text, most)

    monkeypatch.setattr(sys.modules[options.__name__], "clean", counting)
    axes = axes_of(many)
    found = product_options(many, axes, choice_of(many[7], axes))

    assert found
    assert [len(one.values) for one in found] == [100] * 8
    assert max(calls.values()) <= 10


def test_a_value_exists_if_it_goes_with_the_rest_of_the_choice() -> None:
    some = variants(color=["red", "Red ", "blue"], size=["S", "M", "L"], in_stock=["no", "1", "1"])
    axes = axes_of(some)
    found = product_options(some, axes, {"color": "RED", "size": "S"})
    assert found
    by_name: dict[str, Any] = {
        one.name: {it.label: (it.exists, it.available) for it in one.values} for one in found
    }
    assert by_name["color"] == {"red": (True, False), "blue": (False, False)}
    assert by_name["size"] == {"S": (True, False), "M": (True, True), "L": (False, False)}


def test_labels_of_markup_alone_make_no_option() -> None:
    assert not axes_of(variants(color=["<b></b>", "blue"]))


def test_ids_of_products_are_plain_text() -> None:
    (one,) = variants(item_group_id=["<script>x()</script>\u200b"])
    product = Shower("https://shop.example", None).product([one], [one])
    assert product.id == "%3Cscript%3Ex%28%29%3C%2Fscript%3E%E2%80%8B"
