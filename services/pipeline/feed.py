"""Reading a product feed, CSV or Parquet, row by row in bounded memory.

Every value comes out as text, so that both formats meet the same validation. A column is taken for
a field of a product by its name or one of its other names; every further column is an attribute.
"""

from __future__ import annotations

import csv
import json
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from services.pipeline.errors import FeedUnusable

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

REQUIRED_FIELDS = ("product_id", "title")

MAX_VALUE_CHARACTERS = 1_000_000
"""Of one CSV value. An unclosed quote swallows no more than this."""

_PARQUET_BATCH = 500


@dataclass(frozen=True, slots=True)
class FeedRow:
    """One row as it stands in the file; row 1 is the first product, the header does not count."""

    number: int
    values: tuple[str, ...]
    """As in the file, in the order of `Feed.columns`; empty when the row can't be read."""
    fields: Mapping[str, str]
    attributes: Mapping[str, str]
    problem: str | None = None
    """Why the row can't be read at all."""


class Feed(ABC):
    """A file of products. `rows` may be asked for more than once."""

    def __init__(self, path: Path, columns: Sequence[str]) -> None:
        """Raises FeedUnusable when the columns can't be those of a product feed."""
        self.path = path
        self.columns = tuple(columns)
        self._mapping = _ColumnMapping(path, self.columns)

    @abstractmethod
    def rows(self) -> Iterator[FeedRow]:
        """Raises FeedUnusable when the file breaks off."""

    @abstractmethod
    def count(self) -> int:
        """How many rows there are."""

    def _row(self, number: int, values: Sequence[str]) -> FeedRow:
        if len(values) != len(self.columns):
            problem = f"the row has {len(values)} values, the header has {len(self.columns)}"
            return FeedRow(number, tuple(values), {}, {}, problem)
        return self._mapping.row(number, tuple(values))


class _ColumnMapping:
    """Which column is which field."""

    def __init__(self, path: Path, columns: Sequence[str]) -> None:
        names = [column.strip().lower().replace(" ", "_") for column in columns]
        known = [name for name in names if name]
        repeated = sorted({name for name in known if known.count(name) > 1})
        if repeated:
            raise FeedUnusable(f"{path}: these columns are there twice: {', '.join(repeated)}")
        self._fields = {
            field: [(names.index(name), name) for name in others if name in known]
            for field, others in FIELD_COLUMNS.items()
        }
        missing = [field for field in REQUIRED_FIELDS if not self._fields[field]]
        if missing:
            wanted = "; ".join(f"{one} ({' or '.join(FIELD_COLUMNS[one])})" for one in missing)
            raise FeedUnusable(f"{path}: no column for {wanted}; there are: {_shown(columns)}")
        taken = {index for columns in self._fields.values() for index, _ in columns}
        self._others = [
            (index, name) for index, name in enumerate(names) if name and index not in taken
        ]

    def row(self, number: int, values: tuple[str, ...]) -> FeedRow:
        fields: dict[str, str] = {}
        attributes = {name: values[i].strip() for i, name in self._others if values[i].strip()}
        for field, columns in self._fields.items():
            for index, name in columns:
                value = values[index].strip()
                if not value:
                    continue
                # Of two columns for one field the preferred one counts; the other is not lost.
                if field in fields:
                    attributes[name] = value
                else:
                    fields[field] = value
        return FeedRow(number, values, fields, attributes)


class CsvFeed(Feed):
    """UTF-8, with or without a byte order mark; values may be quoted and hold line breaks."""

    def __init__(self, path: Path) -> None:
        with _reading(path), self._open(path) as lines:
            try:
                header: list[str] = next(_csv_reader(lines), [])
            except csv.Error as error:
                raise FeedUnusable(f"{path}: the header can't be read: {error}") from error
        if not header:
            raise FeedUnusable(f"{path}: the file is empty")
        super().__init__(path, header)

    def rows(self) -> Iterator[FeedRow]:
        with _reading(self.path), self._open(self.path) as lines:
            reader = _csv_reader(lines)
            next(reader)
            number = 0
            while True:
                line = reader.line_num + 1
                try:
                    values = next(reader)
                except StopIteration:
                    return
                except csv.Error as error:
                    # The reader goes on at the next line, so one bad row costs no other.
                    number += 1
                    problem = f"from line {line} on this is not readable as CSV: {error}"
                    yield FeedRow(number, (), {}, {}, problem)
                    continue
                if values:  # a blank line is no row
                    number += 1
                    yield self._row(number, values)

    def count(self) -> int:
        return sum(1 for _ in self.rows())

    @staticmethod
    @contextmanager
    def _open(path: Path) -> Iterator[Iterator[str]]:
        # Bytes that are no UTF-8 become lone surrogates, which validation refuses row by row.
        with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as lines:
            yield lines


class ParquetFeed(Feed):
    """Read a batch at a time; null is an empty value."""

    def __init__(self, path: Path) -> None:
        with _reading(path), pq.ParquetFile(path) as file:
            columns = file.schema_arrow.names
            self._count = int(file.metadata.num_rows)
        super().__init__(path, columns)

    def rows(self) -> Iterator[FeedRow]:
        number = 0
        with _reading(self.path), pq.ParquetFile(self.path) as file:
            for batch in file.iter_batches(_PARQUET_BATCH):
                for values in zip(*(column.to_pylist() for column in batch.columns), strict=True):
                    number += 1
                    yield self._row(number, [_text(value) for value in values])

    def count(self) -> int:
        return self._count


_FEEDS: Mapping[str, type[CsvFeed | ParquetFeed]] = {
    ".csv": CsvFeed,
    ".parquet": ParquetFeed,
}


def open_feed(path: Path) -> Feed:
    """The feed of a file, by its extension. Raises FeedUnusable."""
    kind = _FEEDS.get(path.suffix.lower())
    if kind is None:
        raise FeedUnusable(f"{path}: only {' and '.join(_FEEDS)} files can be loaded")
    return kind(path)


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        raise FeedUnusable(f"{path}: there is no such file") from error
    except (OSError, pa.ArrowException) as error:
        reason = getattr(error, "strerror", None) or str(error).partition("\n")[0]
        raise FeedUnusable(f"{path}: cannot be read: {reason}") from error


def _csv_reader(lines: Iterator[str]) -> csv._reader:  # type: ignore[name-defined]
    csv.field_size_limit(MAX_VALUE_CHARACTERS)
    # Strict, since a quote that nobody closes would otherwise swallow the rows after it in silence.
    return csv.reader(lines, strict=True)


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, bytes):
        return value.decode("utf-8", "surrogateescape")
    if isinstance(value, (list, dict)):
        return json.dumps(value, ensure_ascii=False, default=str)
    return str(value)


def _shown(columns: Sequence[str]) -> str:
    shown = ", ".join(columns)
    return ascii(shown)[1:-1] if len(shown) <= 300 else ascii(shown[:300])[1:-1] + "…"
