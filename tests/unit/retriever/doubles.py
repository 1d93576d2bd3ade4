"""Doubles behind the retriever's own protocols."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from feast.protos.feast.types.Value_pb2 import Value

from services.contracts.catalogue import (
    CONTENT_KEY,
    HEAD_VIEW,
    METADATA_VIEW,
    SHARD_VIEW,
    VECTOR_VIEW,
    CatalogueHead,
)
from services.contracts.ranking import BUILT_IN, Ranking
from services.contracts.retriever import CatalogueInfo
from services.retriever.catalogue.catalogue import Catalogue
from services.retriever.catalogue.moments import Moments
from services.retriever.catalogue.product_table import ProductTable
from services.retriever.catalogue.products import Products
from services.retriever.errors import LoadStopped, NotPublished
from services.retriever.index import ExactIndex, LiveIndex
from services.retriever.loading.columns import Columns
from services.retriever.loading.head import PublishedHead

MODEL = "mini@1"

Row = dict[str, Any]


def head_of(version: str, products: int = 0, dimension: int = 2, shards: int = 0) -> PublishedHead:
    return PublishedHead(
        version=version, model_id=MODEL, dimension=dimension, shards=shards, products=products
    )


def empty_catalogue(version: str) -> Catalogue:
    info = CatalogueInfo(version=version, model=MODEL, dimension=2, products=0)
    rows = np.zeros((0, 4), np.float32)
    index = LiveIndex(ExactIndex(rows), [])
    return Catalogue(info, Products(ProductTable.of([])), index, Moments.of(rows))


class ScriptedSource:
    """A `CatalogueSource` whose answers a test sets; a load may be held until it says go."""

    def __init__(self) -> None:
        self.version: str | None = None
        self.ranking: Ranking | None = None
        self.sequence = 0
        self.published_us = 0
        self.head_error: Exception | None = None
        self.load_error: Exception | None = None
        self.may_load = threading.Event()
        self.may_load.set()
        self.heads = 0
        self.loads: list[str] = []
        self.beside_searches: list[bool] = []
        self.closed = False
        self.threads: set[str] = set()
        self._stopped = threading.Event()

    def head(self) -> PublishedHead:
        self.threads.add(threading.current_thread().name)
        self.heads += 1
        if self.head_error is not None:
            raise self.head_error
        if self.version is None:
            raise NotPublished("nothing is published yet")
        return head_of(self.version).model_copy(
            update={
                "ranking": self.ranking,
                "sequence": self.sequence,
                "published_us": self.published_us,
            }
        )

    def load(self, head: CatalogueHead, *, serving: bool) -> Catalogue:
        self.threads.add(threading.current_thread().name)
        self.loads.append(head.version)
        self.beside_searches.append(serving)
        while not self.may_load.wait(0.005):
            if self._stopped.is_set():
                raise LoadStopped("the service is stopping")
        if self.load_error is not None:
            raise self.load_error
        return replace(
            empty_catalogue(head.version),
            sequence=head.sequence,
            ranking=head.ranking or BUILT_IN,
        )

    def update(self, catalogue: Catalogue, head: CatalogueHead) -> Catalogue:
        return replace(catalogue, sequence=head.sequence, ranking=head.ranking or BUILT_IN)

    def merged(self, catalogue: Catalogue) -> Catalogue:
        return catalogue.merged()

    def stop(self) -> None:
        self._stopped.set()

    def close(self) -> None:
        self.closed = True


class DictionaryFeatures:
    """`Features` out of dictionaries: view → joined key → feature → value.

    The content is left out of the key, so a test can put a row where another should be.
    """

    def __init__(self) -> None:
        self.rows: dict[str, dict[str, Row]] = {
            HEAD_VIEW: {},
            SHARD_VIEW: {},
            VECTOR_VIEW: {},
            METADATA_VIEW: {},
        }
        self.reads: list[tuple[str, int]] = []
        self.unregistered: set[tuple[str, str]] = set()

    def refresh(self) -> None:
        pass

    def close(self) -> None:
        pass

    def has(self, view: str, feature: str) -> bool:
        return (view, feature) not in self.unregistered

    def read(
        self, view: str, features: Sequence[str], keys: Mapping[str, Sequence[str]]
    ) -> Columns:
        columns = [values for name, values in keys.items() if name != CONTENT_KEY]
        joined = ["|".join(key) for key in zip(*columns, strict=True)]
        self.reads.append((view, len(joined)))
        rows = (self.rows[view].get(key, {}) for key in joined)
        return Columns.of_values(
            [{name: _value(row.get(name)) for name in features} for row in rows]
        )

    def publish(self, version: str, ids: Sequence[str], dimension: int = 2) -> None:
        """A whole catalogue of one shard: unit vectors, titles, fingerprints `v-…` and `m-…`."""
        for number, product_id in enumerate(ids):
            vector = np.zeros(dimension, np.float32)
            vector[number % dimension] = 1
            self.rows[VECTOR_VIEW][f"{product_id}|{MODEL}"] = {
                "text_vector": vector,
                "image_vector": vector,
                "fingerprint": f"v-{product_id}",
            }
            self.rows[METADATA_VIEW][product_id] = {
                "title": f"Title of {product_id}",
                "price": 1.5,
                "attributes": json.dumps({"color": "red"}),
                "fingerprint": f"m-{product_id}",
            }
        self.rows[SHARD_VIEW][f"{version}/0"] = {
            "product_ids": list(ids),
            "vector_fingerprints": [f"v-{product_id}" for product_id in ids],
            "metadata_fingerprints": [f"m-{product_id}" for product_id in ids],
        }
        self.rows[HEAD_VIEW]["default"] = {
            "version": version,
            "model": MODEL,
            "dimension": dimension,
            "shards": 1,
            "products": len(ids),
        }


def _value(value: object) -> Value:
    if value is None:
        return Value()
    if isinstance(value, str):
        return Value(string_val=value)
    if isinstance(value, int):
        return Value(int64_val=value)
    if isinstance(value, float):
        return Value(double_val=value)
    result = Value()
    if isinstance(value, np.ndarray):
        result.float_list_val.val.extend(value.tolist())
    elif isinstance(value, list):
        result.string_list_val.val.extend(value)
    return result
