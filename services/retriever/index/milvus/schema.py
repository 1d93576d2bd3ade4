"""Collections of rows: their names, columns and filter expressions."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pymilvus import DataType, MilvusClient  # type: ignore[import-untyped]

from services.retriever.index.row_fields import Between, Condition, Origin, Where

KEY, FUSED, SEQUENCE = "key", "fused", "sequence"
_PLAIN = re.compile(r"[a-z0-9_]{1,40}")
_MOST_COLUMNS = 48
"""Milvus takes 64 fields; a filter by any other is left to the retriever."""
_MOST_VALUES = 4_096
_GREATEST = 1e300
_CANDIDATES = {"ef": 1, "search_list": 1, "reorder_k": 2}
"""Numbers of candidates, and at least how many there are for each row asked for."""


@dataclass(frozen=True, slots=True)
class Scan:
    """An index type of Milvus with its parameters."""

    kind: str
    build: dict[str, int]
    search: dict[str, int]

    def searched(self, limit: int) -> dict[str, int]:
        """Parameters of a search for so many rows."""
        return {
            name: max(value, _CANDIDATES.get(name, 0) * limit)
            for name, value in self.search.items()
        }


FLAT = Scan("FLAT", {}, {})
"""Scores every row."""

SCANN = Scan("SCANN", {"nlist": 16}, {"nprobe": 16, "reorder_k": 500})
"""Scans 4-bit codes of every row, as our own index does, and scores the best exactly.

All lists are asked, since words are far from every list of pictures. So lists save no time, and
there are few of them, which are quick to build.
"""


@dataclass(frozen=True, slots=True)
class Collection:
    """Rows of one origin."""

    origin: Origin
    width: int
    scan: Scan

    @property
    def name(self) -> str:
        """The same in every replica that puts such rows there."""
        described = repr((self.origin.name, self.width, self.scan.kind, self.scan.build))
        columns = repr((self.codes, self.sets, self.numbers))
        digest = hashlib.blake2b(f"{described} {columns}".encode(), digest_size=16)
        return f"catalogue_{digest.hexdigest()}"

    @property
    def codes(self) -> Sequence[str]:
        """Fields with one value that are columns."""
        return list(self.origin.codes)[:_MOST_COLUMNS]

    @property
    def sets(self) -> Sequence[str]:
        """Fields with any number of values."""
        return self.origin.sets

    @property
    def numbers(self) -> Sequence[str]:
        """Fields that are numbers."""
        return self.origin.numbers

    def create(self, client: MilvusClient, timeout_s: float) -> None:
        """Make it there. Raises MilvusException, also where another replica was faster."""
        schema = MilvusClient.create_schema(auto_id=False, enable_dynamic_field=False)
        schema.add_field(KEY, DataType.INT64, is_primary=True)
        schema.add_field(FUSED, DataType.FLOAT_VECTOR, dim=self.width)
        for column in (SEQUENCE, *map(column_of, self.codes)):
            schema.add_field(column, DataType.INT64)
        for column in map(column_of, self.numbers):
            schema.add_field(column, DataType.DOUBLE)
        for column in map(column_of, self.sets):
            schema.add_field(
                column, DataType.ARRAY, element_type=DataType.INT64, max_capacity=_MOST_VALUES
            )
        client.create_collection(self.name, schema=schema, timeout=timeout_s)

    def index(self, client: MilvusClient, timeout_s: float) -> None:
        """Index its vectors, unless they are. timeout_s: for each answer but the index itself."""
        if not client.list_indexes(self.name, FUSED, timeout=timeout_s):
            index = MilvusClient.prepare_index_params()
            index.add_index(
                FUSED, index_type=self.scan.kind, metric_type="IP", params=dict(self.scan.build)
            )
            client.create_index(self.name, index)

    def expression(self, where: Where | None) -> str:
        """The conditions as a filter; those on fields that it has no column of are left out."""
        columns = {*self.codes, *self.sets, *self.numbers}
        return " and ".join(self._met(one) for one in where or () if one.field in columns)

    def _met(self, condition: Condition) -> str:
        column = column_of(condition.field)
        if isinstance(condition, Between):
            bounds = [f"{column} >= {condition.least!r}"]
            if condition.most is not None and condition.most < _GREATEST:
                bounds.append(f"{column} <= {condition.most!r}")
            return " and ".join(bounds)
        values = listed(condition.codes)
        if condition.field in self.sets:
            return f"array_contains_any({column}, {values})"
        return f"{column} in {values}"


def column_of(field: str) -> str:
    """The column of a field: Milvus takes few characters, and has words of its own."""
    if _PLAIN.fullmatch(field):
        return f"f_{field}"
    return f"f_{hashlib.blake2b(field.encode(), digest_size=16).hexdigest()}"


def listed(numbers: Iterable[int]) -> str:
    """Numbers as an expression has them."""
    return f"[{','.join(map(str, numbers))}]"
