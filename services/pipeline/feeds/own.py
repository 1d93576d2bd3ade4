"""This project's own columns, in CSV, TSV, JSON or Parquet.

A column is a field of a product by its name or one of its other names; every further column is an
attribute. Values stay as they are, except HTML in words and what programs write for "nothing".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, MutableMapping, Sequence

from services.contracts.products import MORE_IMAGES
from services.pipeline.errors import FeedUnusable
from services.pipeline.feeds.base import (
    NOT_FOR_SALE,
    UNREADABLE,
    Feed,
    FeedRow,
    ReadyVectors,
    VectorsModel,
    shown,
)
from services.pipeline.feeds.costs import is_cost
from services.pipeline.feeds.html import html_to_text
from services.pipeline.feeds.json_table import JsonTable
from services.pipeline.feeds.own_cells import (
    joined_list,
    keep_the_first_category,
    keep_the_first_picture,
    pictures_in,
    take_apart_attributes,
    without_null,
)
from services.pipeline.feeds.own_columns import (
    FIELD_COLUMNS,
    FURTHER,
    ODOO_COST,
    bare,
    currency_in,
    field_columns,
    is_odoo,
    named,
)
from services.pipeline.feeds.own_languages import in_english, is_like
from services.pipeline.feeds.own_nested import take_lists
from services.pipeline.feeds.own_offers import Offers
from services.pipeline.feeds.own_variants import VariantRows
from services.pipeline.feeds.parquet_table import ParquetTable
from services.pipeline.feeds.table import ATTRIBUTES, Record, Table

_PICTURE = re.compile(r"https?://|\.(?:jpe?g|png|webp|avif|gif|heic|bmp|tiff?)$", re.IGNORECASE)
_BLANKS = re.compile(r"\s")
_BETWEEN_PICTURES = re.compile(r"[,;|\n]")

_WORDS = frozenset({"title", "description", "brand", "category"})

REQUIRED_FIELDS = ("product_id", "title")

_MOST_HEADERS = 3
"""Lines with names of columns, as Amazon's templates have below those for people."""

TEXT_VECTOR, IMAGE_VECTOR, VECTOR_MODEL = "text_vector", "image_vector", "vector_model"
"""Columns of a Parquet file that brings vectors: lists of floats, and the id of their model."""

_TYPES = frozenset(
    {"simple", "configurable", "variable", "variation", "grouped", "bundle", "virtual"}
    | {"downloadable", "external", "giftcard", "simple product", "variable product"}
    | {"physical", "digital", "gift_card"}
)
"""Product types of shop systems, which are never a category."""


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
        self.path, self.columns, self.folder = table.path, table.columns, table.folder
        names = in_english(table.names())
        self._fields = {
            field: named(names, field, others) for field, others in field_columns(names).items()
        }
        missing = [field for field in REQUIRED_FIELDS if not self._fields[field]]
        if missing:
            wanted = "; ".join(f"{one} ({' or '.join(FIELD_COLUMNS[one][:4])})" for one in missing)
            there, advice = shown(self.columns), _advice(table, missing)
            raise FeedUnusable(f"{self.path}: no column for {wanted}; {advice}; there are: {there}")
        taken = {index for columns in self._fields.values() for index, _ in columns}
        taken |= {names.index(name) for name in brought}
        self._further = [
            (index, name)
            for index, name in enumerate(names)
            if index not in taken and FURTHER.fullmatch(bare(name))
        ]
        taken |= {index for index, _ in self._further}
        paid = (ODOO_COST,) if is_odoo(names) else ()
        others = [
            (index, name)
            for index, name in enumerate(names)
            if name and index not in taken and name not in paid and not is_cost(name)
        ]
        # The first of two columns with one name counts, so it is set last.
        self._others = others[::-1]
        self._offers = Offers(names, self.columns)
        unknown = [self.columns[at] for at, name in others if name not in self._offers.names]
        self.attribute_columns = tuple(dict.fromkeys(unknown))
        self._lists = table.lists
        self._variants = VariantRows(names, self._offers)
        self._currencies = {name: currency_in(name) for _, name in self._fields["price"]}

    def rows(self) -> Iterator[FeedRow]:
        rows = map(self._row, self._table.records())
        return self._variants.gathered(rows) if self._variants.are_there else rows

    def count(self) -> int:
        return sum(1 for _ in self.rows()) if self._variants.are_there else self._table.count()

    def column(self, row: FeedRow, name: str) -> str:
        """The first column with a value, if a field has several."""
        columns = self._further if name == MORE_IMAGES else self._fields.get(name, ())
        places = [index for index, _ in columns or self._offers.columns(name)]
        places += [index for index, other in reversed(self._others) if other == name]
        said = [index for index in places if index < len(row.values) and row.values[index].strip()]
        return next((self.columns[index] for index in (*said, *places)), name)

    def _row(self, record: Record) -> FeedRow:
        values = record.values
        if record.problem is not None:
            return FeedRow(record.number, values, {}, {}, record.problem)
        attributes = {
            name: joined_list(said, "") if at in self._lists else said
            for at, name in self._others
            if (said := without_null(values[at]))
        }
        fields, used = self._fields_of(values, attributes)
        if record.number <= _MOST_HEADERS and all(
            bare(fields.get(field, "").lower()) in map(bare, FIELD_COLUMNS[field])
            for field in REQUIRED_FIELDS
        ):
            return FeedRow(record.number, values, {}, {}, "the row names columns, as a header does")
        further = self._further_pictures(values, attributes)
        keep_the_first_picture(fields, attributes, further)
        keep_the_first_category(fields, attributes, used.get("category", ""))
        if ATTRIBUTES in attributes:
            take_apart_attributes(attributes)
        notes = self._offers.apply(fields, attributes)
        notes += take_lists(fields, attributes)
        picture = None
        if record.pictures:
            columns = (self.columns[at] for at, _ in self._fields["image"])
            picture = next((found for one in columns if (found := record.pictures.get(one))), None)
        hidden = self._offers.why_hidden(attributes)
        vectors, problem = (None, hidden) if hidden else self._vectors(record, attributes)
        return FeedRow(
            record.number,
            values,
            fields,
            attributes,
            problem,
            vectors,
            picture,
            notes,
            NOT_FOR_SALE if hidden else UNREADABLE,
        )

    def _further_pictures(
        self, values: Sequence[str], attributes: MutableMapping[str, str]
    ) -> list[str]:
        """Pictures of the columns that hold further ones; what names none is an attribute."""
        found: list[str] = []
        for index, name in self._further:
            value = without_null(values[index])
            # That of `more_images` is how answers of the API write it.
            between = _BLANKS if name == MORE_IMAGES else _BETWEEN_PICTURES
            pictures = pictures_in(value, between)
            if any(map(_PICTURE.search, pictures)):
                found += pictures
            elif value:
                attributes.setdefault(name, value)
        return found

    def _fields_of(
        self, values: Sequence[str], attributes: MutableMapping[str, str]
    ) -> tuple[dict[str, str], dict[str, str]]:
        """Values and columns by field. Of two columns the preferred counts; the other stays."""
        fields: dict[str, str] = {}
        used: dict[str, str] = {}
        for field, columns in self._fields.items():
            for index, name in columns:
                value = without_null(values[index])
                if not value:
                    continue
                # The names in a list of categories are converted when it is taken apart.
                if field in _WORDS and not (field == "category" and value.startswith("[")):
                    value = joined_list(value, field) if index in self._lists else value
                    value = html_to_text(value)
                if field == "category" and value.casefold() in _TYPES:
                    attributes[name] = value
                elif field not in fields:
                    fields[field], used[field] = value, name
                elif name != used[field]:
                    attributes[name] = value
        if "price" in fields and (code := self._currencies[used["price"]]):
            fields.setdefault("currency", code)
        return fields, used

    def _vectors(
        self, record: Record, attributes: Mapping[str, str]
    ) -> tuple[ReadyVectors | None, str | None]:
        """The row's vectors, or the reason why it cannot be loaded."""
        if self.vectors_model is None or not record.vectors:
            return None, None
        problem = None
        if attributes.get(VECTOR_MODEL, "") != self.vectors_model.name:
            problem = f"its vectors are not of {self.vectors_model.name!r}, as the first row's are"
        vectors = ReadyVectors(record.vectors.get(TEXT_VECTOR), record.vectors.get(IMAGE_VECTOR))
        return vectors, problem


def _advice(table: Table, missing: Sequence[str]) -> str:
    """Columns that are likely meant, such as `name-en_US`."""
    renamed = [
        f"{shown([column])!r} to {field}"
        for field in missing
        if (column := next((one for one in table.columns if is_like(one, field)), None)) is not None
    ]
    if renamed:
        return f"rename {' and '.join(renamed)}"
    if isinstance(table, JsonTable):
        return "name the members of the objects so, and save their list alone"
    return "name them in the first line of the file, without other lines above it"


def _vectors_model(table: ParquetTable) -> VectorsModel | None:
    """Model of the first row with a vector. Raises FeedUnusable when the row names no model."""
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
