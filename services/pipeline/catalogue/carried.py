"""Live changes that go on when the same file is loaded for another model."""

from __future__ import annotations

from collections.abc import Sequence

from services.contracts.catalogue import METADATA_VIEW
from services.pipeline.catalogue.ledger import Entry, Ledger
from services.pipeline.catalogue.product import CatalogueProduct
from services.pipeline.catalogue.stores import Stores
from services.pipeline.pictures.media import MediaStore


def changes_to_carry(stores: Stores, model_id: str, file: Sequence[Entry]) -> list[Entry]:
    """The live changes to what is served, if only the model is another one.

    file: the products of the file. Another file replaces what was changed, as it does for one
    model. Raises StoreIncomplete, OfflineDamaged.
    """
    ledger = stores.ledger()
    published = ledger.head()
    if published is None or published.head.model_id == model_id:
        return []
    served = Ledger.listed(ledger.shards(published.head))
    if {(one[0], one[2]) for one in served} != {(one[0], one[2]) for one in file}:
        return []
    return ledger.changed(published.head)


def stored_products(
    stores: Stores, changed: Sequence[Entry], media: MediaStore, model_id: str
) -> list[CatalogueProduct]:
    """The changed products that are not deleted, to be encoded by this model."""
    index = stores.offline.index(METADATA_VIEW).by_fingerprint
    rows = [index[metadata] for _, vectors, metadata in changed if vectors]
    if not rows:
        return []
    return [
        CatalogueProduct.of_stored(row, media.find(row["image_url"] or ""), model_id)
        for row in stores.offline.read(METADATA_VIEW, rows).to_pylist()
    ]
