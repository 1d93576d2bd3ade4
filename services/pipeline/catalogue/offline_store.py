"""Feast's offline store: one folder of Parquet parts a feature view, each written once.

A part appears under its name only when it is whole, and no name is used twice, so a run that is
killed leaves nothing behind that a reader could take for data. What a part says never changes; it
may get a column that its view has had since.
"""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from services.contracts.catalogue import (
    CATALOGUE_KEY,
    CHANGE_KEY,
    CHANGE_VIEW,
    CONTENT_KEY,
    FINGERPRINT,
    HEAD_VIEW,
    IMAGE_VECTOR,
    METADATA_VIEW,
    MODEL_KEY,
    PRODUCT_KEY,
    SHARD_KEY,
    SHARD_VIEW,
    TEXT_VECTOR,
    VECTOR_VIEW,
)

TIMESTAMP = "event_timestamp"

_TEXT = pa.string()
_TIME = (TIMESTAMP, pa.timestamp("us", tz="UTC"))

SCHEMAS: Mapping[str, pa.Schema] = MappingProxyType(
    {
        VECTOR_VIEW: pa.schema(
            [
                (PRODUCT_KEY, _TEXT),
                (MODEL_KEY, _TEXT),
                (CONTENT_KEY, _TEXT),
                (TEXT_VECTOR, pa.list_(pa.float32())),
                (IMAGE_VECTOR, pa.list_(pa.float32())),
                (FINGERPRINT, _TEXT),
                _TIME,
            ]
        ),
        METADATA_VIEW: pa.schema(
            [
                (PRODUCT_KEY, _TEXT),
                (CONTENT_KEY, _TEXT),
                ("title", _TEXT),
                ("description", _TEXT),
                ("brand", _TEXT),
                ("category", _TEXT),
                ("price", pa.float64()),
                ("currency", _TEXT),
                ("image_url", _TEXT),
                ("product_url", _TEXT),
                ("attributes", _TEXT),
                (FINGERPRINT, _TEXT),
                _TIME,
            ]
        ),
        SHARD_VIEW: pa.schema(
            [
                (SHARD_KEY, _TEXT),
                ("product_ids", pa.list_(_TEXT)),
                ("vector_fingerprints", pa.list_(_TEXT)),
                ("metadata_fingerprints", pa.list_(_TEXT)),
                _TIME,
            ]
        ),
        CHANGE_VIEW: pa.schema(
            [
                (CHANGE_KEY, _TEXT),
                ("product_ids", pa.list_(_TEXT)),
                ("vector_fingerprints", pa.list_(_TEXT)),
                ("metadata_fingerprints", pa.list_(_TEXT)),
                _TIME,
            ]
        ),
        HEAD_VIEW: pa.schema(
            [
                (CATALOGUE_KEY, _TEXT),
                ("version", _TEXT),
                ("model", _TEXT),
                ("dimension", pa.int64()),
                ("shards", pa.int64()),
                ("products", pa.int64()),
                ("base", pa.int64()),
                ("sequence", pa.int64()),
                ("ranking", _TEXT),
                _TIME,
            ]
        ),
    }
)
"""Columns of a feature view's parts; a test holds them against `feature_repo/definitions.py`."""


@dataclass(frozen=True, slots=True)
class StoredRow:
    """Where a row lies."""

    part: str
    position: int
    fingerprint: str
    timestamp: datetime


class OfflineIndex:
    """What the parts of one view hold, without the vectors."""

    def __init__(self) -> None:
        self.latest: dict[str, StoredRow] = {}
        """By product id, the row that `feast materialize` would take."""
        self.by_fingerprint: dict[str, StoredRow] = {}
        """Any row of that content, of whichever product."""

    def add(self, product_id: str, row: StoredRow) -> None:
        before = self.latest.get(product_id)
        if before is None or before.timestamp < row.timestamp:
            self.latest[product_id] = row
        self.by_fingerprint[row.fingerprint] = row


class OfflineStore:
    """`<feature store>/offline`; for one writer at a time."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        # Beside the views' folders: whoever reads those must never meet a half-written part.
        self._drafts = folder / ".drafts"

    def write(self, view: str, table: pa.Table) -> None:
        """Add a part with these rows, of the view's schema."""
        name = f"part-{datetime.now(UTC):%Y%m%dT%H%M%S}-{uuid.uuid4().hex[:12]}.parquet"
        self._put(table, self._folder / view / name)

    def _put(self, table: pa.Table, part: Path) -> None:
        """Whole or not at all, in place of what was there."""
        part.parent.mkdir(parents=True, exist_ok=True)
        self._drafts.mkdir(parents=True, exist_ok=True)
        draft = self._drafts / part.name
        with draft.open("wb") as out:
            pq.write_table(table, out, compression="zstd")
            out.flush()
            os.fsync(out.fileno())
        draft.replace(part)

    def ensure(self, view: str) -> None:
        """Give a view a part without rows where it has none: `feast materialize` needs one."""
        if not any(self._parts(view)):
            self.write(view, SCHEMAS[view].empty_table())

    def complete(self, view: str) -> None:
        """Give older parts the columns that the view has had since; `feast materialize` needs all.

        Reads every part: for small views.
        """
        for part in self._parts(view):
            table = pq.read_table(part, partitioning=None)
            missing = [field for field in SCHEMAS[view] if field.name not in table.column_names]
            for field in missing:
                table = table.append_column(field, pa.nulls(len(table), field.type))
            if missing:
                self._put(table.select(SCHEMAS[view].names), part)

    def index(self, view: str, model_id: str | None = None) -> OfflineIndex:
        """Of `product_vectors` (rows of that model only) or `product_metadata`."""
        index = OfflineIndex()
        columns = [PRODUCT_KEY, FINGERPRINT, TIMESTAMP, *([MODEL_KEY] if model_id else [])]
        for part in self._parts(view):
            table = pq.read_table(part, columns=columns, partitioning=None)
            positions = range(table.num_rows)
            if model_id is not None:
                ours = pc.equal(table[MODEL_KEY], model_id)
                positions = pc.indices_nonzero(ours).to_pylist()
                table = table.filter(ours)
            for position, product_id, fingerprint, timestamp in zip(
                positions,
                *(table[name].to_pylist() for name in (PRODUCT_KEY, FINGERPRINT, TIMESTAMP)),
                strict=True,
            ):
                index.add(product_id, StoredRow(part.name, position, fingerprint, timestamp))
        return index

    def read(self, view: str, rows: Sequence[StoredRow]) -> pa.Table:
        """These rows, in this order, whole."""
        by_part: dict[str, list[int]] = {}
        for number, row in enumerate(rows):
            by_part.setdefault(row.part, []).append(number)
        tables: list[pa.Table] = []
        order: list[int] = []
        for part, numbers in by_part.items():
            table = pq.read_table(self._folder / view / part, partitioning=None)
            if CONTENT_KEY not in table.column_names:
                # Written when rows were keyed by product alone.
                table = table.append_column(CONTENT_KEY, table[FINGERPRINT])
            table = table.select(SCHEMAS[view].names)
            tables.append(table.take([rows[number].position for number in numbers]))
            order.extend(numbers)
        whole = pa.concat_tables(tables)
        return whole.take(sorted(range(len(order)), key=order.__getitem__))

    def clear_drafts(self) -> None:
        """Remove what a run that was killed left half-written; for the only writer."""
        shutil.rmtree(self._drafts, ignore_errors=True)

    def _parts(self, view: str) -> Iterator[Path]:
        yield from sorted((self._folder / view).glob("*.parquet"))
