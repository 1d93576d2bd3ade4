"""Cursors: a whole search with the place that its next page starts at.

Vectors are in them as float32, so a further page asks exactly what the first one asked, and
needs neither the rewriter nor the encoder.
"""

from __future__ import annotations

import struct

from pydantic import Field, ValidationError

from services.contracts.base import Contract
from services.contracts.retriever import RetrievalRequest
from services.contracts.rewriter import RewriteSource
from services.contracts.understanding import Understood
from services.gateway.searching.tokens import BadToken, pack_floats, seal, unpack_floats, unseal

_KIND = b"C1"
_HEAD = struct.Struct("<I")  # bytes of JSON; the vectors follow it
_MAX_BYTES = 1 << 20


class Asked(Contract):
    """A search as the retriever is asked, and what its answer says of the query."""

    search: RetrievalRequest
    labels: list[str]
    original_query: str | None = None
    rewritten_query: str | None = None
    rewrite_source: RewriteSource | None = None
    corrected_query: str | None = None
    understood: list[Understood] = Field(default_factory=list)
    kept_category: str | None = None


class _Packed(Contract):
    asked: Asked
    lengths: list[int]
    """Length of each term's vector; 0 for a product."""


def cursor_of(asked: Asked) -> str:
    """The text that `read_cursor` understands, in any replica."""
    vectors = [term.vector or [] for term in asked.search.terms]
    # In JSON a vector is one number, which keeps the contract; its floats follow behind.
    terms = [
        term.model_copy(update={"vector": [0.0]}) if term.vector else term
        for term in asked.search.terms
    ]
    bare = asked.model_copy(update={"search": asked.search.model_copy(update={"terms": terms})})
    packed = _Packed(asked=bare, lengths=[len(vector) for vector in vectors])
    text = packed.model_dump_json(exclude_defaults=True).encode()
    floats = b"".join(pack_floats(vector) for vector in vectors)
    return seal(_KIND, _HEAD.pack(len(text)) + text + floats)


def read_cursor(text: str) -> Asked:
    """The search of a cursor. Raises BadToken."""
    content = unseal(_KIND, text, _MAX_BYTES)
    try:
        (length,) = _HEAD.unpack_from(content)
        packed = _Packed.model_validate_json(content[_HEAD.size : _HEAD.size + length])
    except (struct.error, ValidationError) as error:
        raise BadToken("damaged") from error
    asked, floats = packed.asked, unpack_floats(content[_HEAD.size + length :])
    search = asked.search
    if len(packed.lengths) != len(search.terms) or sum(packed.lengths) != len(floats):
        raise BadToken("damaged")
    terms, start = [], 0
    for term, size in zip(search.terms, packed.lengths, strict=True):
        if (term.vector is not None) != (size > 0):
            raise BadToken("damaged")
        vector = floats[start : start + size] or None
        terms.append({**term.model_dump(), "vector": vector})
        start += size
    try:
        whole = RetrievalRequest.model_validate({**search.model_dump(), "terms": terms})
    except ValidationError as error:
        raise BadToken("damaged") from error
    return asked.model_copy(update={"search": whole})
