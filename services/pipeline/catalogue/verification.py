"""Compares the online store with the offline one, row by row."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from services.contracts.catalogue import (
    CHANGE_VIEW,
    FORMAT,
    HEAD_VIEW,
    SHARD_VIEW,
    CatalogueHead,
)
from services.pipeline.catalogue.ledger import Ledger
from services.pipeline.catalogue.needed_rows import find_rows, needed_rows
from services.pipeline.catalogue.offline_store import OfflineStore, read_part, whole_rows
from services.pipeline.catalogue.online_store import OnlineStore
from services.pipeline.catalogue.schemas import JOIN_KEYS, SCHEMAS, TIMESTAMP, head_table
from services.pipeline.errors import OfflineDamaged, StoreIncomplete

_EXAMPLES = 3


@dataclass(slots=True)
class Report:
    """Rows compared, and what is wrong."""

    compared: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)

    def lines(self) -> Iterator[str]:
        """For a person."""
        told = ", ".join(f"{count} × {view}" for view, count in sorted(self.compared.items()))
        yield f"compared: {told or 'nothing'}"
        yield from self.faults
        yield "the stores agree" if not self.faults else f"{len(self.faults)} differences"


def verify(online: OnlineStore, offline: OfflineStore) -> Report:
    """Every row that the served version and the one before need, in both stores.

    Raises NothingPublished, DependencyAway.
    """
    report = Report()
    report.faults.extend(_damaged_parts(offline))
    if report.faults:
        return report
    ledger = Ledger(offline)
    ledger.refresh()
    ledger.served()
    heads = list(ledger.heads())
    for name, published in heads:
        # The format describes how rows are written, not the catalogue.
        table = head_table(published.head, name, published.timestamp).drop_columns([FORMAT])
        _compare(online, HEAD_VIEW, table, report)
    wanted: list[CatalogueHead] = []
    for _, published in heads:
        try:
            _compare(online, SHARD_VIEW, ledger.shards(published.head), report)
            _compare(online, CHANGE_VIEW, ledger.changes(published.head), report)
            wanted.append(published.head)
        except StoreIncomplete as error:
            report.faults.append(str(error))
    for needed in needed_rows(ledger, wanted):
        for part, _, places in find_rows(offline, needed):
            _compare(online, needed.view, whole_rows(part, needed.view, places), report)
        if needed.rows:
            report.faults.append(needed.lacking())
    return report


def _damaged_parts(offline: OfflineStore) -> Iterator[str]:
    for view in SCHEMAS:
        for part in offline.parts(view):
            try:
                read_part(part)
            except OfflineDamaged as error:
                yield str(error)


def _compare(online: OnlineStore, view: str, table: pa.Table, report: Report) -> None:
    rows = online.rows(view, table)
    missing: list[str] = []
    differing: list[str] = []
    for wanted, found in zip(table.to_pylist(), rows, strict=True):
        name = "/".join(str(wanted[key]) for key in JOIN_KEYS[view])
        if not found:
            missing.append(name)
        elif any(
            not _same(wanted[column], value)
            for column, value in found.items()
            if column not in (*JOIN_KEYS[view], TIMESTAMP)
        ):
            differing.append(name)
    report.compared[view] += len(rows)
    for kind, names in (("lacks", missing), ("has another content for", differing)):
        if names:
            examples = ", ".join(names[:_EXAMPLES])
            report.faults.append(f"the online store {kind} {len(names)} × {view}: {examples}")


def _same(offline: object, online: object) -> bool:
    if isinstance(offline, list) and isinstance(online, list):
        if offline and isinstance(offline[0], float):
            return np.array_equal(np.array(offline, np.float32), np.array(online, np.float32))
        return offline == online
    if isinstance(offline, float) and isinstance(online, float):
        return offline == online or (math.isnan(offline) and math.isnan(online))
    # Feast stores nothing for a value that is missing.
    return offline == online or (not offline and not online) or _missing(offline, online)


def _missing(offline: object, online: object) -> bool:
    return offline is None and isinstance(online, float) and math.isnan(online)
