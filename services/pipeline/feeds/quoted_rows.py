"""Rows of comma-separated text, where values may be quoted and hold line breaks.

A quote that is never closed, or closed in a later row, would swallow the rows between. So a value
over several lines is only believed where the lines do not look like rows of their own; otherwise
the first line is given up, and reading resumes at the next line that parses.
"""

from __future__ import annotations

import csv
import re
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

MAX_VALUE_CHARACTERS = 16_000_000
"""In one value: a description may hold a photograph in base64."""

_FIRST_CHECK = 64
_WIDE = 3
_LETTERS = re.compile(r"[^\W\d_]+")
_DIGITS = re.compile(r"\d+")


@dataclass(frozen=True, slots=True)
class Parsed:
    """One row, or lines that could not be read as rows."""

    values: list[str]
    problem: str | None = None


class _RunAway(Exception):
    """The lines that a quoted value took so far look like rows of their own."""


class Lines:
    """Lines that can be put back, with the number of the one that comes next."""

    def __init__(self, lines: Iterator[str], number: int) -> None:
        self._lines = lines
        self._pending: deque[str] = deque()
        self._check_at = _FIRST_CHECK
        self.number = number
        self.taken: list[str] = []
        """Since `begin`."""
        self.check: Callable[[Sequence[str]], None] | None = None
        """Called with `taken` when they become many."""
        self._last = ""

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._pending.popleft() if self._pending else next(self._lines)
        self._last = line
        taken = self.taken
        taken.append(line)
        if len(taken) >= self._check_at and self.check is not None:
            self._check_at *= 2
            self.check(taken)
        return line

    @property
    def is_at_line_end(self) -> bool:
        """False if the last line breaks off."""
        return self._last.endswith(("\n", "\r"))

    def begin(self) -> None:
        """The lines taken until now are done with."""
        self.number += len(self.taken)
        self.taken.clear()
        self._check_at = _FIRST_CHECK

    def put_back(self, keep: int = 0) -> list[str]:
        """Put back all but the first `keep` lines taken since `begin`. Returns those kept."""
        self._pending.extendleft(reversed(self.taken[keep:]))
        del self.taken[keep:]
        return list(self.taken)


class QuotedRows:
    """The rows of `lines`, each of `width` values, or a problem that names the lines."""

    def __init__(self, lines: Lines, delimiter: str, width: int, *, quotes: bool = True) -> None:
        """quotes: whether a quote in a line may be a mark of quoting, and not only text."""
        self._source = lines
        self._delimiter = delimiter
        self._width = width
        self._quotes = quotes
        lines.check = self._check

    def __iter__(self) -> Iterator[Parsed]:
        reader = self._reader()
        source = self._source
        while True:
            source.begin()
            try:
                values = next(reader)
            except StopIteration:
                return
            except (csv.Error, _RunAway) as error:
                yield self._recover(str(error))
                reader = self._reader()
                continue
            if len(source.taken) > 1 and not self._is_believable(values):
                yield self._recover("the quote is closed in another row")
                reader = self._reader()
            elif values:  # a blank line is no row
                yield Parsed(values)

    def next_row(self, escape: str | None = None) -> list[str] | None:
        """The row that begins at the next line; None, with nothing consumed, if no row does.

        escape: the character before a quote that is text, where quotes are not doubled.
        """
        try:
            values = next(self._reader(escape))
        except (csv.Error, _RunAway, StopIteration):
            self._source.put_back()
            return None
        if len(values) != self._width or not self._is_believable(values):
            self._source.put_back()
            return None
        return values

    def _is_believable(self, values: Sequence[str]) -> bool:
        """True if a row over several lines is one, not several that a quote joins."""
        count = len(values)
        while count > self._width and not values[count - 1].strip():
            count -= 1
        return count == self._width and not self._look_like_rows(self._source.taken)

    def _reader(self, escape: str | None = None) -> Iterator[list[str]]:
        csv.field_size_limit(MAX_VALUE_CHARACTERS)
        return csv.reader(self._source, delimiter=self._delimiter, strict=True, escapechar=escape)

    def _check(self, taken: Sequence[str]) -> None:
        if self._look_like_rows(taken):
            raise _RunAway("the quote is not closed")

    def _recover(self, reason: str) -> Parsed:
        """Give up the first line, and those after it that the same value took and do not parse."""
        source = self._source
        first, end = source.number, source.number + len(source.taken)
        if any('\\"' in line for line in source.taken):  # as MySQL and Spark write quotes
            source.put_back()
            values = self.next_row("\\")
            if values is not None:
                return Parsed(values)
            for _ in range(end - first):
                next(source)
        lost = source.put_back(1)
        source.begin()
        while source.number < end:
            if self.next_row() is not None:
                source.put_back()
                break
            line = next(source)
            if self._looks_like_a_row(line):  # it has a fault of its own
                source.put_back()
                break
            lost.append(line)
            source.begin()
        last = first + len(lost) - 1
        lines = f"line {first}" if last == first else f"lines {first} to {last}"
        return Parsed(
            [lost[0].rstrip("\r\n")], f"{lines} cannot be read as CSV: {_in_words(reason)}"
        )

    def _look_like_rows(self, lines: Sequence[str]) -> bool:
        """True if each line would be a row with its open quote read as text."""
        if len(lines) < 2 or not all(map(self._looks_like_a_row, lines)):
            return False
        shapes = {shape(self._cells(line)[0]) for line in lines}
        # In a narrow table, prose looks like rows; the ids of one column look alike.
        return self._width >= _WIDE or len(shapes) == 1

    def _looks_like_a_row(self, line: str) -> bool:
        cells = self._cells(line)
        return len(cells) == self._width and bool(cells[0].strip())

    def _cells(self, line: str) -> list[str]:
        """The values of one line; a quote that it leaves open is text."""
        line = line.rstrip("\r\n")
        if not self._quotes:
            return line.split(self._delimiter)
        try:
            cells = next(csv.reader([line], delimiter=self._delimiter), [])
            if len(cells) < self._width and cells:
                cells[-1:] = next(csv.reader([cells[-1]], delimiter=self._delimiter), [""])
        except csv.Error:
            return []
        return cells


def shape(text: str) -> str:
    """`a0` for `p4` and `p10`: the ids of one column are alike."""
    return _DIGITS.sub("0", _LETTERS.sub("a", text.strip()))


def _in_words(reason: str) -> str:
    if "unexpected end" in reason:
        return "a quote is not closed"
    if "expected after" in reason:
        return "a quote stands inside a quoted value without being doubled"
    return reason
