"""The query log. The gateway writes an entry for each search that it answered; the pipeline reads.

One Redis stream holds two kinds of entries, each a single field of JSON. `SEARCH` is one search:
its words, or their keyed hash, and its outcome. `MEAN` is the mean of the vectors of many searches,
because the vector of a single search would reveal its words to anyone with the model. The log
contains neither pictures nor who searched. Reasons: docs/decisions/0016-query-log.md.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import struct
import unicodedata
from collections.abc import Sequence
from typing import Literal

from pydantic import Field

from services.contracts.base import Contract, ModelId, ProductId
from services.contracts.retriever import Confidence, Kind
from services.contracts.rewriter import RewriteSource
from services.contracts.search import Strength
from services.contracts.vectors import Vector

STREAM = "query-log"
SEARCH, MEAN = "search", "mean"

QUERIES_PER_MEAN = 32
"""Number of searches in a mean, never fewer."""

_HASH_BYTES = 16

Sought = Literal["words", "picture", "mixed"]


class LoggedSearch(Contract):
    """The first page of one search."""

    kind: Sought
    query: str | None = Field(description="Words or their keyed hash; null without words.")
    hashed: bool
    confidence: Confidence
    found: int = Field(ge=0)
    filtered: bool = Field(description="Whether filters or a threshold omitted products.")
    best: ProductId | None = Field(description="The first product.")
    strength: Strength | None = Field(description="Strength of the first product's match.")
    rewritten: RewriteSource | None
    degraded: list[str]
    model: ModelId
    catalogue: str
    took_ms: float = Field(ge=0)


class LoggedMean(Contract):
    """The mean vector of the latest searches that had a single term."""

    kind: Kind
    model: ModelId
    queries: int = Field(ge=QUERIES_PER_MEAN)
    vector: str = Field(description="(d,) float16, little-endian, in base64.")


def normalised(words: str) -> str:
    """A form that is equal for queries that differ only in case, spacing or Unicode form."""
    return " ".join(unicodedata.normalize("NFKC", words).casefold().split())


def keyed_hash(words: str, key: bytes) -> str:
    """HMAC-SHA256 of the normalised words, truncated to 128 bits, in hex. Source: RFC 2104.

    Without a key, a reader of the log could try all likely queries.
    """
    digest = hmac.digest(key, normalised(words).encode(), hashlib.sha256)
    return digest[:_HASH_BYTES].hex()


def packed(vector: Sequence[float]) -> str:
    """The format of `LoggedMean.vector`: 1.4 kB for 512 numbers."""
    return base64.b64encode(struct.pack(f"<{len(vector)}e", *vector)).decode()


def unpacked(text: str) -> Vector:
    """The inverse of `packed`. Raises ValueError for any other text."""
    data = base64.b64decode(text, validate=True)
    if len(data) % 2:
        raise ValueError("half a number")
    return list(struct.unpack(f"<{len(data) // 2}e", data))
