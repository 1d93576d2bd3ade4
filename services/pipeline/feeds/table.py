"""Rows of a table as text, before a format gives them a meaning."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from services.pipeline.feeds.base import FloatVector

ATTRIBUTES = "attributes"
"""Column of a struct, a map or a JSON object: each of its members is an attribute of our format."""

Object = dict[str, object]
"""An object of JSON."""

_MOST_WHOLE = 1e18
_DEEPEST = 6
"""Levels of objects whose members are columns."""


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

    @property
    def folder(self) -> Path:
        """Where paths in its values begin."""
        return self.path if self.path.is_dir() else self.path.parent

    @abstractmethod
    def records(self) -> Iterator[Record]:
        """Raises FeedUnusable when the file breaks off."""

    @abstractmethod
    def count(self) -> int:
        """Number of rows."""

    def names(self) -> list[str]:
        """The columns as they are compared: lower case, `_` for blanks, no prefix `g:`."""
        return [compared(column).removeprefix("g:") for column in self.columns]


@lru_cache(maxsize=4_096)
def compared(name: str) -> str:
    """The name as it is compared with others."""
    return name.strip().lower().replace(" ", "_")


def flat(found: Mapping[str, object], levels: int = _DEEPEST) -> dict[str, object]:
    """With the members of its objects as its own: `brand.name`, `prices.price.value`."""
    flattened: dict[str, object] = {}
    for name, value in found.items():
        if isinstance(value, dict) and name != ATTRIBUTES and levels:
            flattened |= {f"{name}.{inner}": one for inner, one in flat(value, levels - 1).items()}
        else:
            flattened[name] = value
    return flattened


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
