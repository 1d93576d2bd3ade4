"""Messages of the rewriter: a query in, a better query (or the same) out."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from services.contracts.base import Contract, is_empty
from services.contracts.limits import ProposedLimits

MAX_QUERY_CHARACTERS = 1_000

RewriteSource = Literal[
    "gemini", "cache", "passthrough", "disabled", "timeout", "error", "rejected"
]


class RewriteRequest(Contract):
    """`POST /rewrite`."""

    query: str = Field(
        min_length=1,
        max_length=MAX_QUERY_CHARACTERS,
        examples=["something warm to put my coffee in, red with stripes"],
    )


class RewrittenQuery(Contract):
    """A query, and what a language model made of it. Nothing in it is trusted."""

    query: str = Field(min_length=1, max_length=MAX_QUERY_CHARACTERS)
    rewritten_query: str = Field(
        min_length=1,
        max_length=MAX_QUERY_CHARACTERS,
        description="The query to encode: rewritten, or the original one.",
    )
    corrected_query: str | None = Field(
        default=None,
        exclude_if=is_empty,
        max_length=MAX_QUERY_CHARACTERS,
        description="The whole query with its typos corrected; null if nothing was corrected.",
    )
    understood: ProposedLimits = Field(
        default_factory=list,
        exclude_if=is_empty,
        description="Limits that the query states.",
    )


class RewriteResponse(RewrittenQuery):
    """Both queries, and the source of the second one."""

    source: RewriteSource = Field(
        description="`gemini` and `cache`: rewritten. The others return the original query. "
        "`passthrough`: needs no rewriting. `disabled`: no key is set. `timeout`: Gemini was too "
        "slow. `error`: Gemini failed, or may not be called now. `rejected`: unusable answer."
    )
    model: str | None = Field(default=None, description="The Gemini model; none without a key.")
    latency_ms: float = Field(ge=0)
