"""What products have in common: values with counts, and the span of their prices."""

from __future__ import annotations

from collections import Counter

import numpy as np

from services.contracts.search import CATEGORY, FacetValue, PriceSpan
from services.retriever.catalogue.fields import Numbers, levels
from services.retriever.catalogue.products import Products


def count(products: Products, name: str, numbers: Numbers, most: int) -> list[FacetValue]:
    """The most frequent values of these rows; a category counts for those above it too."""
    counter: Counter[str] = Counter()
    for fields, rows in products.parts(numbers):
        fields.column(name).count(rows, counter)
    if name == CATEGORY:
        above: Counter[str] = Counter()
        for path, count in counter.items():
            for level in levels(path):
                above[level] += count
        counter = above
    ranked = sorted(counter.items(), key=lambda pair: (-pair[1], pair[0]))
    return [FacetValue(value=value, count=count) for value, count in ranked[:most]]


def price_span(products: Products, numbers: Numbers) -> PriceSpan | None:
    """Of the prices that are known."""
    prices = products.prices(numbers)
    known = prices[~np.isnan(prices)]
    if not len(known):
        return None
    return PriceSpan(min=float(known.min()), max=float(known.max()))
