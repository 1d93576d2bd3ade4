"""`POST /products/batch`, for administrators."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Header, Request, Response
from starlette.types import Receive, Scope, Send

from services.common.media_types import require_media_type
from services.common.places import Places
from services.common.problems import (
    DependencyUnavailable,
    Forbidden,
    InvalidRequest,
    Overloaded,
    PayloadTooLarge,
    Unauthorized,
    UnsupportedMediaType,
    problem_responses,
)
from services.contracts.base import Contract
from services.contracts.batches import (
    BATCH_MEDIA_TYPE,
    BATCH_PATH,
    IDEMPOTENCY_HEADER,
    MAX_BATCH_LINES,
    MAX_CHANGES_BYTES,
    MAX_LINE_BYTES,
    BatchLine,
    BatchResult,
    IdempotencyKey,
)
from services.gateway.batching import BatchOfChanges
from services.gateway.routes.changes import writer_of
from services.gateway.routes.dependencies import AdminOnly
from services.gateway.state import State

router = APIRouter(tags=["administration"], dependencies=[AdminOnly])

BATCH_DEADLINE_MS = 300_000
"""Longest time of a batch; a shorter `X-Deadline-Ms` holds."""


def _line_schema(kind: type[Contract]) -> dict[str, Any]:
    """JSON schema of a line, without references; OpenAPI 3.1 has no place for it."""
    schema = kind.model_json_schema()
    definitions = schema.pop("$defs", {})

    def inlined(part: Any) -> Any:  # noqa: ANN401 - any JSON
        if isinstance(part, list):
            return [inlined(one) for one in part]
        if not isinstance(part, dict):
            return part
        if "$ref" in part:
            return inlined(definitions[part["$ref"].removeprefix("#/$defs/")])
        return {name: inlined(value) for name, value in part.items()}

    return dict(inlined(schema))


_RESULTS: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "One result a line, as they are stored.",
        "content": {BATCH_MEDIA_TYPE: {"schema": {"type": "string"}}},
        "x-line": _line_schema(BatchResult),
    }
}


class _Streamed(Response):
    """Sends lines as they come. Starlette's own class would read the request's body meanwhile."""

    media_type = BATCH_MEDIA_TYPE

    def __init__(self, lines: AsyncIterator[bytes], places: Places) -> None:
        super().__init__()
        del self.headers["content-length"]
        self._lines = lines
        self._places = places

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Raises Overloaded before anything is sent or read."""
        with self._places.one():
            await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
            async for lines in self._lines:
                await send({"type": "http.response.body", "body": lines, "more_body": True})
            await send({"type": "http.response.body", "body": b""})


@router.post(
    BATCH_PATH,
    summary="Make up to 10,000 changes",
    status_code=200,
    response_class=_Streamed,
    responses=_RESULTS
    | problem_responses(
        Unauthorized,
        Forbidden,
        InvalidRequest,
        UnsupportedMediaType,
        PayloadTooLarge,
        Overloaded,
        DependencyUnavailable,
    ),
    openapi_extra={
        "requestBody": {
            "required": True,
            "description": f"At most {MAX_BATCH_LINES:,} lines of {MAX_LINE_BYTES:,} bytes, and "
            f"{MAX_CHANGES_BYTES:,} bytes in all.",
            "content": {BATCH_MEDIA_TYPE: {"schema": {"type": "string"}}},
            "x-line": _line_schema(BatchLine),
        }
    },
)
async def change_products(
    request: Request,
    state: State,
    key: Annotated[IdempotencyKey | None, Header(alias=IDEMPOTENCY_HEADER)] = None,
) -> Response:
    """A JSON object a line: `{"op": "patch", "product_id": "…", "patch": {"price": 9.9}}`, or `op`
    `put` with `product`, or `delete`. One result a line comes back as soon as it is stored. A bad
    line costs itself alone. After a lost connection, send the same lines with the same
    `Idempotency-Key`: nothing is made twice.
    """
    await require_media_type(request, BATCH_MEDIA_TYPE)
    batch = BatchOfChanges(writer_of(state), key)
    return _Streamed(batch.results(request.stream()), state.batches)
