"""Many changes in one request, `POST /products/batch`: JSON objects a line in and out (NDJSON)."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import ConfigDict, Field, model_validator

from services.contracts.base import Contract, ProductId
from services.contracts.problems import Problem
from services.contracts.writer import MergePatch, ProductInput

BATCH_MEDIA_TYPE = "application/x-ndjson"
BATCH_PATH = "/products/batch"
IDEMPOTENCY_HEADER = "Idempotency-Key"

MAX_BATCH_LINES = 10_000
MAX_LINE_BYTES = 1_000_000
"""A picture in base64 fits if it is no larger than 700 kB; larger ones go by `PUT` or by link."""
MAX_CHANGES_BYTES = 32_000_000

MAX_BATCHES = 4
"""Batches that one process of the gateway takes at the same time; each may fill its memory with
`MAX_CHANGES_BYTES`."""
MAX_GROUP_LINES = 500
"""Lines that the gateway sends to the writer at once."""
MAX_GROUP_BYTES = 4_000_000
MAX_GROUPS = 16
"""Groups that the writer takes at the same time, from all gateways."""

IdempotencyKey = Annotated[
    str,
    Field(
        min_length=1,
        max_length=200,
        description="Name of this batch, chosen by the caller. Send the same lines with the same "
        "key again after a lost connection: lines that are stored are answered and not made twice. "
        "Kept for a day.",
        examples=["prices-2026-11-29"],
    ),
]


class BatchLine(Contract):
    """One line of the request. A line of only blanks is skipped, and counts as a line."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"op": "patch", "product_id": "sample-0001", "patch": {"price": 9.9}},
                {"op": "put", "product_id": "mug-7", "product": {"title": "Blue mug"}},
                {"op": "delete", "product_id": "mug-8"},
            ]
        }
    )

    op: Literal["put", "patch", "delete"]
    product_id: ProductId
    product: ProductInput | None = Field(default=None, description="For `put`: all fields.")
    patch: MergePatch | None = Field(
        default=None, description="For `patch`: a merge patch (RFC 7396)."
    )
    if_match: str | None = Field(
        default=None,
        max_length=200,
        description="`ETag` of the product as the caller knows it; the line is refused on any "
        "other.",
    )

    @model_validator(mode="after")
    def _what_the_op_needs(self) -> Self:
        needed = {"put": ("product",), "patch": ("patch",), "delete": ()}[self.op]
        for name in ("product", "patch"):
            if (getattr(self, name) is not None) != (name in needed):
                verb = "needs" if name in needed else "takes no"
                raise ValueError(f"`{self.op}` {verb} `{name}`")
        return self


class BatchResult(Contract):
    """One line of the answer, in the order of the request."""

    line: int = Field(ge=1, description="Number of the line in the request, from 1.")
    product_id: ProductId | None = Field(
        default=None, description="Null if the line could not be read."
    )
    status: Literal["stored", "refused", "unknown"] = Field(
        description="`stored`: on the disk, never lost. `refused`: not made, now or later. "
        "`unknown`: the connection to the writer was lost; send the line again."
    )
    change: str | None = Field(default=None, description="Name of the change, if it is stored.")
    repeated: bool = Field(
        default=False, description="True if an earlier request with the same key stored it."
    )
    problem: Problem | None = Field(default=None, description="The reason, if it is not stored.")
