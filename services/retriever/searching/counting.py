"""Facets: values with counts, and the span of prices."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from services.common.field_values import folded, folded_path
from services.contracts.retriever import RetrievalRequest
from services.contracts.search import (
    CATEGORY,
    EVERY_FACET,
    PRICE,
    Facets,
    FacetValue,
    Filters,
    PriceSpan,
)
from services.retriever.catalogue.catalogue import Catalogue
from services.retriever.catalogue.fields import Codes, Numbers, filtered, levels, parts_of
from services.retriever.catalogue.products import Products


def facets_of(
    catalogue: Catalogue,
    request: RetrievalRequest,
    numbers: Numbers,
    without: Callable[[str], Numbers],
) -> Facets:
    """Counts over these rows; for a field that is filtered by, over those `without` its filter.

    If variants are grouped, a group counts once for each value that one of its variants has.
    """
    counted: dict[str, list[FacetValue]] = {}
    price: PriceSpan | None = None
    active = filtered(request.filters or Filters())
    for name in _wanted(catalogue, request):
        found = without(name) if name in active else numbers
        if name == PRICE:
            asked = request.filters.price if request.filters else None
            price = price_span(catalogue.products, found, asked.currency if asked else None)
        else:
            counter = count(catalogue.products, name, found, grouped=request.group_variants)
            ranked = sorted(counter.items(), key=lambda pair: (-pair[1], pair[0]))
            counted[name] = [
                FacetValue(value=value, count=number)
                for value, number in ranked[: request.facet_values]
            ]
    return Facets(fields=counted, price=price)


def _wanted(catalogue: Catalogue, request: RetrievalRequest) -> list[str]:
    asked = request.facets
    if EVERY_FACET in asked:
        asked = [*asked, *catalogue.products.fields[0].names, PRICE]
    return [name for name in dict.fromkeys(asked) if name != EVERY_FACET]


def count(products: Products, name: str, numbers: Numbers, *, grouped: bool) -> Counter[str]:
    """Number of these rows by value; a category counts for those above it too.

    grouped: a group of variants counts once for a value.
    """
    codes, values = products.coded(name, numbers)
    numbers, codes, values = _apart(name, numbers, codes, values)
    groups = products.groups(numbers) if grouped else None
    joined: Counter[str] = Counter()
    if groups is not None:
        every = len(values) + 1
        # A row that is no variant stands for itself.
        pairs = np.where(groups < 0, -1 - numbers, groups) * every + codes + 1
        pairs = pc.unique(pa.array(pairs)).to_numpy()
        if name == CATEGORY:
            pairs, joined = _joined(pairs, values)
        codes = pairs % every - 1
    counts = np.bincount(codes[codes >= 0], minlength=len(values))
    counter = Counter({values[code]: int(counts[code]) for code in np.flatnonzero(counts)})
    return _levels_above(counter + joined) if name == CATEGORY else counter


def _joined(pairs: Numbers, values: Sequence[str]) -> tuple[Numbers, Counter[str]]:
    """The groups in several categories, counted by all of them, one a line, so that a level above
    two of them counts once; and the pairs of the others."""
    every = len(values) + 1
    pairs = np.sort(pairs[pairs % every > 0])
    _, first, sizes = np.unique(pairs // every, return_index=True, return_counts=True)
    several = sizes > 1
    spans = zip(first[several].tolist(), sizes[several].tolist(), strict=True)
    codes = (pairs % every - 1).tolist()
    joined = Counter(
        "\n".join(values[code] for code in codes[start : start + size]) for start, size in spans
    )
    return pairs[first[~several]], joined


def _apart(
    name: str, numbers: Numbers, codes: Codes, values: list[str]
) -> tuple[Numbers, Codes, list[str]]:
    """A row comes once for each of the values that its text holds."""
    by_code = [parts_of(name, value) for value in values]
    if all(len(parts) == 1 for parts in by_code):
        return numbers, codes, values
    places: dict[str, int] = {}
    spelled: list[str] = []
    numbered: list[list[int]] = []
    for parts in by_code:
        for part in parts:
            if folded(part) not in places:
                places[folded(part)] = len(spelled)
                spelled.append(part)
        numbered.append([places[folded(part)] for part in parts])
    numbered.append([])  # code -1 finds it
    rows = np.repeat(np.arange(len(codes)), np.array([*map(len, numbered)])[codes])
    of_rows = [place for code in codes.tolist() for place in numbered[code]]
    return numbers[rows], np.array(of_rows, np.intp), spelled


def _levels_above(paths: Counter[str]) -> Counter[str]:
    """Counts of every level of these categories, each spelled as most of them spell it."""
    spellings: dict[str, Counter[str]] = {}
    for path, count in paths.items():
        for level in levels(path):
            spellings.setdefault(folded_path(level), Counter())[level] += count
    return Counter({some.most_common(1)[0][0]: some.total() for some in spellings.values()})


def price_span(
    products: Products, numbers: Numbers, currency: str | None = None
) -> PriceSpan | None:
    """The span of the known prices in a currency, by default in that of most products."""
    main = products.currency
    known = np.concatenate(
        [
            fields.prices[rows][fields.priced_in(currency, main)[rows]]
            for fields, rows in products.parts(numbers)
        ]
    )
    if not len(known):
        return None
    named = (currency or main or "").upper() or None
    return PriceSpan(min=float(known.min()), max=float(known.max()), currency=named)
