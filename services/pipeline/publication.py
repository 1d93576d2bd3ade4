"""Publishing a catalogue version: its shards, a look whether everything is there, then the head.

Readers flip to the new version when the head row changes, so it is written last and alone. Products
that the new file no longer has are simply not in the new manifest; their rows stay in the store,
for a reader that still serves the version before, and for going back to it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import pyarrow as pa

from services.contracts.catalogue import (
    CATALOGUE,
    CATALOGUE_KEY,
    HEAD_VIEW,
    PREVIOUS,
    PRODUCTS_PER_SHARD,
    SHARD_KEY,
    SHARD_VIEW,
    CatalogueHead,
    shard_id,
)
from services.pipeline.errors import StoreIncomplete
from services.pipeline.fingerprint import catalogue_version
from services.pipeline.offline_store import SCHEMAS, TIMESTAMP, OfflineStore
from services.pipeline.online_store import EventClock, OnlineRow, OnlineStore
from services.pipeline.product import CatalogueProduct


@dataclass(slots=True)
class Manifest:
    """What a version will have. Three short texts a product are all that a run remembers of it."""

    entries: list[tuple[str, str, str]] = field(default_factory=list)
    """(product id, vector fingerprint, metadata fingerprint)"""

    def add(self, product: CatalogueProduct) -> None:
        self.entries.append(
            (product.product_id, product.vector_fingerprint, product.metadata_fingerprint)
        )


@dataclass(frozen=True, slots=True)
class Publication:
    """What is served now, and whether this run made it so."""

    head: CatalogueHead
    is_new: bool


class Publisher:
    """Writes `catalogue_shard` and `catalogue_head`, of one model."""

    def __init__(
        self,
        online: OnlineStore,
        offline: OfflineStore,
        clock: EventClock,
        *,
        model_id: str,
        dimension: int,
        products_per_shard: int = PRODUCTS_PER_SHARD,
    ) -> None:
        self._online = online
        self._offline = offline
        self._clock = clock
        self._model_id = model_id
        self._dimension = dimension
        self._products_per_shard = products_per_shard

    def publish(self, manifest: Manifest) -> Publication:
        """Raises StoreIncomplete, with nothing published, when rows are missing; DependencyAway."""
        entries = sorted(manifest.entries)
        size = self._products_per_shard
        shards = [entries[start : start + size] for start in range(0, len(entries), size)]
        head = CatalogueHead(
            version=catalogue_version(self._model_id, entries),
            model_id=self._model_id,
            dimension=self._dimension,
            shards=len(shards),
            products=len(entries),
        )
        for number, shard in enumerate(shards):
            self._write_shard(shard_id(head.version, number), shard)
        published, timestamp = self._online.head()
        if published == head:
            return Publication(head, is_new=False)
        for number, shard in enumerate(shards):
            self._verify(shard_id(head.version, number), shard)
        self._clock.has_seen(timestamp)
        self._flip(head, published)
        return Publication(head, is_new=True)

    def restore(self, head: CatalogueHead) -> Publication:
        """Serve a version that is stored already. Raises StoreIncomplete when it isn't whole."""
        published, timestamp = self._online.head()
        self._clock.has_seen(timestamp)
        for number in range(head.shards):
            key = shard_id(head.version, number)
            ids, vectors, metadata, _ = self._online.shard(key)
            entries = list(zip(ids, vectors, metadata, strict=True))
            if not entries:
                raise StoreIncomplete(
                    f"the product list of version {head.version} is gone; load its file again"
                )
            self._verify(key, entries)
        self._flip(head, published)
        return Publication(head, is_new=True)

    def _flip(self, head: CatalogueHead, published: CatalogueHead | None) -> None:
        """Remember what is served, then serve another."""
        if published is not None:
            _, timestamp = self._online.head(PREVIOUS)
            self._clock.has_seen(timestamp)
            self._write_head(published, PREVIOUS)
        self._write_head(head, CATALOGUE)
        if self._online.head()[0] != head:
            raise StoreIncomplete("the catalogue head is not there when read back; run this again")

    def _write_shard(self, key: str, entries: Sequence[tuple[str, str, str]]) -> None:
        """Unless it is there as it should be: a version's shards never change."""
        columns = _columns(entries)
        *stored, timestamp = self._online.shard(key)
        if tuple(stored) == columns:
            return
        self._clock.has_seen(timestamp)
        self._write(
            SHARD_VIEW,
            {
                SHARD_KEY: [key],
                "product_ids": [columns[0]],
                "vector_fingerprints": [columns[1]],
                "metadata_fingerprints": [columns[2]],
            },
        )

    def _write_head(self, head: CatalogueHead, catalogue: str) -> None:
        self._write(
            HEAD_VIEW,
            {
                CATALOGUE_KEY: [catalogue],
                "version": [head.version],
                "model": [head.model_id],
                "dimension": [head.dimension],
                "shards": [head.shards],
                "products": [head.products],
            },
        )

    def _write(self, view: str, row: dict[str, list[object]]) -> None:
        table = pa.table({**row, TIMESTAMP: [self._clock.tick()]}, SCHEMAS[view])
        self._offline.write(view, table)
        self._online.write(view, table)

    def _verify(self, key: str, entries: Sequence[tuple[str, str, str]]) -> None:
        """Read back a shard and every row that it lists."""
        ids, vector_fingerprints, metadata_fingerprints = _columns(entries)
        *stored, _ = self._online.shard(key)
        missing = {
            "product list": 0 if tuple(stored) == _columns(entries) else 1,
            "vectors": _differing(
                self._online.vectors(ids, self._model_id, vector_fingerprints),
                vector_fingerprints,
            ),
            "metadata": _differing(
                self._online.metadata(ids, metadata_fingerprints), metadata_fingerprints
            ),
        }
        told = ", ".join(f"{count} × {what}" for what, count in missing.items() if count)
        if told:
            raise StoreIncomplete(
                f"not everything that was written is there when read back ({told}); is Redis "
                "evicting or was it emptied? Nothing is published; run this again"
            )


def _columns(
    entries: Sequence[tuple[str, str, str]],
) -> tuple[list[str], list[str], list[str]]:
    ids, vectors, metadata = zip(*entries, strict=True)
    return list(ids), list(vectors), list(metadata)


def _differing(rows: Sequence[OnlineRow], wanted: Sequence[str]) -> int:
    return sum(row.fingerprint != want for row, want in zip(rows, wanted, strict=True))
