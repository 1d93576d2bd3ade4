"""Live changes that go on when the same file is loaded for another model."""

from __future__ import annotations

from collections.abc import Sequence

from services.contracts.catalogue import METADATA_VIEW, PRODUCT_KEY
from services.pipeline.catalogue.ledger import Entry, Ledger
from services.pipeline.catalogue.product import CatalogueProduct
from services.pipeline.catalogue.stores import Stores
from services.pipeline.errors import StoreIncomplete
from services.pipeline.pictures.media import MediaStore


def changes_to_carry(stores: Stores, model_id: str, file: Sequence[Entry]) -> list[Entry] | None:
    """The live changes to what is served, if only the model is another one; else None.

    file: the products of the file. Another file replaces what was changed, as it does for one
    model. Raises StoreIncomplete, OfflineDamaged.
    """
    ledger = stores.ledger()
    published = ledger.head()
    if published is None or published.head.model_id == model_id:
        return None
    served = Ledger.listed(ledger.shards(published.head))
    if {(one[0], one[2]) for one in served} != {(one[0], one[2]) for one in file}:
        return None
    return ledger.changed(published.head)


def stored_products(
    stores: Stores, changed: Sequence[Entry], media: MediaStore, model_id: str
) -> list[CatalogueProduct]:
    """The changed products that are not deleted, to be encoded by this model.

    Raises StoreIncomplete, OfflineDamaged.
    """
    index = stores.offline.index(METADATA_VIEW).by_fingerprint
    stored = [entry for entry in changed if entry[1]]
    if any(metadata not in index for _, _, metadata in stored):
        raise StoreIncomplete(
            "the offline store lacks metadata of products that were changed live. Restore a "
            "backup, or load with `--undo-changes`"
        )
    if not stored:
        return []
    rows = stores.offline.read(METADATA_VIEW, [index[metadata] for _, _, metadata in stored])
    # A row found by its content may be that of another product with the same.
    return [
        CatalogueProduct.of_stored(
            row | {PRODUCT_KEY: product_id}, media.find(row["image_url"] or ""), model_id
        )
        for (product_id, _, _), row in zip(stored, rows.to_pylist(), strict=True)
    ]
