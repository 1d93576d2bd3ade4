"""Rows of a table as text, before a format gives them a meaning."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from services.pipeline.feeds.base import FloatVector

_MOST_WHOLE = 1e18


@dataclass(frozen=True, slots=True)
class Record:
    """One row, counted from 1."""

    number: int
    values: tuple[str, ...]
    problem: str | None = None
    """Why it cannot be read as a row of these columns."""
    vectors: dict[str, FloatVector] = field(default_factory=dict)
    """By column, for columns that were asked for as vectors."""
    pictures: dict[str, bytes] = field(default_factory=dict)
    """By column, where a value is a picture itself."""


class Table(ABC):
    """A file of rows under named columns."""

    path: Path
    columns: tuple[str, ...]
    lists: frozenset[int] = frozenset()
    """Places of columns that hold lists, as JSON."""

    @abstractmethod
    def records(self) -> Iterator[Record]:
        """Raises FeedUnusable when the file breaks off."""

    @abstractmethod
    def count(self) -> int:
        """Number of rows."""

    def names(self) -> list[str]:
        """The columns as they are compared: lower case, `_` for blanks, no prefix `g:`."""
        return [
            column.strip().lower().replace(" ", "_").removeprefix("g:") for column in self.columns
        ]


def text_of(value: object) -> str:
    """A value of JSON or Parquet; empty for null, an empty list and an empty object."""
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
    if isinstance(value, float) and value.is_integer() and abs(value) < _MOST_WHOLE:
        return str(int(value))  # pandas makes floats of whole numbers where some are missing
    return str(value)
