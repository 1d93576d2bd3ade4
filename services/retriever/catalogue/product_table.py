"""The metadata of all products in memory, by column.

200,000 `Product` objects would take half a gigabyte, and the cyclic collector would walk over all
of them again and again. In columns they take their own bytes; an answer makes the few it needs.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Collection, Mapping, Sequence, Set
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import ValidationError
from pydantic_core import from_json

from services.contracts.products import LIST_PRICE, Product, take_list_price
from services.contracts.search import PRICE
from services.retriever.catalogue.columns import reader_of
from services.retriever.catalogue.completions import Completions
from services.retriever.catalogue.fields import READ, Fields, Numbers, said_by
from services.retriever.catalogue.packed import NOT_PACKED, Packings, packed, packings_of, unpacked
from services.retriever.index import Ids
from services.retriever.words import (
    ENGLISH,
    Analyser,
    EveryPhrase,
    Phrases,
    WordIndex,
    fewest_for,
    strings_of,
    words_of_table,
)

TEXT_COLUMNS = (
    "title",
    "description",
    "brand",
    "category",
    "currency",
    "image_url",
    "product_url",
    "attributes",
)
"""Metadata features that are text, empty where unknown; `attributes` is a JSON object."""

WRITTEN_PRODUCTS = 20_000
"""Products whose JSON stays in memory: about 15 MB."""

# Few values, many rows: each value is kept once.
_REPEATING = ("brand", "category", "currency")
_OPTIONAL = ("brand", "category", "currency", "image_url", "product_url")

_SCHEMA = pa.schema(
    [
        ("product_id", pa.string()),
        *(
            (name, pa.dictionary(pa.int32(), pa.string()) if name in _REPEATING else pa.string())
            for name in TEXT_COLUMNS
        ),
        (PRICE, pa.float64()),
    ]
)


class ProductTable:
    """Metadata of n products, in ascending order of id."""

    def __init__(
        self,
        table: pa.Table,
        filterable: Sequence[str] = (),
        analyser: Analyser = ENGLISH,
        words: WordIndex | None = None,
        packings: Packings = NOT_PACKED,
        fields: Fields | None = None,
        completions: Completions | None = None,
        said: pa.Table | None = None,
    ) -> None:
        """filterable: attributes that may be filtered by, beside those that always may.

        words: of these products, where they were indexed while the products were read.
        packings: of the columns of the table that are packed.  fields, completions: of these
        products.  said: see `said_by`; held, so that other products can be put in quickly.
        """
        self._table = table
        self._packings = packings
        self._ids = table.column("product_id")
        self._filterable = filterable
        self._analyser = analyser
        self._words = words
        self._completions = completions
        self._every_phrase: EveryPhrase | None = None
        self._readers = {name: reader_of(table.column(name)) for name in _SCHEMA.names}
        for name, packing in packings.items():
            self._readers[name] = packing.reader(self._readers[name])
        self._said = said
        self.fields = fields or Fields.of(self._what_is_said())
        self._written: dict[int, bytes] = {}

    @classmethod
    def of(
        cls,
        batches: Sequence[pa.RecordBatch],
        filterable: Sequence[str] = (),
        analyser: Analyser = ENGLISH,
        words: WordIndex | None = None,
        *,
        pack: bool = False,
    ) -> ProductTable:
        """From batches of `product_batch`, in ascending order of id over all of them.

        pack: long texts, for less than half their memory; an answer then takes 6 µs more a product.
        """
        table = pa.Table.from_batches(batches, _SCHEMA)
        # One piece a column: taking rows out of hundreds of pieces is slow.
        table = table.unify_dictionaries().combine_chunks()
        said = said_by(table, filterable)
        if not pack or not len(table):
            return cls(table, filterable, analyser, words, said=said)
        packings, fields = packings_of(table), Fields.of(said)
        return cls(packed(table, packings), filterable, analyser, words, packings, fields)

    def __reduce__(self) -> tuple[type[ProductTable], tuple[object, ...]]:
        return ProductTable, (
            self._table, self._filterable, self._analyser, self._words, dict(self._packings),
            self.fields, self._completions,
        )  # fmt: skip

    @property
    def analyser(self) -> Analyser:
        """The index of the words of these products."""
        return self._analyser

    @property
    def words(self) -> WordIndex:
        """The words of these products, indexed when they are asked for first."""
        if self._words is None:
            table = unpacked(self._table, self._packings)
            self._words = words_of_table(table, self._analyser)
        return self._words

    @property
    def completions(self) -> Completions:
        """The completions that these products give, indexed at the first request."""
        if self._completions is None:
            titles = strings_of(self._table.column("title"))
            phrases = Phrases.of(titles, self._analyser, fewest_for(len(self)))
            completions = Completions(phrases, self.fields)
            _ = completions.beginnings  # not by the first suggestion
            self._completions = completions
        return self._completions

    @property
    def every_phrase(self) -> EveryPhrase:
        """Every phrase of these products, found at the first request."""
        if self._every_phrase is None:
            titles = strings_of(self._table.column("title"))
            self._every_phrase = Phrases.every_of(titles, self._analyser)
        return self._every_phrase

    def phrases_of(self, rows: Numbers) -> Phrases:
        """All phrases in the titles of some rows."""
        titles = _taken(self._table.select(["title"]), rows).column("title")
        return Phrases.of(strings_of(titles), self._analyser, 1)

    def texts(self, name: str, rows: Numbers) -> Sequence[str]:
        """Texts of one column, in the order given: ids, titles, addresses of pictures."""
        return self._readers[name](rows)

    def __len__(self) -> int:
        return int(self._table.num_rows)

    @property
    def ids(self) -> list[str]:
        """All ids, ascending."""
        return list(self._ids.to_pylist())

    @property
    def held_ids(self) -> Ids:
        """The same where they lie."""
        if self._ids.num_chunks != 1:
            return Ids.of(self.ids)
        only = self._ids.chunk(0)
        _, starts, characters = only.buffers()
        places = np.frombuffer(starts, np.int32)[only.offset : only.offset + len(only) + 1]
        return Ids(places, memoryview(characters or b""))

    def get(self, product_id: str) -> Product | None:
        """The product of that id, if there is one."""
        row = self.row_of(product_id)
        return None if row is None else Product(**self.values([row])[0])

    def row_of(self, product_id: str) -> int | None:
        """The row of that id, if there is one."""
        row = bisect_left(range(len(self)), product_id, key=self._id_at)
        return row if row < len(self) and self._id_at(row) == product_id else None

    def values(self, rows: Sequence[int]) -> list[dict[str, Any]]:
        """The fields of `Product` of these rows, in the order given."""
        wanted = np.asarray(rows, np.intp)
        columns = [read(wanted) for read in self._readers.values()]
        return [
            _product_fields(dict(zip(self._readers, values, strict=True)))
            for values in zip(*columns, strict=True)
        ]

    def written(self, rows: Sequence[int]) -> list[bytes]:
        """The JSON of each of these rows as far as a comma: more fields can follow."""
        written = self._written
        new = [row for row in rows if row not in written]
        if new:
            if len(written) + len(new) > WRITTEN_PRODUCTS:
                # A new dictionary: other threads may be reading this one.
                written = self._written = {row: written[row] for row in rows if row in written}
            for row, fields in zip(new, self.values(new), strict=True):
                written[row] = Product(**fields).model_dump_json().encode()[:-1] + b","
        return [written[row] for row in rows]

    def put(self, others: ProductTable, leave_out: Collection[str] = ()) -> ProductTable:
        """A new table with the others in it too, in place of those of the same id."""
        return self._joined(others, {*others.ids, *leave_out}, set(leave_out))

    def without(self, product_ids: Collection[str]) -> ProductTable:
        """A new table that lacks these."""
        return self._joined(self.of([], self._filterable, self._analyser), set(product_ids))

    def _joined(
        self, others: ProductTable, gone: Set[str], left_out: Set[str] = frozenset()
    ) -> ProductTable:
        """gone: ids left out of this table.  left_out: ids left out of the others."""
        kept, new = self._rows_but(gone), others._rows_but(left_out)
        theirs = unpacked(_taken(others._table, new), others._packings)
        both = pa.concat_tables([_taken(self._table, kept), packed(theirs, self._packings)])
        both = both.unify_dictionaries().combine_chunks()
        order = pc.sort_indices(both.column("product_id")).to_numpy()
        said = None
        if not self._packings:
            of_both = (_taken(self._what_is_said(), kept), _taken(others._what_is_said(), new))
            said = _taken(pa.concat_tables(of_both).combine_chunks(), order)
        joined = ProductTable(
            both.take(order),
            self._filterable,
            self._analyser,
            packings=self._packings,
            said=said,
        )
        places = np.empty(len(order), np.int32)
        places[order] = np.arange(len(order), dtype=np.int32)
        of_rows = np.full(len(self), -1, np.int32), np.full(len(others), -1, np.int32)
        of_rows[0][kept], of_rows[1][new] = places[: len(kept)], places[len(kept) :]
        if self._words is not None:
            joined._words = self._words.merged(others.words, of_rows, self._analyser)
        if self._every_phrase is not None:
            joined._every_phrase = self._every_phrase.merged(others.every_phrase, of_rows)
        return joined

    def _what_is_said(self) -> pa.Table:
        if self._said is not None:
            return self._said
        return said_by(unpacked(self._table.select(READ), self._packings), self._filterable)

    def _rows_but(self, ids: Set[str]) -> Numbers:
        """Rows of all ids but these."""
        left_out = pc.is_in(self._ids, pa.array(list(ids), pa.string()))
        return np.flatnonzero(~left_out.to_numpy())

    def _id_at(self, row: int) -> str:
        return str(self._ids[row].as_py())


def product_batch(
    product_ids: Sequence[str], texts: Mapping[str, Sequence[str]], prices: Sequence[float]
) -> tuple[pa.RecordBatch, list[tuple[str, str]]]:
    """n products for `ProductTable.of`: `texts` by the names in `TEXT_COLUMNS`; a price is NaN
    where unknown.

    With them (product id, reason) of those that break the contract of `Product`.
    """
    refused: list[tuple[str, str]] = []
    names = ("product_id", *TEXT_COLUMNS, PRICE)
    columns = [product_ids, *(texts[name] for name in TEXT_COLUMNS), prices]
    for values in zip(*columns, strict=True):
        try:
            Product(**_product_fields(dict(zip(names, values, strict=True))))
        except ValidationError as error:
            refused.append((str(values[0]), _first_reason(error)))
        except ValueError as error:
            refused.append((str(values[0]), f"attributes: {error}"))
    arrays = [pa.array(column, one.type) for column, one in zip(columns, _SCHEMA, strict=True)]
    return pa.record_batch(arrays, schema=_SCHEMA), refused


def _taken(table: pa.Table, rows: Numbers) -> pa.Table:
    return table.take(pa.array(rows, pa.int64()))


def _product_fields(values: dict[str, Any]) -> dict[str, Any]:
    """Fields of `Product` from stored ones. Raises ValueError where `attributes` is no JSON."""
    fields = {name: values[name] or None for name in _OPTIONAL}
    price = values[PRICE]
    attributes = from_json(values["attributes"]) if values["attributes"] else {}
    return {
        **fields,
        "product_id": values["product_id"],
        "title": values["title"],
        "description": values["description"],
        PRICE: None if price is None or math.isnan(price) else price,
        LIST_PRICE: take_list_price(attributes, price) if isinstance(attributes, dict) else None,
        "attributes": attributes,
    }


def _first_reason(error: ValidationError) -> str:
    first = error.errors()[0]
    return f"{'.'.join(str(part) for part in first['loc'])}: {first['msg']}"
