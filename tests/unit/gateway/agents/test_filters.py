"""Filters of agents over the variants of a product, which the retriever did not see alone."""

from __future__ import annotations

import pytest

from services.contracts.products import Product
from services.contracts.search import Filters
from services.gateway.agents.filters import passes
from services.gateway.agents.products import Shower


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        (Filters(color=["red"]), True),
        (Filters(color=["BLUE", "green"]), True),
        (Filters(color=["Red, Blue"]), True),
        (Filters(color=["green"]), False),
        (Filters(attributes={"size": ["l"]}), True),
        (Filters(attributes={"size": ["XL"]}), False),
        (Filters(attributes={"material": ["wool"]}), False),
        (Filters(brand=["Smith, Sons"]), True),
        (Filters(brand=["Sons"]), False),
    ],
)
def test_an_attribute_with_several_values_passes_by_each(
    filters: Filters, *, expected: bool
) -> None:
    attributes = {"color": "Red, Blue", "size": "S, L"}
    product = Product(product_id="v", title="Shirt", brand="Smith, Sons", attributes=attributes)
    assert passes(product, filters, Shower("http://shop", "EUR")) is expected
