"""Live changes that go on when the same file is loaded again, for another model or with a picture
that could not be downloaded before."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

from services.contracts.catalogue import METADATA_VIEW, PRODUCT_KEY
from services.contracts.products import MORE_IMAGES
from services.pipeline.catalogue.ledger import Entry, Ledger
from services.pipeline.catalogue.product import METADATA_FIELDS, CatalogueProduct
from services.pipeline.catalogue.stores import Stores
from services.pipeline.errors import StoreIncomplete
from services.pipeline.pictures.media import MediaStore, stored_picture

_COMPARED_AT_ONCE = 5_000
"""Products, whose rows are read together."""


def changes_to_carry(
    stores: Stores, model_id: str, file: Sequence[Entry]
) -> tuple[str, list[Entry]] | None:
    """The model of what is served and the live changes to it, if the file is the same; else None.

    None also when the file would publish what is served: that keeps its changes by itself.

    file: the products of the file. Another file replaces what was changed. Raises
    StoreIncomplete, OfflineDamaged.
    """
    ledger = stores.ledger()
    published = ledger.head()
    if published is None:
        return None
    served = list(Ledger.listed(ledger.shards(published.head)))
    if published.head.model_id == model_id and set(served) == set(file):
        return None
    if not _is_same_file(stores, served, file):
        return None
    return published.head.model_id, ledger.changed(published.head)


def _is_same_file(stores: Stores, served: Sequence[Entry], file: Sequence[Entry]) -> bool:
    """True if two loads read the same products, also where only one got a picture."""
    before = {product_id: metadata for product_id, _, metadata in served}
    after = {product_id: metadata for product_id, _, metadata in file}
    if before.keys() != after.keys():
        return False
    differ = [one for one in before if before[one] != after[one]]
    if not differ:
        return True
    index = stores.offline.index(METADATA_VIEW).by_fingerprint
    if any(metadata not in index for one in differ for metadata in (before[one], after[one])):
        return False
    for start in range(0, len(differ), _COMPARED_AT_ONCE):
        some = differ[start : start + _COMPARED_AT_ONCE]
        wanted = [*(before[one] for one in some), *(after[one] for one in some)]
        rows = stores.offline.read(METADATA_VIEW, [index[one] for one in wanted]).to_pylist()
        pairs = zip(rows[: len(some)], rows[len(some) :], strict=True)
        if not all(_differ_by_download(one, other) for one, other in pairs):
            return False
    return True


def _differ_by_download(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """True if they differ only in which of their pictures are stored."""
    attributes, pictures = zip(*map(_pictures_apart, (one, other)), strict=True)
    return (
        attributes[0] == attributes[1]
        and _are_replaced(pictures[0], pictures[1])
        and _are_replaced(pictures[1], pictures[0])
        and all(
            one[name] == other[name] or _no_number(one[name], other[name])
            for name in METADATA_FIELDS
            if name not in ("image_url", "attributes")
        )
    )


def _pictures_apart(row: Mapping[str, Any]) -> tuple[dict[str, str], list[str]]:
    """The attributes without pictures, and the addresses of all pictures; empty for a missing first
    one.
    """
    attributes = json.loads(row["attributes"] or "{}")
    more = attributes.pop(MORE_IMAGES, "").split()
    return attributes, [row["image_url"] or "", *more]


def _are_replaced(ours: Sequence[str], theirs: Sequence[str]) -> bool:
    """True if our stored pictures that they lack may be those behind links that we lack."""
    stored = [one for one in ours if one not in theirs and stored_picture(one) is not None]
    missing = [one for one in theirs if one not in ours and stored_picture(one) is None]
    links = [one for one in missing if "://" in one]
    # The others are files that an earlier load did not store.
    return len(links) <= len(stored) <= len(missing)


def _no_number(one: object, other: object) -> bool:
    return all(isinstance(value, float) and math.isnan(value) for value in (one, other))


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
