"""The vectors of the catalogue that is published, from Feast's offline store alone."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from services.contracts.catalogue import (
    IMAGE_VECTOR,
    METADATA_VIEW,
    PRODUCT_KEY,
    TEXT_VECTOR,
    VECTOR_VIEW,
)
from services.pipeline.catalogue.ledger import Ledger
from services.pipeline.catalogue.offline_store import OfflineStore
from services.pipeline.catalogue.snapshots import snapshot
from services.pipeline.training.embedded import EmbeddedProducts, rows_of


def published_products(offline: Path) -> EmbeddedProducts:
    """offline: the folder of Parquet parts.

    Raises NothingPublished, StoreIncomplete, OfflineDamaged, Busy, OSError.
    """
    with snapshot(offline) as store:
        return products_in(store)


def products_in(store: OfflineStore) -> EmbeddedProducts:
    """The served products of parts that nobody removes meanwhile. Raises NothingPublished."""
    ledger = Ledger(store)
    ledger.refresh()
    head = ledger.served().head
    entries = sorted(ledger.entries(head).items())
    stored = store.index(VECTOR_VIEW, head.model_id).by_fingerprint
    table = store.read(VECTOR_VIEW, [stored[vectors] for _, (vectors, _) in entries])
    return EmbeddedProducts(
        ids=[product_id for product_id, _ in entries],
        text=rows_of(table[TEXT_VECTOR].to_pylist(), head.dimension),
        image=rows_of(table[IMAGE_VECTOR].to_pylist(), head.dimension),
        model=head.model_id,
        catalogue=head.version,
    )


def titles(offline: Path, products: Collection[str]) -> dict[str, str]:
    """By product id, of those that were ever written. Raises OfflineDamaged, Busy, OSError."""
    with snapshot(offline) as store:
        latest = store.index(METADATA_VIEW).latest
        rows = [latest[product] for product in products if product in latest]
        if not rows:
            return {}
        table = store.read(METADATA_VIEW, rows)
    return dict(zip(table[PRODUCT_KEY].to_pylist(), table["title"].to_pylist(), strict=True))
