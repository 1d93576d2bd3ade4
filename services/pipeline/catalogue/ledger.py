"""The published catalogue as Parquet has it: heads, product lists and changes.

Parquet is the truth. What is read here decides what the online store must hold.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from pathlib import Path

import pyarrow as pa

from services.contracts.catalogue import (
    CATALOGUE,
    CATALOGUE_KEY,
    CHANGE_KEY,
    CHANGE_VIEW,
    HEAD_VIEW,
    PREVIOUS,
    SHARD_KEY,
    SHARD_VIEW,
    CatalogueHead,
    change_id,
    shard_id,
)
from services.pipeline.catalogue.offline_store import OfflineStore, read_part
from services.pipeline.catalogue.schemas import (
    ENTRY_COLUMNS,
    JOIN_KEYS,
    SCHEMAS,
    TIMESTAMP,
    read_head,
)
from services.pipeline.errors import NothingPublished, StoreIncomplete

Entry = tuple[str, str, str]
"""(product id, vector fingerprint, metadata fingerprint); deleted if both are empty."""

Entries = dict[str, tuple[str, str]]
"""By product id: fingerprints of its vectors and of its metadata."""


def apply(entries: Entries, changed: Iterable[Entry]) -> None:
    """Put these products in, and take the deleted ones out."""
    for product_id, vectors, metadata in changed:
        if vectors:
            entries[product_id] = (vectors, metadata)
        else:
            entries.pop(product_id, None)


@dataclass(frozen=True, slots=True)
class Published:
    """A head, and when its row was written."""

    head: CatalogueHead
    timestamp: datetime


class Ledger:
    """Heads by catalogue id, read again when the parts change."""

    def __init__(self, offline: OfflineStore) -> None:
        self._offline = offline
        self._parts: dict[str, list[tuple[str, Published]]] = {}
        """Rows of each part that was read; a part never changes."""
        self._heads: dict[str, Published] = {}
        self._history: list[Published] = []

    def refresh(self) -> None:
        """Read the heads again if another process added some.

        Raises OfflineDamaged, NewerFormat.
        """
        try:
            self._refresh()
        except FileNotFoundError:
            # Compaction put one part in place of several meanwhile.
            self._refresh()

    def _refresh(self) -> None:
        parts = {part.name: part for part in self._offline.parts(HEAD_VIEW)}
        if parts.keys() == self._parts.keys():
            return
        self._parts = {
            name: self._parts[name] if name in self._parts else _heads_of(part)
            for name, part in parts.items()
        }
        rows = [row for part_rows in self._parts.values() for row in part_rows]
        rows.sort(key=lambda row: row[1].timestamp)
        self._heads = dict(rows)
        self._history = [published for name, published in rows if name == CATALOGUE]

    def head(self, catalogue: str = CATALOGUE) -> Published | None:
        """The latest head of that catalogue id."""
        return self._heads.get(catalogue)

    def served(self) -> Published:
        """The head that is served. Raises NothingPublished."""
        published = self.head()
        if published is None:
            raise NothingPublished
        return published

    def history(self) -> Sequence[Published]:
        """Every head that was served and is still in Parquet, in order of time."""
        return self._history

    def heads(self) -> Iterator[tuple[str, Published]]:
        """The version before and the one that is served, in this order."""
        for name in (PREVIOUS, CATALOGUE):
            if name in self._heads:
                yield name, self._heads[name]

    def latest_timestamp(self) -> datetime | None:
        """Latest timestamp of all heads."""
        return max((one.timestamp for one in self._heads.values()), default=None)

    def shards(self, head: CatalogueHead) -> pa.Table:
        """The rows of its product list, in order. Raises StoreIncomplete."""
        keys = [shard_id(head.version, number) for number in range(head.shards)]
        return self._rows(SHARD_VIEW, SHARD_KEY, keys)

    def changes(self, head: CatalogueHead, after: int | None = None) -> pa.Table:
        """The rows of its changes, in order, those after a number. Raises StoreIncomplete."""
        first = head.base if after is None else after
        keys = [change_id(head.version, number) for number in range(first + 1, head.sequence + 1)]
        return self._rows(CHANGE_VIEW, CHANGE_KEY, keys)

    def entries(self, head: CatalogueHead) -> Entries:
        """Every product of a version after its changes. Raises StoreIncomplete."""
        entries: Entries = {}
        apply(entries, self.listed(self.shards(head)))
        apply(entries, self.listed(self.changes(head)))
        return entries

    def changed(self, head: CatalogueHead) -> list[Entry]:
        """Products that differ from the shards, in order of id; deleted ones have no digests."""
        net = {entry[0]: entry for entry in self.listed(self.changes(head))}
        before = {entry[0]: entry for entry in self.listed(self.shards(head)) if entry[0] in net}
        deleted = {product_id: (product_id, "", "") for product_id in net}
        return sorted(
            entry
            for product_id, entry in net.items()
            if entry != before.get(product_id, deleted[product_id])
        )

    def superseded_since(self, moment: datetime) -> list[CatalogueHead]:
        """Heads that were served at that moment or later, and are no longer."""
        heads = [
            one.head for one, following in pairwise(self._history) if following.timestamp >= moment
        ]
        latest = self._heads.get(CATALOGUE)
        return [head for head in heads if latest is None or head != latest.head]

    @staticmethod
    def listed(table: pa.Table) -> Iterator[Entry]:
        """Every entry of these shards or changes, in order."""
        for row in zip(*(table[name].to_pylist() for name in ENTRY_COLUMNS), strict=True):
            yield from zip(*row, strict=True)

    def _rows(self, view: str, key: str, wanted: Sequence[str]) -> pa.Table:
        """The newest row of each key, in the order of the keys."""
        places: dict[str, tuple[datetime, int]] = {}
        keys = set(wanted)
        tables: list[pa.Table] = []
        offset = 0
        for part in self._offline.parts(view) if wanted else ():
            names = read_part(part, [key])[key].to_pylist()
            if keys.isdisjoint(names):
                continue
            table = read_part(part).select(SCHEMAS[view].names)
            times = table[TIMESTAMP].to_pylist()
            for position, (name, time) in enumerate(zip(names, times, strict=True)):
                if name in keys and (name not in places or places[name][0] <= time):
                    places[name] = (time, offset + position)
            tables.append(table)
            offset += len(names)
        missing = [name for name in wanted if name not in places]
        if missing:
            raise StoreIncomplete(
                f"the offline store lacks {len(missing)} rows of {view}, for example "
                f"{missing[0]!r}. Restore a backup, or load the catalogue again"
            )
        if not wanted:
            return SCHEMAS[view].empty_table()
        return pa.concat_tables(tables).take([places[name][1] for name in wanted])


def _heads_of(part: Path) -> list[tuple[str, Published]]:
    return [
        (row[CATALOGUE_KEY], Published(read_head(row, "the offline store"), row[TIMESTAMP]))
        for row in read_part(part).to_pylist()
    ]


def entries_table(view: str, key: str, entries: Sequence[Entry], timestamp: datetime) -> pa.Table:
    """The one row of a shard or of a change."""
    columns = zip(ENTRY_COLUMNS, zip(*entries, strict=True), strict=True)
    row = {name: [column] for name, column in columns}
    return pa.table({JOIN_KEYS[view][0]: [key], **row, TIMESTAMP: [timestamp]}, SCHEMAS[view])
