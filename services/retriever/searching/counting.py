"""Facets: values with counts, and the span of prices."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from services.common.field_values import SINGLE, folded, folded_path, several
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
from services.retriever.catalogue.fields import Codes, Numbers, filtered, levels
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
    many = sizes > 1
    spans = zip(first[many].tolist(), sizes[many].tolist(), strict=True)
    codes = (pairs % every - 1).tolist()
    joined = Counter(
        "\n".join(values[code] for code in codes[start : start + size]) for start, size in spans
    )
    return pairs[first[~many]], joined


def _apart(
    name: str, numbers: Numbers, codes: Codes, values: list[str]
) -> tuple[Numbers, Codes, list[str]]:
    """A row comes once for each of the values that its text holds."""
    if name in SINGLE:
        return numbers, codes, values
    held = {code: several(values[code]) for code in np.unique(codes[codes >= 0]).tolist()}
    if all(len(parts) == 1 for parts in held.values()):
        return numbers, codes, values
    places: dict[str, int] = {}
    spelled: dict[int, str] = {}
    placed: dict[int, list[int]] = {-1: []}
    for code, parts in held.items():
        placed[code] = [places.setdefault(folded(part), len(places)) for part in parts]
        for place, part in zip(placed[code], parts, strict=True):
            spelled.setdefault(place, part)
    by_row = [placed[code] for code in codes.tolist()]
    apart = np.array([place for some in by_row for place in some], np.intp)
    return np.repeat(numbers, [*map(len, by_row)]), apart, [*spelled.values()]


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
