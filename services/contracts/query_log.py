"""The query log: what the gateway tells of searches it answered, and the pipeline reads.

One Redis stream holds entries of two kinds, each one field of JSON. `SEARCH` is one search: its
words, or their keyed hash, and how it went. `MEAN` is the mean of the vectors of many searches: a
vector of one alone would tell its words to whoever has the model. Pictures are in neither, nor is
who asked. Why so: docs/decisions/0016-query-log.md.
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
"""A mean is of so many searches, never of fewer."""

_HASH_BYTES = 16

Sought = Literal["words", "picture", "mixed"]


class LoggedSearch(Contract):
    """One search, the first page of it."""

    kind: Sought
    query: str | None = Field(description="Words or their keyed hash; null where there are none.")
    hashed: bool
    confidence: Confidence
    found: int = Field(ge=0)
    filtered: bool = Field(description="Whether filters or a threshold left products out.")
    best: ProductId | None = Field(description="The product that came first.")
    strength: Strength | None = Field(description="Of the match of that product.")
    rewritten: RewriteSource | None
    degraded: list[str]
    model: ModelId
    catalogue: str
    took_ms: float = Field(ge=0)


class LoggedMean(Contract):
    """The mean of the vectors of the latest searches by one thing."""

    kind: Kind
    model: ModelId
    queries: int = Field(ge=QUERIES_PER_MEAN)
    vector: str = Field(description="(d,) float16, little-endian, in base64.")


def normalised(words: str) -> str:
    """The same for queries that differ only in case, spacing or the form of a character."""
    return " ".join(unicodedata.normalize("NFKC", words).casefold().split())


def keyed_hash(words: str, key: bytes) -> str:
    """HMAC-SHA256 of the normalised words, cut to 128 bits, in hex. Source: RFC 2104.

    Without a key whoever reads the log could try all likely queries.
    """
    digest = hmac.digest(key, normalised(words).encode(), hashlib.sha256)
    return digest[:_HASH_BYTES].hex()


def packed(vector: Sequence[float]) -> str:
    """As `LoggedMean.vector` has it: 1.4 kB for 512 numbers."""
    return base64.b64encode(struct.pack(f"<{len(vector)}e", *vector)).decode()


def unpacked(text: str) -> Vector:
    """Raises ValueError for what `packed` never wrote."""
    data = base64.b64decode(text, validate=True)
    if len(data) % 2:
        raise ValueError("half a number")
    return list(struct.unpack(f"<{len(data) // 2}e", data))
