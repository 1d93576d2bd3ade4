"""Vectors of a version's products as the online store holds them."""

from __future__ import annotations

from collections.abc import Sequence

from services.contracts.catalogue import CatalogueHead, shard_id
from services.pipeline.catalogue.ledger import Entry
from services.pipeline.catalogue.online_store import OnlineStore
from services.pipeline.judging.vector_checks import ProductRows

SAMPLED = 2_000
"""Products; reading as many takes a tenth of a second."""


def entries_of(online: OnlineStore, head: CatalogueHead) -> list[Entry]:
    """Every product of a published version, its changes included."""
    entries: dict[str, Entry] = {}
    for number in range(head.shards):
        shard, _ = online.shard(shard_id(head.version, number))
        entries.update((entry[0], entry) for entry in shard)
    for change in online.changes(head):
        entries.update((entry[0], entry) for entry in change)
    return [entry for entry in entries.values() if entry[1]]


def sample_of(entries: Sequence[Entry]) -> Sequence[Entry]:
    """`SAMPLED` of them at most, evenly spread."""
    return entries[:: max(1, -(-len(entries) // SAMPLED))]


def product_rows(online: OnlineStore, model_id: str, entries: Sequence[Entry]) -> ProductRows:
    """One row an entry; a product whose vectors are missing has zeros. Raises DependencyAway."""
    ids, fingerprints = [one[0] for one in entries], [one[1] for one in entries]
    text, image = online.vector_rows(ids, model_id, fingerprints)
    return ProductRows(ids, fingerprints, text, image)
