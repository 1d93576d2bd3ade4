"""Drive's search language, as far as DVC speaks it; all else is refused.

Source: "Search query terms and operators" of the Drive API's guide.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Protocol

from tests.support.google_drive.discovery import Refused

TOKEN = re.compile(r"\s*(?:(?P<text>'(?:[^'\\]|\\['\\])*')|(?P<sign>[()=])|(?P<word>\w+))")


class Searched(Protocol):
    title: str
    parents: list[str]
    trashed: bool


Condition = Callable[[Searched], bool]


def condition(query: str) -> Condition:
    """The condition that a query sets for files. Raises Refused if the query is not valid."""
    parser = _Parser(query)
    found = parser.alternatives()
    parser.end()
    return found


class _Parser:
    def __init__(self, query: str) -> None:
        self._tokens: list[tuple[str, str]] = []
        at = 0
        while at < len(query.rstrip()):
            match = TOKEN.match(query, at)
            if match is None:
                raise _invalid(query)
            self._tokens.append((match.lastgroup or "", match.group(match.lastgroup or 0)))
            at = match.end()
        self._query = query
        self._at = 0

    def alternatives(self) -> Condition:
        parts = [self.conjunction()]
        while self._taken("word", "or"):
            parts.append(self.conjunction())
        return lambda file: any(part(file) for part in parts)

    def conjunction(self) -> Condition:
        parts = [self._term()]
        while self._taken("word", "and"):
            parts.append(self._term())
        return lambda file: all(part(file) for part in parts)

    def end(self) -> None:
        if self._at != len(self._tokens):
            raise _invalid(self._query)

    def _term(self) -> Condition:
        if self._taken("sign", "("):
            inner = self.alternatives()
            self._must("sign", ")")
            return inner
        kind, value = self._next()
        if kind == "text":
            self._must("word", "in")
            self._must("word", "parents")
            parent = _unquoted(value)
            return lambda file: parent in file.parents
        self._must("sign", "=")
        if value == "trashed":
            truth = self._next()
            if truth not in (("word", "true"), ("word", "false")):
                raise _invalid(self._query)
            return lambda file: file.trashed is (truth[1] == "true")
        if value == "title":
            kind, text = self._next()
            if kind != "text":
                raise _invalid(self._query)
            # Drive compares titles without regard to case.
            title = _unquoted(text).casefold()
            return lambda file: file.title.casefold() == title
        raise _invalid(self._query)

    def _next(self) -> tuple[str, str]:
        if self._at == len(self._tokens):
            raise _invalid(self._query)
        self._at += 1
        return self._tokens[self._at - 1]

    def _taken(self, kind: str, value: str) -> bool:
        if self._at < len(self._tokens) and self._tokens[self._at] == (kind, value):
            self._at += 1
            return True
        return False

    def _must(self, kind: str, value: str) -> None:
        if not self._taken(kind, value):
            raise _invalid(self._query)


def _unquoted(text: str) -> str:
    return re.sub(r"\\(['\\])", r"\1", text[1:-1])


def _invalid(query: str) -> Refused:
    return Refused(400, "invalid", f"Invalid Value: q={query}")
