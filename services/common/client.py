"""The HTTP client of one service for another: deadline, circuit breaker, retries, problems.

Retries: a request is repeated at most once, and only if no answer had begun.

- A connection that closes before the answer begins: repeated on a new connection. The usual cause
  is a service that closed an idle connection, or ended, at the moment when we sent the request.
  The service may have got the request, so a change that must not run twice is not repeated:
  `repeatable=False`. All other calls only read, or are idempotent (PUT, DELETE).
- A connection that cannot be made: repeated within the retry budget.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Literal, Self, TypeVar

import httpx
from pydantic import BaseModel, ValidationError

from services.common.context import (
    CHANGE_HEADER,
    DEADLINE_HEADER,
    REQUEST_ID_HEADER,
    Deadline,
    awaited_change,
    deadline,
    request_id,
)
from services.common.probing_breaker import ProbingBreaker
from services.common.problems import (
    ChangeNotServed,
    DeadlineExceeded,
    DependencyUnavailable,
    InvalidRequest,
    ModelMismatch,
    NotFound,
    NotReady,
    Overloaded,
    PayloadTooLarge,
    PreconditionFailed,
    ServiceError,
    UnreadableImage,
    UnsupportedMediaType,
)
from services.common.retry_budget import RetryBudget
from services.common.tracing import TRACEPARENT_HEADER, current_span
from services.common.transport import (
    ConnectionLost,
    Form,
    HttpxTransport,
    NetworkTransport,
    NotConnected,
    Reply,
    Transport,
    Unreachable,
)
from services.contracts.health import Health
from services.contracts.problems import Problem

PROBE_TIMEOUT_S = 1.0

_WHOLE_TIMEOUT = 0.9
"""A call that had at least this share of the client's time-out counts against the dependency. A
shorter deadline, set by the caller, proves nothing about it."""

Answer = TypeVar("Answer", bound=BaseModel)
Read = TypeVar("Read")
Body = BaseModel | Form | bytes
"""A model is sent as JSON."""

# Problems about the request itself concern our caller and are passed on unchanged.
_PASSED_ON: dict[str, type[ServiceError]] = {
    kind.type_path(): kind
    for kind in (
        ChangeNotServed,
        InvalidRequest,
        ModelMismatch,
        PreconditionFailed,
        NotFound,
        NotReady,
        Overloaded,
        PayloadTooLarge,
        UnreadableImage,
        UnsupportedMediaType,
    )
}


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One request to the other service."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes | Form | None
    repeatable: bool


class ServiceClient:
    """Calls one service. Every call ends within the request's deadline.

    Raises the dependency's own problem if it is about the request, `DependencyUnavailable` if the
    dependency is unavailable or broken (at once while the circuit is open), and `DeadlineExceeded`
    if time ran out.
    """

    def __init__(
        self,
        name: str,
        base_url: str,
        *,
        timeout_s: float,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self.name = name
        self.base_url = base_url
        self.timeout_s = timeout_s
        self._budget = RetryBudget()
        self._breaker = ProbingBreaker(name, self._lives)
        self._transport: Transport = (
            NetworkTransport(base_url) if transport is None else HttpxTransport(base_url, transport)
        )

    async def get(
        self, path: str, answer: type[Answer], *, also_status: Collection[int] = ()
    ) -> Answer:
        """`also_status`: statuses beside 2xx whose body is an `Answer`, such as 503 of `/ready`."""
        return await self._call("GET", path, answer.model_validate_json, also_status=also_status)

    async def post(self, path: str, body: BaseModel, answer: type[Answer]) -> Answer:
        return await self._call("POST", path, answer.model_validate_json, body=body)

    async def post_and_read(
        self,
        path: str,
        body: Body,
        read: Callable[[bytes], Read],
        headers: Mapping[str, str],
        *,
        repeatable: bool = True,
    ) -> Read:
        """For an answer that is not JSON. `read` raises ValueError if it breaks the contract.

        headers: name the type of a body of bytes.  repeatable: False for a change that must not run
        twice.
        """
        return await self._call(
            "POST", path, read, body=body, headers=headers, repeatable=repeatable
        )

    async def change(
        self,
        method: Literal["PUT", "PATCH", "DELETE"],
        path: str,
        answer: type[Answer],
        body: BaseModel | None = None,
        *,
        only: Mapping[str, str | None] | None = None,
    ) -> Answer:
        """`only`: `If-Match` or `If-None-Match`, where they are given. With one of them the call is
        never repeated: the first try may have changed what they ask for."""
        headers = {name: value for name, value in (only or {}).items() if value is not None}
        return await self._call(
            method,
            path,
            answer.model_validate_json,
            body=body,
            headers=headers,
            repeatable=not headers,
        )

    async def post_files(
        self,
        path: str,
        field: str,
        files: list[bytes],
        answer: type[Answer],
        *,
        fields: Mapping[str, str] | None = None,
    ) -> Answer:
        """Send images as one multipart form, all under one field name, beside text fields."""
        form = Form(field, files, fields or {})
        return await self._call("POST", path, answer.model_validate_json, body=form)

    @property
    def circuit_open(self) -> bool:
        """True while calls are refused at once, because the dependency failed."""
        return self._breaker.is_open

    async def aclose(self) -> None:
        await self._breaker.aclose()
        await self._transport.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def _call(
        self,
        method: str,
        path: str,
        read: Callable[[bytes], Read],
        *,
        also_status: Collection[int] = (),
        headers: Mapping[str, str] = MappingProxyType({}),
        body: Body | None = None,
        repeatable: bool = True,
    ) -> Read:
        if isinstance(body, BaseModel):
            headers = {"Content-Type": "application/json", **headers}
            body = body.model_dump_json().encode()
        limit = self._limit()
        if limit.remaining_s() == 0:
            raise DeadlineExceeded(f"No time was left to call the {self.name}.")
        if self._breaker.is_open:
            raise DependencyUnavailable(f"The {self.name} is unavailable. Try again shortly.")
        self._budget.earn()
        started = time.monotonic()
        try:
            async with asyncio.timeout(limit.remaining_s()):
                response = await self._send_traced(
                    Outgoing(method, path, headers, body, repeatable), limit
                )
        except TimeoutError as error:
            if time.monotonic() - started >= _WHOLE_TIMEOUT * self.timeout_s:
                self._breaker.timed_out()
            raise DeadlineExceeded(f"The {self.name} did not answer in time.") from error
        except Unreachable as error:
            self._breaker.failed(f"{type(error).__name__}: {error.__cause__!r}")
            raise DependencyUnavailable(f"The {self.name} cannot be reached.") from error
        if response.is_success or response.status in also_status:
            try:
                understood = read(response.content)
            except ValueError as error:  # Pydantic's own is one
                self._breaker.failed(f"broken answer: {error}")
                raise DependencyUnavailable(
                    f"The answer of the {self.name} breaks its contract."
                ) from error
            self._breaker.succeeded()
            return understood
        raise self._problem(response)

    async def _send_traced(self, request: Outgoing, limit: Deadline) -> Reply:
        """Send in a span of its own, which the other side continues, if there are traces."""
        above = current_span.get()
        if above is None:
            return await self._send(request, limit)
        with above.call(f"{request.method} {self.name}", peer__service=self.name) as span:
            headers = {TRACEPARENT_HEADER: span.traceparent, **request.headers}
            response = await self._send(replace(request, headers=headers), limit)
            span.note(http__response__status_code=response.status)
            return response

    async def _send(self, request: Outgoing, limit: Deadline) -> Reply:
        """Send, and repeat once if no answer had begun."""
        try:
            return await self._send_once(request, limit)
        except NotConnected:
            if not self._budget.spend():
                raise
        except ConnectionLost:
            if not request.repeatable:
                raise
        # Other idle connections may be closed as well.
        return await self._send_once(request, limit, new_connection=True)

    async def _send_once(
        self, request: Outgoing, limit: Deadline, *, new_connection: bool = False
    ) -> Reply:
        change = awaited_change.get()
        # `asyncio.timeout` in `_call` limits the time.
        return await self._transport.send(
            request.method,
            request.path,
            {
                REQUEST_ID_HEADER: request_id.get(),
                DEADLINE_HEADER: str(int(limit.remaining_s() * 1000)),
                **({} if change is None else {CHANGE_HEADER: change}),
                **request.headers,
            },
            request.body,
            new_connection=new_connection,
        )

    async def _lives(self) -> bool:
        """True if the dependency's process answers. Called while the circuit is open."""
        try:
            async with asyncio.timeout(PROBE_TIMEOUT_S):
                response = await self._transport.send("GET", "/health", {}, None)
                Health.model_validate_json(response.content)
        except (TimeoutError, Unreachable, ValidationError):
            return False
        return response.is_success

    def _limit(self) -> Deadline:
        own = Deadline.after_ms(self.timeout_s * 1000)
        given = deadline.get()
        return own if given is None or own.at < given.at else given

    def _problem(self, response: Reply) -> ServiceError:
        try:
            problem = Problem.model_validate_json(response.content)
        except ValidationError:
            self._breaker.failed(f"status {response.status} without a problem document")
            return DependencyUnavailable(
                f"The {self.name} answered {response.status} without a problem document."
            )
        # Any problem document proves that it is alive. A bug that one query meets must not cost
        # the other queries their answers.
        self._breaker.succeeded()
        kind = _PASSED_ON.get(problem.type)
        if kind is not None:
            retry_after = response.headers.get("Retry-After", "")
            return kind(
                problem.detail,
                errors=problem.errors,
                retry_after_s=int(retry_after) if retry_after.isdigit() else None,
            )
        if problem.status == DeadlineExceeded.status:
            return DeadlineExceeded(f"The {self.name} did not answer in time.")
        return DependencyUnavailable(f"The {self.name} failed: {problem.title.lower()}.")
