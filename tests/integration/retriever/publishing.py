"""Publishes small catalogues with Feast itself, the way the contract says."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
from feast import FeatureStore
from numpy.typing import NDArray

from feature_repo import definitions
from services.contracts.catalogue import (
    CATALOGUE,
    CATALOGUE_KEY,
    CONTENT_KEY,
    CURRENT_FORMAT,
    HEAD_VIEW,
    METADATA_VIEW,
    MODEL_KEY,
    PRODUCT_KEY,
    SHARD_KEY,
    SHARD_VIEW,
    VECTOR_VIEW,
    shard_id,
)

MODEL = "mini@1"
DIMENSION = 16


@dataclass(frozen=True)
class Version:
    """A small catalogue, all of it made from its name: titles, vectors, fingerprints."""

    name: str
    product_ids: tuple[str, ...]
    model: str = MODEL
    dimension: int = DIMENSION
    without_image: frozenset[str] = frozenset()

    @classmethod
    def of(cls, name: str, products: int) -> Version:
        return cls(name, tuple(f"p-{number:04}" for number in range(products)))

    def vector(self, product_id: str, modality: str) -> NDArray[np.float32]:
        """(d,) unit float32."""
        seed = f"{self.name}/{product_id}/{modality}".encode()
        vector = np.random.default_rng(list(seed)).standard_normal(self.dimension)
        return np.asarray(vector / np.linalg.norm(vector), np.float32)

    def title(self, product_id: str) -> str:
        return f"{self.name}: {product_id}"


class Publisher:
    """Writes versions into one feature store. Everything here blocks."""

    def __init__(self, repo: Path, products_per_shard: int = 7) -> None:
        self._store = FeatureStore(repo_path=str(repo))
        self._products_per_shard = products_per_shard
        self._now = pd.Timestamp.now(tz="UTC")

    def apply(self) -> None:
        """`feast apply`, with all that `feature_repo` defines but its project's name."""
        self._store.apply(
            [
                definitions.product,
                definitions.embedding_model,
                definitions.content,
                definitions.catalogue,
                definitions.shard,
                definitions.change,
                definitions.product_vectors,
                definitions.product_metadata,
                definitions.catalogue_head,
                definitions.catalogue_shard,
                definitions.catalogue_change,
            ]
        )

    def publish(self, version: Version, *, without_vectors: Collection[str] = ()) -> None:
        """Write rows, then shards, then the head."""
        self.apply()
        # Feast leaves out a row that is not newer than the one it has.
        self._now += pd.Timedelta(seconds=1)
        self.write_vectors(version, [i for i in version.product_ids if i not in without_vectors])
        self._write_metadata(version)
        shards = self._write_shards(version)
        self._write(
            HEAD_VIEW,
            {
                CATALOGUE_KEY: [CATALOGUE],
                "version": [version.name],
                "model": [version.model],
                "dimension": [version.dimension],
                "shards": [shards],
                "products": [len(version.product_ids)],
                "base": [0],
                "sequence": [0],
                "folded": [0],
                "format": [CURRENT_FORMAT],
                "synonyms": [""],
                "ranking": [""],
            },
        )

    def write_vectors(self, version: Version, ids: Sequence[str]) -> None:
        self._now += pd.Timedelta(seconds=1)
        nothing = np.zeros(0, np.float32)
        self._write(
            VECTOR_VIEW,
            {
                PRODUCT_KEY: list(ids),
                MODEL_KEY: [version.model] * len(ids),
                CONTENT_KEY: [f"v-{version.name}-{i}" for i in ids],
                "text_vector": [version.vector(i, "text") for i in ids],
                "image_vector": [
                    nothing if i in version.without_image else version.vector(i, "image")
                    for i in ids
                ],
                "fingerprint": [f"v-{version.name}-{i}" for i in ids],
            },
        )

    def _write_metadata(self, version: Version) -> None:
        ids = version.product_ids
        self._write(
            METADATA_VIEW,
            {
                PRODUCT_KEY: list(ids),
                CONTENT_KEY: [f"m-{version.name}-{i}" for i in ids],
                "title": [version.title(i) for i in ids],
                "description": [""] * len(ids),
                "brand": ["Lumo"] * len(ids),
                "category": ["Kitchen > Mugs"] * len(ids),
                "price": [float("nan") if n % 2 else 12.5 for n in range(len(ids))],
                "currency": ["EUR"] * len(ids),
                "image_url": [""] * len(ids),
                "product_url": [""] * len(ids),
                "attributes": [json.dumps({"color": "red"})] * len(ids),
                "fingerprint": [f"m-{version.name}-{i}" for i in ids],
            },
        )

    def _write_shards(self, version: Version) -> int:
        parts = [
            version.product_ids[start : start + self._products_per_shard]
            for start in range(0, len(version.product_ids), self._products_per_shard)
        ]
        self._write(
            SHARD_VIEW,
            {
                SHARD_KEY: [shard_id(version.name, number) for number in range(len(parts))],
                "product_ids": [list(part) for part in parts],
                "vector_fingerprints": [[f"v-{version.name}-{i}" for i in part] for part in parts],
                "metadata_fingerprints": [
                    [f"m-{version.name}-{i}" for i in part] for part in parts
                ],
            },
        )
        return len(parts)

    def _write(self, view: str, columns: dict[str, list[object]]) -> None:
        frame = pd.DataFrame(columns)
        frame["event_timestamp"] = self._now
        if len(frame):
            self._store.write_to_online_store(view, frame)


def with_odd_ids(name: str) -> Version:
    """Ids as merchants have them."""
    ids = sorted(["a/b", "a b", "ä-ö", "100%", "?q=1#x", "x.y", "日本"])
    return replace(Version.of(name, 0), product_ids=tuple(ids))
