"""Fields of products and filters as an engine compares them; see `index/row_fields.py`.

What `Fields.passing` lets through meets the conditions of the same filters.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from services.common.field_values import SINGLE, folded, folded_path, says_yes, values_in
from services.contracts.retriever import CatalogueInfo
from services.contracts.search import (
    CATEGORY,
    CURRENCY,
    GROUP,
    IN_STOCK,
    PRICE,
    Filters,
    PriceRange,
)
from services.retriever.catalogue.fields import (
    ALWAYS,
    Fields,
    filtered,
    levels,
    wanted_values,
)
from services.retriever.index import (
    Between,
    Changes,
    Condition,
    OneOf,
    Origin,
    RowFields,
    code_of,
)
from services.retriever.index.row_fields import NO_CODE

_IN_STOCK, _OUT_OF_STOCK = 1, 2
_MOST_CATEGORIES = 100
_MANY = code_of("\nmore categories than a row can have")
_SEVERAL = code_of("\nseveral values")
_NO_PRICE = -1.0


def origin_of(catalogue: CatalogueInfo, changes: Changes, fields: Fields) -> Origin:
    """The rows of a version after some changes, and the fields that they have."""
    name = f"{catalogue.version} {catalogue.model} {catalogue.dimension}"
    return Origin(name, changes, _coded(fields), (CATEGORY,), (PRICE,))


def engine_fields(ids: Sequence[str], fields: Fields) -> RowFields:
    """ids: of the n products that the fields are of."""
    codes = {name: _codes(name, fields) for name in _coded(fields)}
    categories = fields.column(CATEGORY)
    by_value = [*map(_levels, categories.values), []]
    sets = {CATEGORY: [by_value[code] for code in categories.codes.tolist()]}
    prices = np.nan_to_num(fields.prices, nan=_NO_PRICE)
    return RowFields(ids, codes, sets, {PRICE: prices})


def conditions_of(
    filters: Filters, fields: Fields, without: str | None, currency: str | None
) -> list[Condition]:
    """Conditions that all products meet which pass these filters, one field left aside.

    currency: that of most products, for a price filter.
    """
    conditions: list[Condition] = []
    for name in filtered(filters):
        if name == without:
            continue
        if name == PRICE and filters.price is not None:
            conditions += _priced(filters.price, currency)
        elif name == CATEGORY:
            wanted = [code_of(folded_path(path)) for path in wanted_values(filters, name)]
            conditions.append(OneOf(name, (*wanted, _MANY)))
        elif name == IN_STOCK and filters.in_stock is not None:
            conditions.append(OneOf(name, (_IN_STOCK if filters.in_stock else _OUT_OF_STOCK,)))
        else:
            code = _coder(name, fields)
            codes = tuple(code(value) for value in wanted_values(filters, name))
            conditions.append(OneOf(name, codes if name in SINGLE else (*codes, _SEVERAL)))
    return conditions


def _coded(fields: Fields) -> list[str]:
    """Names of the fields that have one value."""
    names = {*fields.names, *ALWAYS, GROUP, CURRENCY}
    return sorted(names - {CATEGORY})


def _coder(name: str, fields: Fields) -> Callable[[str], int]:
    if name == IN_STOCK:
        return lambda value: _IN_STOCK if says_yes(value) else _OUT_OF_STOCK
    fold = fields.column(name).fold
    return lambda value: code_of(fold(value))


def _codes(name: str, fields: Fields) -> NDArray[np.int64]:
    column, code = fields.column(name), _coder(name, fields)
    known = (_SEVERAL if len(values_in(name, one)) > 1 else code(one) for one in column.values)
    # One place more than there are values: code -1 finds it.
    by_value = np.array([*known, NO_CODE], np.int64)
    codes: NDArray[np.int64] = by_value[column.codes]
    return codes


def _levels(paths: str) -> list[int]:
    found = [code_of(folded_path(level)) for level in levels(paths)]
    return found if len(found) <= _MOST_CATEGORIES else [_MANY]


def _priced(price: PriceRange, main: str | None) -> list[Condition]:
    """See `Fields.priced_in`."""
    conditions: list[Condition] = [Between(PRICE, price.min or 0.0, price.max)]
    wanted = price.currency or main
    if wanted is not None:
        unnamed = [NO_CODE] if main is None or folded(wanted) == folded(main) else []
        conditions.append(OneOf(CURRENCY, (code_of(folded(wanted)), *unnamed)))
    return conditions
