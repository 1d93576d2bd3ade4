"""Rows of tab-separated text, in which a quote is a character like any other.

Spreadsheets and programs quote a value all the same when it holds a quote, a tab or a line break.
A value that can only be that is unquoted: its inner quotes are doubled, and it needs the quoting.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from services.pipeline.feeds.quoted_rows import Lines, Parsed, QuotedRows

TAB = "\t"
_QUOTED = re.compile(r'"(?:[^"]|"")*"')


def tab_rows(lines: Lines, width: int) -> Iterator[Parsed]:
    """The rows of `lines`. The caller checks how many values each has."""
    quoted = QuotedRows(lines, TAB, width, quotes=False)
    while True:
        lines.begin()
        line = next(lines, None)
        if line is None:
            return
        text = line.rstrip("\r\n")
        if not text:
            continue
        values = text.split(TAB)
        if '"' not in text:
            yield Parsed(values)
            continue
        if len(values) != width or _is_open(values[-1]):
            # A quoted value may hold a tab or a line break.
            lines.put_back()
            found = quoted.next_row()
            if found is not None:
                yield Parsed(found)
                continue
            next(lines)
        yield Parsed([_unquoted(value) for value in values])


def is_quoting_all(header: Sequence[str]) -> bool:
    """True if the writer quotes every value, as its header shows."""
    return all(_QUOTED.fullmatch(value) for value in header)


def _is_open(value: str) -> bool:
    return value.startswith('"') and not _QUOTED.fullmatch(value)


def _unquoted(value: str) -> str:
    if len(value) > 1 and value[0] == value[-1] == '"':
        inner = value[1:-1]
        if '""' in inner and '"' not in inner.replace('""', ""):
            return inner.replace('""', '"')
    return value
