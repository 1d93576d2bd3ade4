"""This project's own columns, in CSV, TSV or Parquet.

A column is taken for a field of a product by its name or one of its other names; every further
column is an attribute. Values are taken as they stand, but for HTML in words, and for what programs
write where there is nothing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, MutableMapping

from services.pipeline.errors import FeedUnusable
from services.pipeline.feeds.base import (
    Feed,
    FeedRow,
    ReadyVectors,
    VectorsModel,
    more_images,
    shown,
)
from services.pipeline.feeds.html import html_to_text
from services.pipeline.feeds.table import ParquetTable, Record, Table

FIELD_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "product_id": ("product_id", "id", "item_id", "sku"),
    "title": ("title", "name", "product_title", "product_name"),
    "description": ("description", "product_description", "body"),
    "brand": ("brand", "manufacturer", "vendor"),
    "category": ("category", "product_type", "google_product_category"),
    "price": ("price",),
    "currency": ("currency", "price_currency"),
    "image": ("image_path", "image", "image_url", "image_link", "picture"),
    "product_url": ("product_url", "url", "link"),
}
"""Field of a product → the columns that may hold it, the preferred one first."""

NULLS = frozenset({"NULL", "null", r"\N", "NaN", "nan", "None", "<NA>", "N/A", "n/a", "#N/A"})
"""What databases, pandas and spreadsheets write into a CSV where there is nothing."""

# Only from where separators begin: from each of them anew, a million would take hours.
_NEXT_LINK = re.compile(r"(?<![\s,;|])[\s,;|]+(?=https?://)", re.IGNORECASE)

_WORDS = frozenset({"title", "description", "brand", "category"})

REQUIRED_FIELDS = ("product_id", "title")

TEXT_VECTOR, IMAGE_VECTOR, VECTOR_MODEL = "text_vector", "image_vector", "vector_model"
"""Columns of a Parquet file that brings vectors: lists of floats, and the id of their model."""


class OwnFeed(Feed):
    """Raises FeedUnusable when the columns can't be those of a product feed."""

    def __init__(self, table: Table, *, with_vectors: bool = True) -> None:
        brought = tuple(name for name in (TEXT_VECTOR, IMAGE_VECTOR) if name in table.columns)
        if brought and isinstance(table, ParquetTable):
            # Read as arrays, or not at all.
            table = ParquetTable(table.path, vectors=brought)
            if with_vectors:
                self.vectors_model = _vectors_model(table)
        else:
            brought = ()
        self._table = table
        self.path, self.columns, self.folder = table.path, table.columns, table.path.parent
        names = table.names()
        self._fields = {
            field: [(names.index(name), name) for name in others if name in names]
            for field, others in FIELD_COLUMNS.items()
        }
        missing = [field for field in REQUIRED_FIELDS if not self._fields[field]]
        if missing:
            wanted = "; ".join(f"{one} ({' or '.join(FIELD_COLUMNS[one])})" for one in missing)
            there = shown(self.columns)
            raise FeedUnusable(f"{self.path}: no column for {wanted}; there are: {there}")
        taken = {index for columns in self._fields.values() for index, _ in columns}
        taken |= {names.index(name) for name in brought}
        self._others = [
            (index, name) for index, name in enumerate(names) if name and index not in taken
        ]

    def rows(self) -> Iterator[FeedRow]:
        return map(self._row, self._table.records())

    def count(self) -> int:
        return self._table.count()

    def column(self, row: FeedRow, name: str) -> str:
        """Of several columns for a field, the one that says something."""
        places = [index for index, _ in self._fields.get(name, ())]
        places += [index for index, other in self._others if other == name]
        said = [index for index in places if index < len(row.values) and row.values[index].strip()]
        return next((self.columns[index] for index in (*said, *places)), name)

    def _row(self, record: Record) -> FeedRow:
        values = record.values
        if record.problem is not None:
            return FeedRow(record.number, values, {}, {}, record.problem)
        fields: dict[str, str] = {}
        attributes = {name: said for at, name in self._others if (said := _said(values[at]))}
        for field, columns in self._fields.items():
            for index, name in columns:
                value = _said(values[index])
                if not value:
                    continue
                if field in _WORDS:
                    value = html_to_text(value)
                # Of two columns for one field the preferred one counts; the other is not lost.
                if field in fields:
                    attributes[name] = value
                else:
                    fields[field] = value
        _keep_the_first_picture(fields, attributes)
        if self.vectors_model is None or not record.vectors:
            return FeedRow(record.number, values, fields, attributes)
        problem = None
        if attributes.get(VECTOR_MODEL, "") != self.vectors_model.name:
            problem = f"its vectors are not of {self.vectors_model.name!r}, as the first row's are"
        vectors = ReadyVectors(record.vectors.get(TEXT_VECTOR), record.vectors.get(IMAGE_VECTOR))
        return FeedRow(record.number, values, fields, attributes, problem, vectors)


def _said(value: str) -> str:
    stripped = value.strip()
    return "" if stripped in NULLS else stripped


def _keep_the_first_picture(
    fields: MutableMapping[str, str], attributes: MutableMapping[str, str]
) -> None:
    """Of several in one value: links one after the other, or a list, as in JSON and Parquet."""
    value = fields.pop("image", "")
    pictures = _listed(value) if value.startswith("[") else _NEXT_LINK.split(value)
    pictures = [one for one in pictures if one]
    attributes.update(more_images(pictures[1:]))
    if pictures:
        fields["image"] = pictures[0]


def _listed(value: str) -> list[str]:
    try:
        listed = json.loads(value)
    except (ValueError, RecursionError):
        return [value]  # a file may be called so
    return [one.strip() for one in listed if isinstance(one, str) and one.strip()]


def _vectors_model(table: ParquetTable) -> VectorsModel | None:
    """Of the first row that brings a vector. Raises FeedUnusable when it does not say whose."""
    for record in table.records():
        for vector in record.vectors.values():
            named = dict(zip(table.names(), record.values, strict=True)).get(VECTOR_MODEL, "")
            if not named.strip():
                raise FeedUnusable(
                    f"{table.path}: the vectors of row {record.number} are of no model; say its id "
                    f"in a column {VECTOR_MODEL}, or load the file with --without-vectors"
                )
            return VectorsModel(named.strip(), len(vector))
    return None
