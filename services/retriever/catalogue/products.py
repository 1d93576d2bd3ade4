"""Metadata of products by the row numbers of an index: a version's own, and those put in since."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from services.common.field_values import folded, says_yes
from services.contracts.search import CURRENCY, GROUP, IN_STOCK
from services.retriever.catalogue.completions import CompletionPart, Completions
from services.retriever.catalogue.fields import Codes, Fields, Numbers
from services.retriever.catalogue.product_table import ProductTable
from services.retriever.index import Ids, Passing
from services.retriever.words import Phrases, Words

Floats = NDArray[np.float64]
Value = TypeVar("Value", bound=np.generic)
Read = TypeVar("Read")


@dataclass(frozen=True, slots=True)
class RowPhrases:
    """Phrases in the titles of some rows."""

    rows: list[int]
    phrases: Phrases


class Products:
    """Metadata by the row numbers of a `LiveIndex`: a version's own first, then what was put in."""

    def __init__(
        self,
        base: ProductTable,
        added: ProductTable | None = None,
        replaced: frozenset[int] = frozenset(),
        gone_phrases: Sequence[RowPhrases] = (),
    ) -> None:
        """replaced: rows of the base that are no longer found.  gone_phrases: of these."""
        self._base = base
        self._added = added
        self._replaced = replaced
        self._gone_phrases = gone_phrases

    @cached_property
    def completed(self) -> list[CompletionPart]:
        """The completions of queries, by table."""
        base, added, gone = self._base, self._added, self._gone
        phrases = [one.phrases for one in self._gone_phrases]
        parts = [CompletionPart(0, base.completions, gone, phrases)]
        if added is not None:
            completions = Completions(added.every_phrase.phrases(), added.fields)
            parts.append(CompletionPart(len(base), completions, gone[:0], ()))
        return parts

    @cached_property
    def _gone(self) -> Numbers:
        """Rows of the base that are no longer found."""
        return np.array(sorted(self._replaced), np.intp)

    @property
    def _tables(self) -> Iterator[tuple[Fields, Numbers]]:
        """The fields of each table, and its rows that are no longer found."""
        yield self._base.fields, self._gone
        if self._added is not None:
            yield self._added.fields, self._gone[:0]

    @property
    def ids(self) -> Ids:
        """Ids of the version's own products."""
        return self._base.held_ids

    @property
    def added(self) -> ProductTable | None:
        """Products that were put in since, in ascending order of id."""
        return self._added

    @property
    def fields(self) -> list[Fields]:
        """The base's columns, then those of the added rows."""
        return [self._base.fields, *([] if self._added is None else [self._added.fields])]

    def place(self, number: int) -> tuple[Fields, int]:
        """The fields that a row number is of, and the row there."""
        if number < len(self._base) or self._added is None:
            return self._base.fields, number
        return self._added.fields, number - len(self._base)

    def parts(self, numbers: Numbers) -> list[tuple[Fields, Numbers]]:
        """The same for many, parted by table, each in the order given."""
        base = len(self._base)
        parts = [(self._base.fields, numbers[numbers < base])]
        if self._added is not None:
            parts.append((self._added.fields, numbers[numbers >= base] - base))
        return parts

    def prices(self, numbers: Numbers) -> Floats:
        """Prices of these row numbers, in the order given; NaN if unknown."""
        return self._gathered(numbers, [one.prices for one in self.fields])

    @property
    def currency(self) -> str | None:
        """The currency that most products have; None if none has one."""
        return next((code.upper() for code, _ in self._priced_in.most_common(1)), None)

    def priced(self, numbers: Numbers) -> tuple[Floats, Floats]:
        """Currency and price of these rows: the currency that most products have is 0.

        Prices without a currency are in that one. Rows without a price have NaN, and a currency
        behind all others.
        """
        prices = self.prices(numbers)
        codes, values = self.coded(CURRENCY, numbers)
        main = [*map(folded, values)].index(folded(self.currency)) if self.currency else 0
        currencies = codes.astype(np.float64)
        currencies[currencies < 0] = main
        currencies = np.where(currencies == main, 0, currencies + (currencies < main))
        currencies[np.isnan(prices)] = math.inf
        return currencies, prices

    @cached_property
    def has_prices(self) -> bool:
        """True if any product has a price."""
        return any(
            fields.price_count > np.count_nonzero(~np.isnan(fields.prices[gone]))
            for fields, gone in self._tables
        )

    @cached_property
    def has_stock(self) -> bool:
        """True if any product is said to be in stock."""
        return any(map(says_yes, self._said(IN_STOCK)))

    @property
    def currencies(self) -> set[str]:
        """Codes of all currencies, in upper case."""
        return {code.upper() for code in self._priced_in}

    @cached_property
    def _priced_in(self) -> Counter[str]:
        return self._said(CURRENCY)

    def _said(self, name: str) -> Counter[str]:
        """Number of products by the folded value of a field."""
        counts: Counter[str] = Counter()
        for fields, gone in self._tables:
            column = fields.column(name)
            left = column.frequencies - column.frequencies_in(gone)
            for value, count in zip(column.values, left.tolist(), strict=True):
                counts[folded(value)] += count
        return +counts

    @property
    def has_groups(self) -> bool:
        """True if any product is a variant."""
        return any(one.column(GROUP).values for one in self.fields)

    def groups(self, numbers: Numbers) -> Numbers | None:
        """(m,) the group of variants of each row; -1 where it is no variant. None: no row is."""
        if not self.has_groups:
            return None
        return self._gathered(numbers, self._codes(GROUP)).astype(np.intp)

    def coded(self, name: str, numbers: Numbers) -> tuple[Codes, list[str]]:
        """(m,) codes of a field in these rows, -1 for no value; and the value of each code."""
        values = list(self._base.fields.column(name).values)
        if self._added is not None:
            values += self._added.fields.column(name).beyond(self._base.fields.column(name))
        return self._gathered(numbers, self._codes(name)), values

    def group_of(self, number: int) -> list[int]:
        """Row numbers of the variants of a product, its own among them; none if it is no variant.

        Those that were replaced are among them too.
        """
        fields, row = self.place(number)
        group = fields.column(GROUP).of_row(row)
        if group is None:
            return []
        numbers = self._base.fields.column(GROUP).rows_of(group)
        if self._added is not None:
            added = self._added.fields.column(GROUP).rows_of(group)
            numbers += [len(self._base) + one for one in added]
        return numbers

    def _codes(self, name: str) -> list[Codes]:
        """Codes of a field by table, in which equal values have equal codes."""
        base = self._base.fields.column(name)
        if self._added is None:
            return [base.codes]
        return [base.codes, self._added.fields.column(name).codes_as(base)]

    def _gathered(self, numbers: Numbers, by_table: Sequence[NDArray[Value]]) -> NDArray[Value]:
        """Values of these rows, in the order given, out of one array a table."""
        if len(by_table) == 1:
            return by_table[0][numbers]
        base = len(self._base)
        of_base = numbers < base
        gathered = np.empty(len(numbers), np.result_type(*(one.dtype for one in by_table)))
        gathered[of_base] = by_table[0][numbers[of_base]]
        gathered[~of_base] = by_table[1][numbers[~of_base] - base]
        return gathered

    def values(self, numbers: Sequence[int]) -> list[dict[str, Any]]:
        """The fields of `Product` of these row numbers, in the order given."""
        return self._read(ProductTable.values, numbers)

    def texts(self, name: str, numbers: Numbers) -> list[str]:
        """Texts of one column of these row numbers, in the order given."""
        return self._read(
            lambda table, rows: table.texts(name, np.asarray(rows, np.intp)), numbers.tolist()
        )

    def written(self, numbers: Sequence[int]) -> list[bytes]:
        """The JSON of each of these row numbers as far as a comma: more fields can follow."""
        return self._read(ProductTable.written, numbers)

    def _read(
        self,
        read: Callable[[ProductTable, Sequence[int]], Sequence[Read]],
        numbers: Sequence[int],
    ) -> list[Read]:
        """Results of `read`, which takes rows of one table, for row numbers in the order given."""
        if self._added is None:
            return list(read(self._base, numbers))
        base = len(self._base)
        of_base = iter(read(self._base, [number for number in numbers if number < base]))
        of_added = iter(read(self._added, [number - base for number in numbers if number >= base]))
        return [next(of_base if number < base else of_added) for number in numbers]

    def with_changes(self, upserts: ProductTable, deletes: Collection[str]) -> Products:
        """New products beside those held here, which stay as they are."""
        before, base = self._added, self._base
        rows = (base.row_of(product_id) for product_id in {*upserts.ids, *deletes})
        new = {row for row in rows if row is not None} - self._replaced
        added = upserts.without(deletes) if before is None else before.put(upserts, deletes)
        return Products(base, added, self._replaced | new, self._with_phrases(sorted(new)))

    def _with_phrases(self, gone: list[int]) -> list[RowPhrases]:
        """The phrases of the gone rows and of these.

        Each part has twice the rows of the next one at least: few parts to look into, and a row is
        counted again only when its part has doubled.
        """
        parts = [*self._gone_phrases]
        if not gone:
            return parts
        while parts and len(parts[-1].rows) < 2 * len(gone):
            gone = parts.pop().rows + gone
        return [*parts, RowPhrases(gone, self._base.phrases_of(np.array(gone, np.intp)))]

    def words(self, gone: Passing) -> Words:
        """The words of all rows. gone: (n,) bool, rows of the version that are not found."""
        added = None if self._added is None else self._added.words
        return Words(self._base.words, self._base.analyser, added, gone)

    def has_value(self, name: str, numbers: Numbers) -> NDArray[np.bool_]:
        """(m,) whether these rows have a value of a field."""
        return self._gathered(numbers, [one.column(name).codes for one in self.fields]) >= 0

    def merged(self, deletes: Collection[str]) -> Products:
        """All in one table, without those; as `LiveIndex.merged` numbers them."""
        if self._added is None:
            return Products(self._base.without(deletes))
        return Products(self._base.put(self._added, set(deletes) - set(self._added.ids)))
