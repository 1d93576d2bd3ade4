"""Rows that must stay: those of the served version, of the one before, and of recent readers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from services.contracts.catalogue import (
    CHANGE_VIEW,
    HEAD_VIEW,
    METADATA_VIEW,
    SHARD_VIEW,
    VECTOR_VIEW,
    CatalogueHead,
    change_id,
    shard_id,
)
from services.pipeline.catalogue.ledger import Entry, Ledger
from services.pipeline.catalogue.schemas import JOIN_KEYS
from services.pipeline.errors import StoreIncomplete

KEY_COLUMNS = {view: keys for view, keys in JOIN_KEYS.items() if view != HEAD_VIEW}
"""Join keys of the views whose rows are removed some day, in this order in `Kept`."""


@dataclass(slots=True)
class Kept:
    """Join-key values of rows that must stay, by view."""

    keys: dict[str, set[tuple[str, ...]]] = field(
        default_factory=lambda: {view: set() for view in KEY_COLUMNS}
    )

    def add(self, head: CatalogueHead, entries: Iterable[Entry]) -> None:
        """Keep the rows of these products, and all changes of the head."""
        vectors, metadata = self.keys[VECTOR_VIEW], self.keys[METADATA_VIEW]
        for product_id, of_vectors, of_metadata in entries:
            if of_vectors:
                vectors.add((product_id, head.model_id, of_vectors))
                metadata.add((product_id, of_metadata))
        numbers = range(head.base + 1, head.sequence + 1)
        self.keys[CHANGE_VIEW].update((change_id(head.version, number),) for number in numbers)
        shards = ((shard_id(head.version, number),) for number in range(head.shards))
        self.keys[SHARD_VIEW].update(shards)

    def update(self, other: Kept) -> None:
        """Keep also what the other keeps."""
        for view, keys in other.keys.items():
            self.keys[view] |= keys


def keep_rows(kept: Kept, ledger: Ledger, since: datetime) -> Iterator[None]:
    """Keep what the served version and the one before need, and the heads served since a moment.

    A retriever that is reading a version goes on from the head that it found. Works in steps, one
    a shard. Raises StoreIncomplete when the served version or the one before is not whole.
    """
    heads = [one.head for _, one in ledger.heads()]
    recent = list(_groups(ledger.superseded_since(since)))
    for head in heads:
        yield from _keep(kept, ledger, head)
    for first, last in recent:
        try:
            yield from _keep(kept, ledger, first)
            kept.add(last, ledger.listed(ledger.changes(last, after=first.sequence)))
        except StoreIncomplete:
            continue  # swept before, with a shorter time for readers


def _keep(kept: Kept, ledger: Ledger, head: CatalogueHead) -> Iterator[None]:
    changed = {entry[0]: entry for entry in ledger.listed(ledger.changes(head))}
    shards = ledger.shards(head)
    yield
    for number in range(shards.num_rows):
        listed = ledger.listed(shards.slice(number, 1))
        kept.add(head, (entry for entry in listed if entry[0] not in changed))
        yield
    kept.add(head, changed.values())


def _groups(heads: Iterable[CatalogueHead]) -> Iterator[tuple[CatalogueHead, CatalogueHead]]:
    """The first and the last head of each version and base."""
    groups: dict[tuple[str, int], list[CatalogueHead]] = {}
    for head in heads:
        groups.setdefault((head.version, head.base), []).append(head)
    for group in groups.values():
        group.sort(key=lambda head: head.sequence)
        yield group[0], group[-1]
