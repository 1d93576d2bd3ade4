"""The rewriter's wire: a query in, a better query (or the same) out; never an error, never late."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from services.contracts.base import Contract

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


class RewriteResponse(Contract):
    """Both queries and where the second one came from."""

    query: str
    rewritten_query: str = Field(
        min_length=1,
        max_length=MAX_QUERY_CHARACTERS,
        description="What to encode; the query itself unless rewritten.",
    )
    source: RewriteSource = Field(
        description="`gemini` and `cache`: rewritten. `passthrough`: needed no rewriting. "
        "`disabled`: no key is set. `timeout`, `error`, `rejected`: the original, and why."
    )
    model: str | None = Field(default=None, description="The Gemini model, where one is set.")
    latency_ms: float = Field(ge=0)
