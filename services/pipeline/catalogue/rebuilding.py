"""Puts back into the online store what Redis lost, from the Parquet parts, in order.

Rows first, then product lists, then changes, and the heads last: a retriever that follows meanwhile
sees the version before or the whole one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

import pyarrow as pa

from services.contracts.catalogue import CATALOGUE, CHANGE_VIEW, HEAD_VIEW, SHARD_VIEW
from services.pipeline.catalogue.ledger import Ledger, Published
from services.pipeline.catalogue.needed_rows import find_rows, needed_rows
from services.pipeline.catalogue.offline_store import OfflineStore, whole_rows
from services.pipeline.catalogue.online_store import OnlineStore
from services.pipeline.catalogue.schemas import head_table
from services.pipeline.errors import StoreIncomplete, StoresDiffer

_ROWS_AT_ONCE = 500


@dataclass(slots=True)
class Rebuilt:
    """Number of restored rows of each view."""

    rows: Counter[str] = field(default_factory=Counter)

    def __str__(self) -> str:
        told = [f"{count} × {view}" for view, count in sorted(self.rows.items()) if count]
        return ", ".join(told) or "nothing was missing"


Note = Callable[[Rebuilt], None]


def is_current(online: OnlineStore, ledger: Ledger) -> bool:
    """True if the online head is the one in Parquet.

    Raises StoresDiffer when it is newer: another writer, with Parquet parts of its own, publishes
    to this Redis, or the newest parts here are gone. DependencyAway.
    """
    published = ledger.head()
    head, timestamp = online.head()
    if published is None:
        if head is None:
            return True
        raise StoresDiffer(
            f"the online store serves version {head.version}, and the offline store has no head. "
            "Restore a backup of the offline store, or empty Redis and load the catalogue again"
        )
    if head is None or timestamp is None:
        return False
    if timestamp > published.timestamp:
        raise StoresDiffer(
            f"the online store is newer (version {head.version}, change {head.sequence}) than the "
            f"offline store (version {published.head.version}, change {published.head.sequence}). "
            "Does a second writer with another offline store publish to this Redis? If not, "
            "`python -m services.pipeline rebuild --force` publishes the state of the offline store"
        )
    return timestamp == published.timestamp


class Rebuilder:
    """Compares both stores and fills the online one; for the only writer."""

    def __init__(self, online: OnlineStore, offline: OfflineStore, ledger: Ledger) -> None:
        self._online = online
        self._offline = offline
        self._ledger = ledger

    def rebuild(self, note: Note = lambda _: None, *, with_heads: bool = True) -> Rebuilt:
        """Put back every row that the served version or the one before needs.

        note: called with what is done so far. with_heads: False leaves the heads as they are.
        Raises StoreIncomplete, OfflineDamaged,
        DependencyAway.
        """
        done = Rebuilt()
        heads = list(self._ledger.heads())
        for needed in needed_rows(self._ledger, [one.head for _, one in heads]):
            for part, keys, places in find_rows(self._offline, needed):
                present = self._online.present(needed.view, keys)
                missing = [place for place, there in zip(places, present, strict=True) if not there]
                for start in range(0, len(missing), _ROWS_AT_ONCE):
                    rows = whole_rows(part, needed.view, missing[start : start + _ROWS_AT_ONCE])
                    self._online.write(needed.view, rows)
                    done.rows[needed.view] += len(rows)
                    note(done)
            if needed.rows:
                raise StoreIncomplete(needed.lacking())
        for _, published in heads:
            self._put_back(SHARD_VIEW, self._ledger.shards(published.head), done)
            self._put_back(CHANGE_VIEW, self._ledger.changes(published.head), done)
        for name, published in heads if with_heads else ():
            self._put_back_head(name, published, done)
        return done

    def _put_back(self, view: str, table: pa.Table, done: Rebuilt) -> None:
        present = self._online.present(view, table)
        missing = [number for number, there in enumerate(present) if not there]
        if missing:
            for start in range(0, len(missing), _ROWS_AT_ONCE):
                self._online.write(view, table.take(missing[start : start + _ROWS_AT_ONCE]))
            done.rows[view] += len(missing)

    def _put_back_head(self, name: str, published: Published, done: Rebuilt) -> None:
        head, timestamp = self._online.head(name)
        if timestamp is None or timestamp < published.timestamp:
            self._online.write(HEAD_VIEW, head_table(published.head, name, published.timestamp))
            done.rows[HEAD_VIEW] += 1
            head, _ = self._online.head(name)
        if name == CATALOGUE and head != published.head:
            raise StoreIncomplete("the catalogue head is not there when read back; is Redis full?")
