"""Fields of rows as numbers, and conditions on them: for an engine that filters where it scans.

The retriever knows exactly which rows pass. Conditions only narrow what the engine scans: more rows
may meet them than pass, never fewer.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

NO_CODE = 0


def code_of(text: str) -> int:
    """A number above 0 that stands for a value, the same in every process."""
    digest = hashlib.blake2b(text.encode(), digest_size=8).digest()
    return int.from_bytes(digest, "little") >> 1 or 1


@dataclass(frozen=True, slots=True)
class RowFields:
    """Ids and fields of m rows."""

    ids: Sequence[str]
    codes: Mapping[str, NDArray[np.int64]]
    """(m,) one value by field; `NO_CODE` where there is none."""
    sets: Mapping[str, Sequence[Sequence[int]]]
    """m times any number of values, by field."""
    numbers: Mapping[str, NDArray[np.float64]]
    """(m,) a number by field."""

    def of_rows(self, wanted: NDArray[np.intp]) -> RowFields:
        """Those of these rows, in the order given; a row may come several times."""
        places = wanted.tolist()
        return RowFields(
            [self.ids[row] for row in places],
            {field: values[wanted] for field, values in self.codes.items()},
            {field: [values[row] for row in places] for field, values in self.sets.items()},
            {field: values[wanted] for field, values in self.numbers.items()},
        )


@dataclass(frozen=True, slots=True)
class OneOf:
    """The field has one of these values."""

    field: str
    codes: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Between:
    """The number is within these bounds, which are included."""

    field: str
    least: float
    most: float | None


Condition = OneOf | Between
Where = Sequence[Condition]
"""Conditions that are all met."""


@dataclass(frozen=True, slots=True)
class Changes:
    """Changes that rows have had since their version was published."""

    sequence: int = 0
    """Number of the latest."""
    ids: Set[str] = frozenset()
    """Ids of the rows that they concern, as far as that is known."""


NO_CHANGES = Changes()


@dataclass(frozen=True, slots=True)
class Origin:
    """Name of the rows that are put into an index, and the changes in them."""

    name: str = ""
    changes: Changes = NO_CHANGES
    codes: Sequence[str] = ()
    sets: Sequence[str] = ()
    numbers: Sequence[str] = ()
    """Names of the fields that each row has."""
