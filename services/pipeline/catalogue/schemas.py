"""Columns of the Parquet parts, one schema a feature view."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any

import pyarrow as pa

from services.common.store_format import written_by_newer_release
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
from services.contracts.ranking import Ranking
from services.contracts.synonyms import Synonyms
from services.pipeline.errors import NewerFormat

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
                (RANKING, _TEXT),
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


def read_head(row: Mapping[str, Any], store: str) -> CatalogueHead:
    """The head in a row, which lacks the columns that its release did not have.

    store: for the message of NewerFormat.
    """
    newer = written_by_newer_release(store, row.get(FORMAT) or 0, CURRENT_FORMAT)
    if newer is not None:
        raise NewerFormat(newer)
    ranking, synonyms = row.get(RANKING), row.get(SYNONYMS)
    return CatalogueHead(
        version=row["version"],
        model_id=row["model"],
        dimension=row["dimension"],
        shards=row["shards"],
        products=row["products"],
        base=row.get("base") or 0,
        sequence=row.get("sequence") or 0,
        folded=row.get(FOLDED) or 0,
        ranking=Ranking.model_validate_json(ranking) if ranking else None,
        synonyms=Synonyms.model_validate_json(synonyms) if synonyms else Synonyms(),
    )
