"""CSV and TSV files."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

from services.pipeline.errors import FeedUnusable
from services.pipeline.feeds.base import reading
from services.pipeline.feeds.files import open_text, text_encoding
from services.pipeline.feeds.quoted_rows import (
    MAX_VALUE_CHARACTERS,
    Lines,
    Parsed,
    QuotedRows,
    shape,
)
from services.pipeline.feeds.tab_rows import TAB, is_quoting_all, tab_rows
from services.pipeline.feeds.table import Record, Table

_DELIMITERS = ",\t;|"
_QUOTED = re.compile(r'"[^"]*"')
_FORMULA = re.compile(r'="(.*)"', re.DOTALL)
"""Keeps spreadsheets from reading a number: `="0012"`."""
_TEMPLATES_OWN = re.compile(r"\"?# ?(?:required|optional)\b", re.IGNORECASE)
"""The line of Facebook's template above the names of the columns, about each of them."""
_EXCELS_OWN = re.compile(r"\"?sep=(.)\"?\s*", re.IGNORECASE)


class CsvTable(Table):
    """Separated by commas, tabs, semicolons or bars, as its header is.

    UTF-8 unless a byte-order mark or `encoding` says otherwise. Blank lines and Excel's `sep=;`
    above the header are skipped.
    """

    def __init__(self, path: Path, encoding: str = "") -> None:
        self.path = path
        self._above = 0
        with reading(path):
            self._encoding = text_encoding(path, encoding)
            self._above, self._delimiter, self._is_quoting_all = self._beginning()
            with self._open() as lines:
                header = self._header(lines)
        if not header:
            raise FeedUnusable(f"{path}: the file is empty")
        self.columns = tuple(header)

    def records(self) -> Iterator[Record]:
        width = len(self.columns)
        first, *rest = self.columns
        with reading(self.path), self._open() as lines:
            source = self._below_header(lines)
            rows = _with_neighbours(self._rows(source))
            for number, (before, parsed, after) in enumerate(rows, 1):
                values, problem = parsed.values, parsed.problem
                if values[0].endswith(first) and values[1:] == rest:
                    problem = "the row repeats the header"
                if any(map(_FORMULA.match, values)):
                    values = list(map(_without_formula, values))
                if problem is None and len(values) != width:
                    neighbour = before if after is None and source.is_at_line_end else after
                    self._fit(values, neighbour)
                    if len(values) != width:
                        problem = f"the row has {len(values)} values, the header has {width}"
                yield Record(number, tuple(values), problem)

    def count(self) -> int:
        with reading(self.path), self._open() as lines:
            return sum(1 for _ in self._rows(self._below_header(lines)))

    def _fit(self, values: list[str], neighbour: Parsed | None) -> None:
        """Add or drop the empty cells at the end of a row that programs leave out or pad."""
        width = len(self.columns)
        if (
            not any(map(str.strip, self.columns[len(values) :]))  # without a name
            or (neighbour and _are_cut(values, neighbour.values))
        ):
            values += [""] * (width - len(values))
        while len(values) > width and not values[-1].strip():
            values.pop()

    def _below_header(self, lines: Iterator[str]) -> Lines:
        source = Lines(lines, self._above + 1)
        self._header(source)
        return source

    def _rows(self, source: Lines) -> Iterator[Parsed]:
        width = len(self.columns)
        if self._delimiter == TAB and not self._is_quoting_all:
            return tab_rows(source, width)
        return iter(QuotedRows(source, self._delimiter, width))

    def _header(self, lines: Iterator[str]) -> list[str]:
        csv.field_size_limit(MAX_VALUE_CHARACTERS)
        try:
            return next(csv.reader(lines, delimiter=self._delimiter, strict=True), [])
        except csv.Error as error:
            raise FeedUnusable(f"{self.path}: the header cannot be read: {error}") from error

    def _beginning(self) -> tuple[int, str, bool]:
        """The number of lines above the header, the delimiter, and if all values are quoted."""
        with self._open() as lines:
            named = ""
            for number, line in enumerate(lines):
                found = _EXCELS_OWN.fullmatch(line)
                named = found[1] if found else named
                if not found and line.strip() and not _TEMPLATES_OWN.match(line):
                    plain = _QUOTED.sub("", line)
                    delimiter = named or max(_DELIMITERS, key=plain.count)
                    return number, delimiter, is_quoting_all(line.strip().split(delimiter))
        return 0, ",", False

    @contextmanager
    def _open(self) -> Iterator[Iterator[str]]:
        """The lines from the header on, once its place is known."""
        with open_text(self.path, self._encoding) as lines:
            yield islice(lines, self._above, None)


def _with_neighbours(
    rows: Iterator[Parsed],
) -> Iterator[tuple[Parsed | None, Parsed, Parsed | None]]:
    """Each row between its neighbours."""
    before, row = None, next(rows, None)
    while row is not None:
        after = next(rows, None)
        yield before, row, after
        before, row = row, after


def _are_cut(values: Sequence[str], neighbour: Sequence[str]) -> bool:
    """True if empty cells are missing at the end of a row, as Excel leaves them out.

    The row after it has an id like its own then; the rest of a row with a line break in it has not.
    """
    own = shape(values[0])
    return len(values) > 1 and "0" in own and own == shape(neighbour[0])


def _without_formula(value: str) -> str:
    found = _FORMULA.fullmatch(value)
    return found[1].replace('""', '"') if found else value
