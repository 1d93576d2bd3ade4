"""Rows of a CSV, TSV or Parquet file as text, before anybody says what they mean."""

from __future__ import annotations

import codecs
import csv
import json
import re
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from services.pipeline.errors import FeedUnusable
from services.pipeline.feeds.base import FloatVector, reading

MAX_VALUE_CHARACTERS = 1_000_000
"""Of one CSV value. An unclosed quote swallows no more than this."""

_PARQUET_BATCH = 500
_PARQUET_BUFFER = 1 << 20
_DELIMITERS = ",\t;|"
_EXCELS_OWN = re.compile(r"\"?sep=(.)\"?\s*", re.IGNORECASE)
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


@dataclass(frozen=True, slots=True)
class Record:
    """One row, counted from 1."""

    number: int
    values: tuple[str, ...]
    problem: str | None = None
    """Why it can't be read as a row of these columns."""
    vectors: dict[str, FloatVector] = field(default_factory=dict)
    """By column, for columns that were asked for as vectors."""


class Table(ABC):
    """A file of rows under named columns."""

    path: Path
    columns: tuple[str, ...]

    @abstractmethod
    def records(self) -> Iterator[Record]:
        """Raises FeedUnusable when the file breaks off."""

    @abstractmethod
    def count(self) -> int:
        """How many rows there are."""

    def names(self) -> list[str]:
        """The columns as they are compared: lower case, `_` for blanks.

        Raises FeedUnusable when two are the same.
        """
        names = [column.strip().lower().replace(" ", "_") for column in self.columns]
        repeated = sorted({name for name in names if name and names.count(name) > 1})
        if repeated:
            raise FeedUnusable(f"{self.path}: these columns are there twice: {', '.join(repeated)}")
        return names


class CsvTable(Table):
    """Separated by commas, tabs, semicolons or bars, as its header is.

    UTF-8 unless a byte order mark or `encoding` says otherwise; values may be quoted and hold line
    breaks. What stands above the header is passed over: blank lines, and Excel's `sep=;`.
    """

    def __init__(self, path: Path, encoding: str | None = None) -> None:
        self.path = path
        self._above = 0
        with reading(path):
            self._encoding = encoding or _marked_encoding(path)
            self._above, self._delimiter = self._beginning()
            with self._open() as lines:
                try:
                    header: list[str] = next(self._reader(lines), [])
                except csv.Error as error:
                    raise FeedUnusable(f"{path}: the header can't be read: {error}") from error
        if not header:
            raise FeedUnusable(f"{path}: the file is empty")
        self.columns = tuple(header)

    def records(self) -> Iterator[Record]:
        with reading(self.path), self._open() as lines:
            reader = self._reader(lines)
            next(reader)
            number = 0
            while True:
                line = self._above + reader.line_num + 1
                try:
                    values = next(reader)
                except StopIteration:
                    return
                except csv.Error as error:
                    # The reader goes on at the next line, so one bad row costs no other.
                    number += 1
                    problem = f"from line {line} on this is not readable as CSV: {error}"
                    yield Record(number, (), problem)
                    continue
                if values:  # a blank line is no row
                    number += 1
                    while len(values) > len(self.columns) and not values[-1].strip():
                        values.pop()  # spreadsheets fill rows up
                    yield Record(number, tuple(values), self._problem(values))

    def count(self) -> int:
        return sum(1 for _ in self.records())

    def _problem(self, values: list[str]) -> str | None:
        if len(values) == len(self.columns):
            return None
        return f"the row has {len(values)} values, the header has {len(self.columns)}"

    def _reader(self, lines: Iterator[str]) -> csv._reader:  # type: ignore[name-defined]
        csv.field_size_limit(MAX_VALUE_CHARACTERS)
        # Strict: a quote that nobody closes would otherwise swallow the rows after it in silence.
        return csv.reader(lines, delimiter=self._delimiter, strict=True)

    def _beginning(self) -> tuple[int, str]:
        """How many lines stand above the header, and what separates its columns."""
        with self._open() as lines:
            said = ""
            for number, line in enumerate(lines):
                found = _EXCELS_OWN.fullmatch(line)
                said = found[1] if found else said
                if not found and line.strip():
                    return number, said or max(_DELIMITERS, key=line.count)
        return 0, ","

    @contextmanager
    def _open(self) -> Iterator[Iterator[str]]:
        """From the header on, as soon as it is known where that is."""
        # Bytes that are no UTF-8 become lone surrogates, which validation refuses row by row. What
        # a file says of itself, or a person of it, holds for all of it.
        lenient = self._encoding in {"utf-8", "utf-8-sig"}
        with self.path.open(
            encoding=self._encoding,
            errors="surrogateescape" if lenient else "strict",
            newline="",
        ) as lines:
            yield islice(lines, self._above, None)


class ParquetTable(Table):
    """Read a batch at a time; null is an empty value."""

    def __init__(self, path: Path, *, vectors: tuple[str, ...] = ()) -> None:
        """vectors: columns of lists of floats to be given as arrays, beside an empty value."""
        self.path = path
        self._vectors = vectors
        with self._open() as file:
            self.schema = file.schema_arrow
            self._count = int(file.metadata.num_rows)
        self.columns = tuple(self.schema.names)

    def records(self) -> Iterator[Record]:
        number = 0
        with self._open() as file:
            for batch in file.iter_batches(_PARQUET_BATCH):
                columns = [
                    [""] * batch.num_rows if name in self._vectors else _texts(batch.column(index))
                    for index, name in enumerate(self.columns)
                ]
                arrays = {name: _arrays(batch.column(name)) for name in self._vectors}
                for index, values in enumerate(zip(*columns, strict=True)):
                    number += 1
                    vectors = {
                        name: array
                        for name, rows in arrays.items()
                        if (array := rows[index]) is not None
                    }
                    yield Record(number, values, vectors=vectors)

    def count(self) -> int:
        return self._count

    @contextmanager
    def _open(self) -> Iterator[pq.ParquetFile]:
        # Buffered: a row group of a gigabyte is read in pieces, and not all at once.
        with (
            reading(self.path),
            pq.ParquetFile(self.path, buffer_size=_PARQUET_BUFFER, pre_buffer=False) as file,
        ):
            yield file


def _marked_encoding(path: Path) -> str:
    with path.open("rb") as file:
        beginning = file.read(4)
    return next((name for mark, name in _MARKS if beginning.startswith(mark)), "utf-8")


def _texts(column: pa.Array) -> list[str]:
    return [_text(value) for value in column.to_pylist()]


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
        return json.dumps(value, ensure_ascii=False, default=str) if value else ""
    return str(value)


def _arrays(column: pa.Array) -> list[FloatVector | None]:
    """(d,) each; None for null and for a list without floats."""
    return [
        np.asarray(value.values.to_numpy(zero_copy_only=False), np.float32)
        if value.is_valid and len(value.values)
        else None
        for value in column
    ]
