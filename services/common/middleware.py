"""The outermost layer of every service: request id, deadline, body limit, log, metrics, trace.

It uses ASGI directly, because Starlette's `BaseHTTPMiddleware` runs each request in a task of its
own, which loses context variables and costs more than the rest of this file.
"""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections.abc import Mapping
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.common.context import (
    DEADLINE_HEADER,
    REQUEST_ID_HEADER,
    accept_deadline,
    accept_request_id,
    deadline,
    request_id,
    request_notes,
)
from services.common.lifecycle import Lifecycle
from services.common.metrics import Metrics
from services.common.problems import (
    PayloadTooLarge,
    RequestTimeout,
    ServiceError,
    problem_response,
)
from services.common.root_path import path_below_root

logger = logging.getLogger("services.access")

_QUIET_ROUTES = {"/health", "/ready", "/metrics"}


def _unexpected() -> ASGIApp:
    return problem_response(
        ServiceError("An unexpected error occurred. The request id identifies it in our logs.")
    )


def _declared_bytes(headers: Headers) -> float:
    """The declared length of the body; 0 if it is missing or not a number."""
    declared = headers.get("content-length", "")
    if not (declared.isascii() and declared.isdigit()):
        return 0
    # Python refuses to convert thousands of digits.
    return int(declared) if len(declared) < 19 else math.inf


def _route(scope: Scope) -> str:
    """The route's template, not the path, because labels of metrics must stay few."""
    return getattr(scope.get("route"), "path", None) or "unmatched"


class ServiceMiddleware:
    """Gives every answer its request id, and logs and counts it."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        metrics: Metrics,
        default_deadline_ms: int,
        max_body_bytes: int,
        body_limits: Mapping[str, int],
        lifecycle: Lifecycle,
    ) -> None:
        self._app = app
        self._metrics = metrics
        self._default_deadline_ms = default_deadline_ms
        self._max_body_bytes = max_body_bytes
        self._body_limits = body_limits
        self._lifecycle = lifecycle

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        identifier = accept_request_id(headers.get(REQUEST_ID_HEADER))
        request_id_token = request_id.set(identifier)
        deadline_token = deadline.set(
            accept_deadline(headers.get(DEADLINE_HEADER), self._default_deadline_ms)
        )
        notes: dict[str, Any] = {}
        notes_token = request_notes.set(notes)
        started = time.perf_counter()
        status = 500
        answering = False

        async def send_with_id(message: Message) -> None:
            nonlocal status, answering
            if message["type"] == "http.response.start":
                status = message["status"]
                answering = True
                sent = MutableHeaders(scope=message)
                sent[REQUEST_ID_HEADER] = identifier
                if status == RequestTimeout.status or self._lifecycle.stopping:
                    sent["Connection"] = "close"
            await send(message)

        self._metrics.in_flight.inc()
        try:
            await self._traced(scope, receive, send_with_id, headers)
        except ClientDisconnect:
            status = 499  # the client has gone; proxies log this number
        except Exception:
            # Not in an exception handler: Starlette would run it outside of this layer, and the
            # answer would have no request id.
            logger.exception("unexpected error")
            if answering:
                raise  # half an answer is sent; closing the connection shows that it is incomplete
            await _unexpected()(scope, receive, send_with_id)
        finally:
            self._metrics.in_flight.dec()
            self._record(scope, status, time.perf_counter() - started, notes)
            request_notes.reset(notes_token)
            request_id.reset(request_id_token)
            deadline.reset(deadline_token)

    async def _traced(self, scope: Scope, receive: Receive, send: Send, headers: Headers) -> None:
        """Handle the request in a span of its own if tracing is on."""
        tracing = self._lifecycle.tracing
        if tracing is None:
            await self._limited(scope, receive, send, headers)
            return
        with tracing.request(scope["method"], headers) as span:

            async def send_and_note(message: Message) -> None:
                if message["type"] == "http.response.start":
                    span.rename(f"{scope['method']} {_route(scope)}")
                    span.note(
                        http__request__method=scope["method"],
                        http__route=_route(scope),
                        http__response__status_code=message["status"],
                        request_id=request_id.get(),
                    )
                await send(message)

            await self._limited(scope, receive, send_and_note, headers)

    async def _limited(self, scope: Scope, receive: Receive, send: Send, headers: Headers) -> None:
        """Refuse a body over the limit, by its declared length or once it exceeds the limit."""
        limit = self._limit(path_below_root(scope))
        too_large = PayloadTooLarge(f"The body is larger than {limit} bytes, the limit here.")
        if _declared_bytes(headers) > limit:
            await problem_response(too_large)(scope, receive, send)
            return
        received, complete = 0, False
        due = deadline.get()

        async def receive_limited() -> Message:
            nonlocal received, complete
            if complete:  # the next message is the client's disconnect, at any time
                return await receive()
            try:
                async with asyncio.timeout(due.remaining_s() if due else None):
                    message = await receive()
            except TimeoutError:
                complete = True
                raise RequestTimeout("The body did not arrive in time. Send it again.") from None
            complete = not message.get("more_body", False)
            if message["type"] == "http.request":
                received += len(message.get("body", b""))
                if received > limit:
                    raise too_large
            return message

        await self._app(scope, receive_limited, send)

    def _limit(self, path: str) -> int:
        """Largest body at this path in bytes. A key that ends in `/` includes all paths below."""
        exact = self._body_limits.get(path)
        if exact is not None:
            return exact
        matching = (
            most
            for name, most in self._body_limits.items()
            if name.endswith("/") and path.startswith(name)
        )
        return next(matching, self._max_body_bytes)

    def _record(self, scope: Scope, status: int, seconds: float, notes: dict[str, Any]) -> None:
        route = _route(scope)
        method = scope["method"]
        self._metrics.answered(method, route, status, seconds)
        level = logging.DEBUG if route in _QUIET_ROUTES else logging.INFO
        logger.log(
            level,
            "request",
            extra={
                "method": method,
                "route": route,
                "status": status,
                "duration_ms": round(seconds * 1000, 2),
                **notes,
            },
        )
