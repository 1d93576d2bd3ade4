"""The vectors of the catalogue that is published, from Feast's offline store alone."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from services.contracts.catalogue import (
    CATALOGUE,
    CATALOGUE_KEY,
    CHANGE_KEY,
    CHANGE_VIEW,
    HEAD_VIEW,
    IMAGE_VECTOR,
    METADATA_VIEW,
    PRODUCT_KEY,
    SHARD_KEY,
    SHARD_VIEW,
    TEXT_VECTOR,
    VECTOR_VIEW,
    change_id,
    shard_id,
)
from services.pipeline.catalogue.offline_store import OfflineStore
from services.pipeline.catalogue.schemas import TIMESTAMP
from services.pipeline.errors import NothingToLoad
from services.pipeline.training.embedded import EmbeddedProducts, rows_of


def published_products(offline: Path) -> EmbeddedProducts:
    """offline: the folder of Parquet parts. Raises NothingToLoad when nothing is published."""
    head = _latest(offline / HEAD_VIEW, CATALOGUE_KEY, CATALOGUE)
    version, model, dimension = head["version"], str(head["model"]), int(head["dimension"])
    fingerprints: dict[str, str] = {}
    for number in range(head["shards"]):
        _add(fingerprints, offline / SHARD_VIEW, SHARD_KEY, shard_id(version, number))
    for number in range(head["base"] + 1, head["sequence"] + 1):
        _add(fingerprints, offline / CHANGE_VIEW, CHANGE_KEY, change_id(version, number))
    ids = sorted(product for product, fingerprint in fingerprints.items() if fingerprint)
    store = OfflineStore(offline)
    stored = store.index(VECTOR_VIEW, model).by_fingerprint
    table = store.read(VECTOR_VIEW, [stored[fingerprints[product]] for product in ids])
    return EmbeddedProducts(
        ids=ids,
        text=rows_of(table[TEXT_VECTOR].to_pylist(), dimension),
        image=rows_of(table[IMAGE_VECTOR].to_pylist(), dimension),
        model=model,
        catalogue=str(version),
    )


def titles(offline: Path, products: Collection[str]) -> dict[str, str]:
    """By product id, of those that were ever written."""
    store = OfflineStore(offline)
    latest = store.index(METADATA_VIEW).latest
    rows = [latest[product] for product in products if product in latest]
    if not rows:
        return {}
    table = store.read(METADATA_VIEW, rows)
    return dict(zip(table[PRODUCT_KEY].to_pylist(), table["title"].to_pylist(), strict=True))


def _add(fingerprints: dict[str, str], folder: Path, key: str, value: str) -> None:
    row = _latest(folder, key, value)
    fingerprints.update(zip(row["product_ids"], row["vector_fingerprints"], strict=True))


def _latest(folder: Path, key: str, value: str) -> dict[str, Any]:
    """The newest row with that key. Raises NothingToLoad."""
    parts = sorted(folder.glob("*.parquet"))
    rows = [
        row for part in parts for row in _rows(pq.read_table(part, partitioning=None), key, value)
    ]
    if not rows:
        raise NothingToLoad(f"{folder}: nothing is published here; load a catalogue first")
    return max(rows, key=lambda row: row[TIMESTAMP])


def _rows(table: pa.Table, key: str, value: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = table.filter(pc.equal(table[key], value)).to_pylist()
    return found
