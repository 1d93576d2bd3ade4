"""The only layer around a service's routes: request id, deadline, admission, body limit, log,
metrics, trace, and direct routes.

It uses ASGI directly and is one layer, because each further layer costs every request a function
call for each message, and often a copy of the headers.
"""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections.abc import Mapping, Sequence
from typing import Any

from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.common.admission import Gate, RawHeaders
from services.common.context import (
    DEADLINE_HEADER,
    REQUEST_ID_HEADER,
    Deadline,
    accept_deadline,
    accept_request_id,
    deadline,
    request_id,
    request_notes,
)
from services.common.direct_routes import DirectRoute
from services.common.lifecycle import Lifecycle
from services.common.metrics import Metrics
from services.common.problems import (
    PayloadTooLarge,
    ProblemShape,
    RequestTimeout,
    ServiceError,
    UnsupportedMediaType,
    problem_response,
    problem_shape,
)
from services.common.root_path import path_below_root, relative_redirect

logger = logging.getLogger("services.access")

_QUIET_ROUTES = {"/health", "/ready", "/metrics"}
_REQUEST_ID = REQUEST_ID_HEADER.lower().encode()
_DEADLINE = DEADLINE_HEADER.lower().encode()
_CLOSE = (b"connection", b"close")
_REDIRECT = 307
"""Status of the only redirect that there is: to a path with or without its slash at the end."""
_UNEXPECTED = "An unexpected error occurred. The request id identifies it in our logs."


def _declared_bytes(declared: str) -> float:
    """The declared length of the body; 0 if it is missing or not a number."""
    if not (declared.isascii() and declared.isdigit()):
        return 0
    # Python refuses to convert thousands of digits.
    return int(declared) if len(declared) < 19 else math.inf


def _check_encoding(encoding: str) -> None:
    """Raises UnsupportedMediaType for a compressed body, which no route would understand."""
    if encoding and encoding.strip().lower() != "identity":
        raise UnsupportedMediaType(
            "Bodies with `Content-Encoding` are not read here. Send the body uncompressed."
        )


def _route(scope: Scope) -> str:
    """The route's template, not the path, because labels of metrics must stay few."""
    return getattr(scope.get("route"), "path", None) or "unmatched"


class _Exchange:
    """One request and its answer. `send` and `receive` are what the routes get."""

    __slots__ = (
        "_due",
        "_lifecycle",
        "_limit",
        "_receive",
        "_received",
        "_send",
        "answering",
        "complete",
        "headers",
        "status",
        "without_body",
    )  # fmt: skip

    def __init__(
        self, receive: Receive, send: Send, due: Deadline, limit: int, lifecycle: Lifecycle
    ) -> None:
        self._receive, self._send = receive, send
        self._due = due
        self._limit = limit
        self._lifecycle = lifecycle
        self._received = 0
        self.complete = False
        self.headers: list[tuple[bytes, bytes]] = []
        self.status = 500
        self.answering = False
        self.without_body = False

    async def send(self, message: Message) -> None:
        """Add our headers to the start of the answer; headers of its own are not repeated."""
        if message["type"] == "http.response.start":
            self.status = status = message["status"]
            self.answering = True
            sent = list(message["headers"])
            if status == _REDIRECT:
                sent = [
                    (name, relative_redirect(value) if name == b"location" else value)
                    for name, value in sent
                ]
            names = {name for name, _ in sent}
            sent += [header for header in self.headers if header[0] not in names]
            if status == RequestTimeout.status or self._lifecycle.stopping:
                sent.append(_CLOSE)
            message["headers"] = sent
        elif self.without_body:
            message = {**message, "body": b""}
        await self._send(message)

    async def receive(self) -> Message:
        """Refuse a body once it exceeds the limit, or when it is too late."""
        if self.complete:  # the next message is the client's disconnect, at any time
            return await self._receive()
        try:
            async with asyncio.timeout(self._due.remaining_s()):
                message = await self._receive()
        except TimeoutError:
            self.complete = True
            raise RequestTimeout("The body did not arrive in time. Send it again.") from None
        self.complete = not message.get("more_body", False)
        if message["type"] == "http.request":
            self._received += len(message.get("body", b""))
            self.check(self._received)
        return message

    def check(self, size: float) -> None:
        """Raises PayloadTooLarge for a body of this size in bytes."""
        if size > self._limit:
            raise PayloadTooLarge(f"The body is larger than {self._limit} bytes, the limit here.")


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
        deadlines_ms: Mapping[str, int],
        direct: Sequence[DirectRoute],
        gate: Gate,
        headers: RawHeaders,
        problem_shapes: Mapping[str, ProblemShape],
    ) -> None:
        self._app = app
        self._problem_shapes = problem_shapes
        self._metrics = metrics
        self._default_deadline_ms = default_deadline_ms
        self._deadlines_ms = deadlines_ms
        self._max_body_bytes = max_body_bytes
        self._body_limits = body_limits
        self._lifecycle = lifecycle
        self._direct = {(route.method, route.path): route for route in direct}
        self._gate = gate
        self._headers = headers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        given = {name: value.decode("latin-1") for name, value in scope["headers"]}
        identifier = accept_request_id(given.get(_REQUEST_ID))
        path = path_below_root(scope)
        default_ms = self._deadlines_ms.get(f"{scope['method']} {path}", self._default_deadline_ms)
        due = accept_deadline(given.get(_DEADLINE), default_ms)
        notes: dict[str, Any] = {}
        shape = next((it for at, it in self._problem_shapes.items() if path.startswith(at)), None)
        tokens = request_id.set(identifier), deadline.set(due), request_notes.set(notes)
        shaped = problem_shape.set(shape)
        exchange = _Exchange(receive, send, due, self._limit(path), self._lifecycle)
        exchange.headers = [(_REQUEST_ID, identifier.encode()), *self._headers]
        self._metrics.in_flight.inc()
        try:
            await self._traced(scope, exchange, given)
        finally:
            self._metrics.in_flight.dec()
            self._record(scope, exchange.status, time.perf_counter() - started, notes)
            request_id.reset(tokens[0])
            deadline.reset(tokens[1])
            request_notes.reset(tokens[2])
            problem_shape.reset(shaped)

    async def _traced(self, scope: Scope, exchange: _Exchange, given: dict[bytes, str]) -> None:
        """Handle the request in a span of its own if tracing is on."""
        tracing = self._lifecycle.tracing
        if tracing is None:
            await self._answered(scope, exchange, given)
            return
        with tracing.request(scope["method"], Headers(scope=scope)) as span:
            try:
                await self._answered(scope, exchange, given)
            finally:
                span.rename(f"{scope['method']} {_route(scope)}")
                span.note(
                    http__request__method=scope["method"],
                    http__route=_route(scope),
                    http__response__status_code=exchange.status,
                    request_id=request_id.get(),
                )

    async def _answered(self, scope: Scope, exchange: _Exchange, given: dict[bytes, str]) -> None:
        """Send an answer, whatever happens. Raises only if half of one was sent already."""
        try:
            await self._admitted(scope, exchange, given)
        except ClientDisconnect:
            exchange.status = 499  # the client has gone; proxies log this number
        except Exception as error:
            # Not in an exception handler: Starlette would run it outside of this layer, and the
            # answer would have no request id.
            if not isinstance(error, ServiceError):
                logger.exception("unexpected error")
            if exchange.answering:
                raise  # closing the connection shows that the answer is incomplete
            told = error if isinstance(error, ServiceError) else ServiceError(_UNEXPECTED)
            await problem_response(told)(scope, exchange.receive, exchange.send)

    async def _admitted(self, scope: Scope, exchange: _Exchange, given: dict[bytes, str]) -> None:
        """Ask the gate, before any part of a body is read, then a route."""
        ticket = await self._gate.enter(scope)
        exchange.headers.extend(ticket.headers)
        if ticket.refusal is not None:
            raise ticket.refusal
        try:
            exchange.check(_declared_bytes(given.get(b"content-length", "")))
            _check_encoding(given.get(b"content-encoding", ""))
            route = self._direct.get((scope["method"], path_below_root(scope)))
            if route is not None and route.serves(scope, given):
                await route.answer(self._app, scope, exchange.receive, exchange.send)
            elif scope["method"] == "HEAD":
                await self._headed(scope, exchange)
            else:
                await self._app(scope, exchange.receive, exchange.send)
        finally:
            ticket.leave()

    async def _headed(self, scope: Scope, exchange: _Exchange) -> None:
        """Answer HEAD as GET without its body, at every path (RFC 9110, 9.3.2)."""
        exchange.without_body = True
        as_get = {**scope, "method": "GET"}
        try:
            await self._app(as_get, exchange.receive, exchange.send)
        finally:
            scope["route"] = as_get.get("route")

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
        if not logger.isEnabledFor(level):
            return
        fields = {
            "method": method,
            "route": route,
            "status": status,
            "duration_ms": round(seconds * 1000, 2),
            **notes,
        }
        logger.log(level, "request", extra=fields)
