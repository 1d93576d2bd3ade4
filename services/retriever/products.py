"""The metadata of all products in memory, by column.

200,000 `Product` objects would take half a gigabyte, and the cyclic collector would walk over all
of them again and again. In columns they take their own bytes; an answer makes the few it needs.
"""

from __future__ import annotations

import json
import math
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa
from pydantic import ValidationError

from services.contracts.products import Product, ScoredProduct

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

PRICE = "price"

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

    def __init__(self, table: pa.Table) -> None:
        self._table = table
        self._ids = table.column("product_id")

    def __len__(self) -> int:
        return int(self._table.num_rows)

    def get(self, product_id: str) -> Product | None:
        """The product of that id, if there is one."""
        row = self.row_of(product_id)
        return None if row is None else Product(**self._fields([row])[0])

    def row_of(self, product_id: str) -> int | None:
        """The row of that id, if there is one."""
        row = bisect_left(range(len(self)), product_id, key=self._id_at)
        return row if row < len(self) and self._id_at(row) == product_id else None

    def scored(self, rows: Sequence[int], scores: Sequence[float]) -> list[ScoredProduct]:
        """The products of these rows, in the order given, each with its score."""
        return [
            ScoredProduct(**fields, score=score)
            for fields, score in zip(self._fields(rows), scores, strict=True)
        ]

    def _id_at(self, row: int) -> str:
        return str(self._ids[row].as_py())

    def _fields(self, rows: Sequence[int]) -> list[dict[str, Any]]:
        taken = self._table.take(pa.array(rows, pa.int64())).to_pylist()
        return [_product_fields(values) for values in taken]


class ProductTableBuilder:
    """Gathers metadata batch by batch, and refuses what is no product."""

    def __init__(self) -> None:
        self._batches: list[pa.RecordBatch] = []

    def add(
        self,
        product_ids: Sequence[str],
        texts: Mapping[str, Sequence[str]],
        prices: Sequence[float],
    ) -> list[tuple[str, str]]:
        """Append n products: `texts` by the names in `TEXT_COLUMNS`; a price is NaN where unknown.

        Returns (product id, reason) of those that break the contract of `Product`.
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
        self._batches.append(
            pa.record_batch(
                [
                    pa.array(column, field.type)
                    for column, field in zip(columns, _SCHEMA, strict=True)
                ],
                schema=_SCHEMA,
            )
        )
        return refused

    def build(self) -> ProductTable:
        """The table of all that was added."""
        table = pa.Table.from_batches(self._batches, _SCHEMA)
        # One piece a column: taking rows out of hundreds of pieces is slow.
        return ProductTable(table.unify_dictionaries().combine_chunks())


def _product_fields(values: dict[str, Any]) -> dict[str, Any]:
    """Fields of `Product` from stored ones. Raises ValueError where `attributes` is no JSON."""
    fields = {name: values[name] or None for name in _OPTIONAL}
    price = values[PRICE]
    return {
        **fields,
        "product_id": values["product_id"],
        "title": values["title"],
        "description": values["description"],
        PRICE: None if price is None or math.isnan(price) else price,
        "attributes": json.loads(values["attributes"]) if values["attributes"] else {},
    }


def _first_reason(error: ValidationError) -> str:
    first = error.errors()[0]
    return f"{'.'.join(str(part) for part in first['loc'])}: {first['msg']}"
