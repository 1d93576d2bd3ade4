"""Contents of a version by its shards and changes: products, and the fingerprints of their rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from services.contracts.catalogue import (
    CHANGE_KEY,
    CHANGE_VIEW,
    SHARD_KEY,
    SHARD_VIEW,
    CatalogueHead,
    change_id,
    shard_id,
)
from services.retriever.errors import BrokenPublication, ChangeMissing
from services.retriever.index import scattered
from services.retriever.loading.faults import cannot_be_loaded
from services.retriever.loading.parts import Features, Keys, Part


@dataclass(frozen=True, slots=True)
class Listing:
    """Contents of a version: n product ids, ascending, and the fingerprints of their rows."""

    product_ids: list[str]
    vector_fingerprints: list[str]
    metadata_fingerprints: list[str]


Entry = tuple[str, str]
"""Fingerprints of a product's vectors and of its metadata."""


def listing_of(features: Features, head: CatalogueHead) -> Listing:
    """The products of a version as it was published. Raises BrokenPublication, StoreUnavailable."""
    listing = Listing([], [], [])
    for number in range(head.shards):
        columns = features.read(
            SHARD_VIEW,
            ["product_ids", "vector_fingerprints", "metadata_fingerprints"],
            {SHARD_KEY: [shard_id(head.version, number)]},
        )
        listing.product_ids.extend(columns.text_lists("product_ids")[0])
        listing.vector_fingerprints.extend(columns.text_lists("vector_fingerprints")[0])
        listing.metadata_fingerprints.extend(columns.text_lists("metadata_fingerprints")[0])
    ids = listing.product_ids
    lengths = {
        len(ids),
        len(listing.vector_fingerprints),
        len(listing.metadata_fingerprints),
        head.products,
    }
    if len(lengths) > 1:
        raise BrokenPublication(
            f"{cannot_be_loaded(head)}: its head tells of {head.products} products in "
            f"{head.shards} shards, but the shards list {len(ids)} (shards missing or cut "
            "short). Load the catalogue again."
        )
    for before, after in pairwise(ids):
        if before >= after:
            raise BrokenPublication(
                f"{cannot_be_loaded(head)}: its product ids do not ascend; {after!r} follows "
                f"{before!r}"
            )
    return listing


def changes_of(
    features: Features, head: CatalogueHead, wanted: Sequence[int], batch: int
) -> dict[str, Entry | None]:
    """The result of the changes of these numbers, by id; None means deleted.

    batch: changes a read.  Raises ChangeMissing, StoreUnavailable.
    """
    net: dict[str, Entry | None] = {}
    for start in range(0, len(wanted), batch):
        numbers = wanted[start : start + batch]
        columns = features.read(
            CHANGE_VIEW,
            ["product_ids", "vector_fingerprints", "metadata_fingerprints"],
            {CHANGE_KEY: [change_id(head.version, number) for number in numbers]},
        )
        for number, ids, vectors, metadata in zip(
            numbers,
            columns.text_lists("product_ids"),
            columns.text_lists("vector_fingerprints"),
            columns.text_lists("metadata_fingerprints"),
            strict=True,
        ):
            if not ids or not len(ids) == len(vectors) == len(metadata):
                raise ChangeMissing(
                    f"{cannot_be_loaded(head)}: its change {number} is missing or cut short. "
                    "Load the catalogue again."
                )
            for product_id, *entry in zip(ids, vectors, metadata, strict=True):
                net[product_id] = (entry[0], entry[1]) if entry[0] else None
    return net


def changed_listing(listing: Listing, changes: Mapping[str, Entry | None]) -> Listing:
    """The listing after these changes, its ids ascending."""
    entries: dict[str, Entry | None] = {
        product_id: (vector, metadata)
        for product_id, vector, metadata in zip(
            listing.product_ids,
            listing.vector_fingerprints,
            listing.metadata_fingerprints,
            strict=True,
        )
    }
    entries.update(changes)
    kept = sorted(
        (product_id, *entry) for product_id, entry in entries.items() if entry is not None
    )
    return Listing(*([values[column] for values in kept] for column in range(3)))


def parts_of(listing: Listing, batch: int, *, together: bool) -> Iterator[Part]:
    """All products in parts of `batch`.

    together: the vectors of a part are those of its metadata, as an engine needs them.
    """
    for number, far in enumerate(scattered(len(listing.product_ids), batch)):
        near = slice(number * batch, (number + 1) * batch)
        if together:
            far = near
        yield Part(
            rows=far,
            vectors=Keys(listing.product_ids[far], listing.vector_fingerprints[far]),
            metadata=Keys(listing.product_ids[near], listing.metadata_fingerprints[near]),
        )
