"""Columns of the Parquet parts, one schema a feature view."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType

import pyarrow as pa

from services.contracts.catalogue import (
    CATALOGUE_KEY,
    CHANGE_KEY,
    CHANGE_VIEW,
    CONTENT_KEY,
    CURRENT_FORMAT,
    FINGERPRINT,
    FOLDED,
    FORMAT,
    HEAD_VIEW,
    IMAGE_VECTOR,
    METADATA_VIEW,
    MODEL_KEY,
    PRODUCT_KEY,
    RANKING,
    SHARD_KEY,
    SHARD_VIEW,
    SYNONYMS,
    TEXT_VECTOR,
    VECTOR_VIEW,
    CatalogueHead,
)
from services.contracts.synonyms import Synonyms

TIMESTAMP = "event_timestamp"

_TEXT = pa.string()
_TIME = (TIMESTAMP, pa.timestamp("us", tz="UTC"))

ENTRY_COLUMNS = ("product_ids", "vector_fingerprints", "metadata_fingerprints")
"""Columns of a shard and of a change; a place in all of them is one product."""

_ENTRIES = [(name, pa.list_(_TEXT)) for name in ENTRY_COLUMNS]

SCHEMAS: Mapping[str, pa.Schema] = MappingProxyType(
    {
        VECTOR_VIEW: pa.schema(
            [
                (PRODUCT_KEY, _TEXT),
                (MODEL_KEY, _TEXT),
                (CONTENT_KEY, _TEXT),
                (TEXT_VECTOR, pa.list_(pa.float32())),
                (IMAGE_VECTOR, pa.list_(pa.float32())),
                (FINGERPRINT, _TEXT),
                _TIME,
            ]
        ),
        METADATA_VIEW: pa.schema(
            [
                (PRODUCT_KEY, _TEXT),
                (CONTENT_KEY, _TEXT),
                ("title", _TEXT),
                ("description", _TEXT),
                ("brand", _TEXT),
                ("category", _TEXT),
                ("price", pa.float64()),
                ("currency", _TEXT),
                ("image_url", _TEXT),
                ("product_url", _TEXT),
                ("attributes", _TEXT),
                (FINGERPRINT, _TEXT),
                _TIME,
            ]
        ),
        SHARD_VIEW: pa.schema(
            [
                (SHARD_KEY, _TEXT),
                *_ENTRIES,
                _TIME,
            ]
        ),
        CHANGE_VIEW: pa.schema(
            [
                (CHANGE_KEY, _TEXT),
                *_ENTRIES,
                _TIME,
            ]
        ),
        HEAD_VIEW: pa.schema(
            [
                (CATALOGUE_KEY, _TEXT),
                ("version", _TEXT),
                ("model", _TEXT),
                ("dimension", pa.int64()),
                ("shards", pa.int64()),
                ("products", pa.int64()),
                ("base", pa.int64()),
                ("sequence", pa.int64()),
                (FOLDED, pa.int64()),
                (FORMAT, pa.int64()),
                ("ranking", _TEXT),
                (SYNONYMS, _TEXT),
                _TIME,
            ]
        ),
    }
)
"""A test compares them with `feature_repo/definitions.py`."""

JOIN_KEYS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        VECTOR_VIEW: (PRODUCT_KEY, MODEL_KEY, CONTENT_KEY),
        METADATA_VIEW: (PRODUCT_KEY, CONTENT_KEY),
        SHARD_VIEW: (SHARD_KEY,),
        CHANGE_VIEW: (CHANGE_KEY,),
        HEAD_VIEW: (CATALOGUE_KEY,),
    }
)


def head_table(head: CatalogueHead, catalogue: str, timestamp: datetime) -> pa.Table:
    """The one row of a head."""
    row = {
        CATALOGUE_KEY: [catalogue],
        "version": [head.version],
        "model": [head.model_id],
        "dimension": [head.dimension],
        "shards": [head.shards],
        "products": [head.products],
        "base": [head.base],
        "sequence": [head.sequence],
        FOLDED: [head.folded],
        FORMAT: [CURRENT_FORMAT],
        RANKING: ["" if head.ranking is None else head.ranking.model_dump_json()],
        SYNONYMS: ["" if head.synonyms == Synonyms() else head.synonyms.model_dump_json()],
        TIMESTAMP: [timestamp],
    }
    return pa.table(row, SCHEMAS[HEAD_VIEW])
