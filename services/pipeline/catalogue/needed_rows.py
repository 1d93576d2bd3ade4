"""Rows of products that published versions need, and where the Parquet parts have them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from services.contracts.catalogue import (
    CONTENT_KEY,
    FINGERPRINT,
    METADATA_VIEW,
    MODEL_KEY,
    PRODUCT_KEY,
    VECTOR_VIEW,
    CatalogueHead,
)
from services.pipeline.catalogue.ledger import Ledger
from services.pipeline.catalogue.offline_store import OfflineStore, read_part


@dataclass(slots=True)
class NeededRows:
    """Rows of one view and, for vectors, of one model."""

    view: str
    model: str | None
    rows: set[tuple[str, str]]
    """(product id, fingerprint)."""

    def lacking(self) -> str:
        """The message when these rows are in no part."""
        return (
            f"the offline store lacks {len(self.rows)} rows of {self.view}, for example that of "
            f"product {min(self.rows)[0]!r}. Restore a backup, or load the catalogue again"
        )


def needed_rows(ledger: Ledger, heads: Iterable[CatalogueHead]) -> list[NeededRows]:
    """By view and model. Raises StoreIncomplete when a product list or a change is missing."""
    vectors: dict[str, set[tuple[str, str]]] = {}
    metadata: set[tuple[str, str]] = set()
    for head in heads:
        for product_id, (of_vectors, of_metadata) in ledger.entries(head).items():
            vectors.setdefault(head.model_id, set()).add((product_id, of_vectors))
            metadata.add((product_id, of_metadata))
    needed = [NeededRows(VECTOR_VIEW, model, rows) for model, rows in vectors.items()]
    return [*needed, NeededRows(METADATA_VIEW, None, metadata)]


def find_rows(
    offline: OfflineStore, needed: NeededRows
) -> Iterator[tuple[Path, pa.Table, list[int]]]:
    """Parts that have some of these rows: the part, the keys of its rows, and their places in it.

    Each row is found once and then removed from `needed`; what is left at the end is in no part.
    """
    for part in offline.parts(needed.view):
        keys = part_keys(part, needed.view)
        places = _places(keys, needed)
        if places:
            found = keys.take(places)
            needed.rows.difference_update(
                zip(found[PRODUCT_KEY].to_pylist(), found[CONTENT_KEY].to_pylist(), strict=True)
            )
            yield part, found, places


def part_keys(part: Path, view: str) -> pa.Table:
    """The key columns of a part."""
    names = [PRODUCT_KEY, MODEL_KEY] if view == VECTOR_VIEW else [PRODUCT_KEY]
    return read_part(part, [*names, FINGERPRINT]).rename_columns([*names, CONTENT_KEY])


def _places(keys: pa.Table, needed: NeededRows) -> list[int]:
    places: Iterable[int] = range(keys.num_rows)
    if needed.model is not None:
        places = pc.indices_nonzero(pc.equal(keys[MODEL_KEY], needed.model)).to_pylist()
    ids, contents = keys[PRODUCT_KEY].to_pylist(), keys[CONTENT_KEY].to_pylist()
    found: dict[tuple[str, str], int] = {}
    for place in places:
        key = (ids[place], contents[place])
        if key in needed.rows:
            found.setdefault(key, place)
    return list(found.values())
