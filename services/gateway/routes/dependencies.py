"""Dependencies that routes share: access, timings, a body that is JSON, and errors."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Depends, Request, Response, Security
from fastapi.security import APIKeyHeader

from services.common.media_types import require_media_type
from services.common.problems import (
    DeadlineExceeded,
    DependencyUnavailable,
    InvalidRequest,
    ModelMismatch,
    NotReady,
    Overloaded,
    PayloadTooLarge,
    UnsupportedMediaType,
)
from services.common.state import get_state
from services.gateway.admission.access import API_KEY_HEADER, Scope, check_access
from services.gateway.routes.compressed import CompressedJson
from services.gateway.searching.timings import Timings
from services.gateway.state import GatewayState, State

UNANSWERED = (Overloaded, NotReady, DependencyUnavailable, DeadlineExceeded)
"""Errors of every route that asks another service."""

QUERY_ERRORS = (InvalidRequest, PayloadTooLarge, UnsupportedMediaType, ModelMismatch, *UNANSWERED)
"""Errors of every route that takes words or a picture in its body."""

_api_key = APIKeyHeader(
    name=API_KEY_HEADER, auto_error=False, description="A key with the scope that the route needs."
)


def _require(scope: Scope) -> Any:  # noqa: ANN401 - as FastAPI's `Depends`
    """A dependency that refuses callers without a key of this scope."""

    async def require(state: State, key: Annotated[str | None, Security(_api_key)] = None) -> None:
        check_access(state.settings, key, scope)

    return Depends(require)


AdminOnly = _require("admin")
SearchOnly = _require("search")
"""Open to everyone while no search key is configured."""
AgentsOnly = _require("agent")
"""Open to everyone while neither an agent's key nor a search key is configured."""


def directly_searching(request: Request) -> tuple[GatewayState, Timings]:
    """State and timings for a direct route of a search, after the check of `SearchOnly`."""
    state = get_state(request.app, GatewayState)
    check_access(state.settings, request.headers.get(API_KEY_HEADER), "search")
    return state, Timings(state.metrics)


async def _timings(state: State) -> Timings:
    return Timings(state.metrics)


TimingsDependency = Annotated[Timings, Depends(_timings)]


def json_response(content: bytes, timings: Timings) -> Response:
    """The answer, compressed if the caller accepts it, and the time of each stage."""
    headers = {"Server-Timing": timings.server_timing()}
    return CompressedJson(content, headers=headers)


async def require_json(request: Request) -> None:
    """Refuse a body whose type is not JSON, before its fields are validated."""
    await require_media_type(request, "application/json")
