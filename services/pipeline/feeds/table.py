"""Rows of a table as text, before a format gives them a meaning."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from services.pipeline.feeds.base import FloatVector


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
