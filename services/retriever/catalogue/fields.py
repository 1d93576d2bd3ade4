"""Fields for filters, facets and groups, as columns of small numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from pydantic_core import from_json

from services.common.field_values import (
    LEVEL,
    SINGLE,
    folded,
    folded_path,
    is_within,
    says_yes,
    several,
    spaced_path,
    values_in,
)
from services.contracts.products import MORE_CATEGORIES
from services.contracts.search import (
    BRAND,
    CATEGORY,
    COLOR,
    CURRENCY,
    GROUP,
    IN_STOCK,
    PRICE,
    Filters,
)
from services.retriever.index import Passing
from services.retriever.words import Value

ALWAYS = (COLOR, IN_STOCK, GROUP)
"""Attributes that a search knows by name."""
READ = ("attributes", CATEGORY, BRAND, CURRENCY, PRICE)
"""Columns of a table of products that its fields are read from."""

Numbers = NDArray[np.intp]
Codes = NDArray[np.signedinteger[Any]]
"""As narrow as the number of values allows."""
Fold = Callable[[str], str]


def folded_paths(text: str) -> str:
    """The folded form of several categories, one a line."""
    return "\n".join(map(folded_path, text.split("\n")))


@dataclass(frozen=True)
class Column:
    """One text field of n products: one value for all spellings that differ in letter case."""

    values: Sequence[str]
    """Most frequent first, each as most rows spell it."""
    codes: Codes
    """(n,) positions in `values`; -1 where the product has none."""
    fold: Fold

    @classmethod
    def of(cls, texts: pa.Array | pa.ChunkedArray, fold: Fold = folded) -> Column:
        """texts: of type string or a dictionary of it; empty and null alike are no value.

        fold: the form that two spellings of one value share; letter case and blanks put aside.
        """
        if isinstance(texts, pa.ChunkedArray):
            texts = texts.combine_chunks()
        if isinstance(texts, pa.ChunkedArray):  # without any chunk
            texts = pa.array([], pa.string())
        if not pa.types.is_dictionary(texts.type):
            texts = pc.dictionary_encode(texts)
        spellings = ["" if value is None else value for value in texts.dictionary.to_pylist()]
        codes = pc.fill_null(texts.indices, -1).to_numpy(zero_copy_only=False).astype(np.int32)
        counts = np.bincount(codes[codes >= 0], minlength=len(spellings))
        by_form: dict[str, list[int]] = {}
        for number in np.argsort(-counts, kind="stable").tolist():
            if form := fold(spellings[number]):
                by_form.setdefault(form, []).append(number)
        products = counts.tolist()
        rows = {form: sum(products[one] for one in some) for form, some in by_form.items()}
        ordered = sorted(by_form, key=lambda form: -rows[form])
        places = {one: place for place, form in enumerate(ordered) for one in by_form[form]}
        # One place more than there are spellings: code -1 finds it, and stays -1.
        merged = np.array([places.get(one, -1) for one in range(len(spellings) + 1)], np.int32)
        narrow = merged.astype(np.min_scalar_type(-max(1, len(ordered))))
        return cls([spellings[by_form[form][0]] for form in ordered], narrow[codes], fold)

    @cached_property
    def _places(self) -> Mapping[str, int]:
        """Positions in `values` by folded form."""
        return {self.fold(value): number for number, value in enumerate(self.values)}

    @cached_property
    def _by_code(self) -> tuple[NDArray[np.int32], Codes]:
        """The rows in order of their codes, and the codes in that order."""
        rows = np.argsort(self.codes, kind="stable").astype(np.int32)
        return rows, self.codes[rows]

    def rows_of(self, value: str) -> list[int]:
        """The rows that have this value, without a look at the others."""
        code = self._places.get(self.fold(value))
        if code is None:
            return []
        rows, codes = self._by_code
        # With a number of another type, NumPy would copy all codes to compare them.
        own = codes.dtype.type(code)
        first, last = codes.searchsorted(own), codes.searchsorted(own, side="right")
        found: list[int] = rows[first:last].tolist()
        return found

    @cached_property
    def _places_of_parts(self) -> Mapping[str, list[int]]:
        """Positions in `values` of those that hold several, by the folded form of each part."""
        places: dict[str, list[int]] = {}
        for number, value in enumerate(self.values):
            parts = several(value)
            for part in parts if len(parts) > 1 else ():
                places.setdefault(self.fold(part), []).append(number)
        return places

    def passing(self, wanted: Iterable[str], *, parts: bool = False) -> Passing:
        """(n,) whether the value is one of those. parts: or holds one among several."""
        forms = [self.fold(value) for value in wanted]
        numbers = [self._places[form] for form in forms if form in self._places]
        if parts:
            numbers += [one for form in forms for one in self._places_of_parts.get(form, ())]
        return self._having(numbers)

    def passing_below(self, paths: Iterable[str]) -> Passing:
        """(n,) whether the value is one of these paths, or further down one."""
        wanted = [folded_path(path) for path in paths]
        return self._having(
            number
            for paths, number in self._places.items()
            if any(is_within(path, one) for path in paths.split("\n") for one in wanted)
        )

    def passing_truth(self, wanted: bool) -> Passing:
        """(n,) whether the value says yes, or, `wanted` being False, says anything else."""
        return self._having(
            number for number, value in enumerate(self.values) if says_yes(value) is wanted
        )

    def _having(self, numbers: Iterable[int]) -> Passing:
        # One place more than there are values: code -1 finds it, and it says no.
        allowed = np.zeros(len(self.values) + 1, np.bool_)
        allowed[list(numbers)] = True
        return allowed[self.codes]

    def codes_as(self, other: Column) -> Codes:
        """(n,) the codes that `other` has for the same values; values that it lacks come behind."""
        places = dict(other._places)
        for form in self._places:
            places.setdefault(form, len(places))
        codes = np.array([*(places[form] for form in self._places), -1], np.int32)
        return codes[self.codes]

    def beyond(self, other: Column) -> list[str]:
        """The values that `other` lacks, in the order of their codes in `codes_as`."""
        forms = zip(self._places, self.values, strict=True)
        return [value for form, value in forms if form not in other._places]

    @cached_property
    def frequencies(self) -> NDArray[np.intp]:
        """(v,) the rows that have each value."""
        return self.frequencies_in(slice(None))

    def frequencies_in(self, rows: Numbers | slice) -> NDArray[np.intp]:
        """(v,) those of these rows that have each value."""
        codes = self.codes[rows]
        return np.bincount(codes[codes >= 0], minlength=len(self.values))

    def of_row(self, row: int) -> str | None:
        """The value of one row."""
        code = int(self.codes[row])
        return None if code < 0 else self.values[code]


_FOLDS: Mapping[str, Fold] = {GROUP: str, CATEGORY: folded_paths}
"""The folds of fields that have another than `folded`."""


class Fields:
    """The columns of n products."""

    def __init__(self, columns: Mapping[str, Column], prices: NDArray[np.float64]) -> None:
        """prices: (n,), NaN where unknown."""
        self._columns = columns
        self.prices = prices

    @classmethod
    def of(cls, said: pa.Table) -> Fields:
        """said: see `said_by`."""
        columns = {
            name: Column.of(said.column(name), _FOLDS.get(name, folded))
            for name in said.column_names
            if name != PRICE
        }
        prices = said.column(PRICE)
        if prices.null_count:
            prices = pc.fill_null(prices, float("nan"))
        # The table's own, without a copy, where it lies in one piece.
        return cls(columns, prices.to_numpy())

    @cached_property
    def values_by_form(self) -> Mapping[str, Sequence[Value]]:
        """Values of the filtered fields, by folded form."""
        found: dict[str, list[Value]] = {}
        for name in self.names:
            column = self.column(name)
            if name == IN_STOCK:
                continue
            counts: dict[str, int] = {}
            spelled: dict[str, str] = {}
            for value, count in zip(column.values, column.frequencies.tolist(), strict=True):
                for part in values_in(name, value):
                    form = folded(part)
                    spelled.setdefault(form, part)  # the most frequent spelling comes first
                    counts[form] = counts.get(form, 0) + count
            for form, count in counts.items():
                found.setdefault(form, []).append(Value(name, spelled[form], count))
        return found

    @cached_property
    def price_count(self) -> int:
        """Number of products with a price."""
        return len(self.prices) - int(np.count_nonzero(np.isnan(self.prices)))

    @property
    def names(self) -> list[str]:
        """Names of the fields for filters and facets, except price."""
        return sorted(name for name in self._columns if name not in (GROUP, CURRENCY))

    def column(self, name: str) -> Column:
        """Raises KeyError for what is not filterable."""
        return self._columns[name]

    def priced_in(self, currency: str | None, main: str | None) -> Passing:
        """(n,) the products with a price in a currency, by default in the main one.

        main: the currency of most products; prices without a currency are in it.
        """
        priced = ~np.isnan(self.prices)
        column = self.column(CURRENCY)
        wanted = currency or main
        if wanted is not None:
            named = column.passing([wanted])
            if main is None or folded(wanted) == folded(main):
                named |= column.codes < 0
            priced &= named
        return priced

    def passing(
        self, filters: Filters, without: str | None = None, *, currency: str | None = None
    ) -> Passing:
        """(n,) the products that pass all filters, one field left aside.

        currency: that of most products, for a price filter.
        """
        passing = np.ones(len(self.prices), np.bool_)
        for name in filtered(filters):
            if name == without:
                continue
            if name == PRICE and filters.price is not None:
                passing &= self.priced_in(filters.price.currency, currency)
                if filters.price.min is not None:
                    passing &= self.prices >= filters.price.min
                if filters.price.max is not None:
                    passing &= self.prices <= filters.price.max
            elif name == CATEGORY:
                passing &= self.column(name).passing_below(wanted_values(filters, name))
            elif name == IN_STOCK and filters.in_stock is not None:
                passing &= self.column(name).passing_truth(filters.in_stock)
            else:
                wanted = wanted_values(filters, name)
                passing &= self.column(name).passing(wanted, parts=name not in SINGLE)
        return passing


def said_by(table: pa.Table, attributes: Sequence[str]) -> pa.Table:
    """Texts of n products, one a product and field, and their prices.

    table: of `ProductTable`.  attributes: those that may be filtered by.
    """
    names = list(dict.fromkeys([*ALWAYS, *attributes]))
    values: dict[str, list[str | None]] = {name: [] for name in names}
    for text in table.column("attributes").to_pylist():
        said = from_json(text) if text else {}
        for name in names:
            values[name].append(said.get(name))
    columns = {name: pa.array(texts, pa.string()) for name, texts in values.items()}
    columns[CATEGORY] = _categories(table).cast(pa.string())
    for name in (BRAND, CURRENCY):
        columns[name] = table.column(name).cast(pa.string())
    return pa.table({**columns, PRICE: table.column(PRICE)})


def filtered(filters: Filters) -> list[str]:
    """The fields that these filters look at."""
    given = {
        CATEGORY: filters.category,
        BRAND: filters.brand,
        COLOR: filters.color,
        IN_STOCK: filters.in_stock,
        PRICE: filters.price,
    }
    return [*(name for name, value in given.items() if value is not None), *filters.attributes]


def wanted_values(filters: Filters, name: str) -> Sequence[str]:
    """The values asked for of a field that is compared as text."""
    if name == CATEGORY and filters.category is not None:
        return filters.category
    if name == BRAND and filters.brand is not None:
        return filters.brand
    if name == COLOR and filters.color is not None:
        return filters.color
    return filters.attributes[name]


def levels(paths: str) -> list[str]:
    """A category and all above it: `A > B` gives `A` and `A > B`; of several lines each once."""
    found: dict[str, str] = {}
    for path in paths.split("\n"):
        parts = spaced_path(path).split(LEVEL)
        for depth in range(len(parts)):
            level = LEVEL.join(parts[: depth + 1])
            found.setdefault(folded_path(level), level)
    return list(found.values())


def _categories(table: pa.Table) -> pa.Array | pa.ChunkedArray:
    """The category of each product, and below it, one a line, the others that it is in."""
    column = table.column(CATEGORY)
    several: dict[int, str] = {}
    for row, text in enumerate(table.column("attributes").to_pylist()):
        if text and MORE_CATEGORIES in text and (more := from_json(text).get(MORE_CATEGORIES)):
            several[row] = str(more)
    if not several:
        return column
    texts = column.to_pylist()
    for row, more in several.items():
        texts[row] = "\n".join(filter(None, (texts[row], more)))
    return pa.array(texts, pa.string())
