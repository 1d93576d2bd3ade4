"""Clients of the other services, and their readiness."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from urllib.parse import quote

import httpx
from pydantic import HttpUrl

from services.common.client import ServiceClient
from services.common.context import own_deadline
from services.common.problems import ServiceError
from services.contracts.health import MODEL, Dependency, Readiness
from services.gateway.settings import GatewaySettings

READY_TIMEOUT_S = 1.0
READY_KEPT_S = 0.5

_NEEDED = ("encoder", "retriever")
"""Without these there is no answer."""

Transports = Mapping[str, httpx.AsyncBaseTransport]
"""Transports by service name, instead of the network; tests answer in process."""


@dataclass(frozen=True, slots=True)
class Services:
    """One client for each service."""

    encoder: ServiceClient
    rewriter: ServiceClient
    retriever: ServiceClient
    writer: ServiceClient | None
    """None if products cannot be changed."""

    def all(self) -> tuple[ServiceClient, ...]:
        searching = (self.encoder, self.rewriter, self.retriever)
        return searching if self.writer is None else (*searching, self.writer)


def product_path(product_id: str) -> str:
    """Path of a product at the retriever and the writer."""
    # A dot is quoted too: httpx resolves `..` in a path, which would ask for something else.
    return f"/products/{quote(product_id, safe='').replace('.', '%2E')}"


@asynccontextmanager
async def open_services(
    settings: GatewaySettings, transports: Transports
) -> AsyncIterator[Services]:
    """The clients, open as long as the block runs."""
    async with AsyncExitStack() as stack:

        async def client(name: str, url: HttpUrl, timeout_ms: int) -> ServiceClient:
            return await stack.enter_async_context(
                ServiceClient(
                    name,
                    str(url),
                    timeout_s=timeout_ms / 1000,
                    transport=transports.get(name),
                )
            )

        yield Services(
            encoder=await client("encoder", settings.encoder_url, settings.encoder_timeout_ms),
            rewriter=await client("rewriter", settings.rewriter_url, settings.rewriter_timeout_ms),
            retriever=await client(
                "retriever", settings.retriever_url, settings.retriever_timeout_ms
            ),
            writer=None
            if settings.writer_url is None
            else await client("writer", settings.writer_url, settings.writer_timeout_ms),
        )


class ReadinessProbe:
    """Asks every service whether it is ready, at most twice a second."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._lock = asyncio.Lock()
        self._states: dict[str, Dependency] = {}
        self._asked_at = float("-inf")

    async def states(self) -> dict[str, Dependency]:
        """The state of each service by name; only encoder and retriever can be `unavailable`."""
        async with self._lock:
            if time.monotonic() - self._asked_at > READY_KEPT_S:
                services = self._services
                readiness = await asyncio.gather(*(_readiness(one) for one in services.all()))
                names = (one.name for one in services.all())
                answers = dict(zip(names, readiness, strict=True))
                self._states = {name: _state(name, one) for name, one in answers.items()}
                if (mismatch := _mismatch(answers["encoder"], answers["retriever"])) is not None:
                    self._states["retriever"] = mismatch
                self._asked_at = time.monotonic()
            return self._states


async def _readiness(client: ServiceClient) -> Readiness | ServiceError:
    try:
        async with own_deadline(READY_TIMEOUT_S):
            return await client.get("/ready", Readiness, also_status=(503,))
    except ServiceError as error:
        return error


def _state(name: str, readiness: Readiness | ServiceError) -> Dependency:
    if isinstance(readiness, ServiceError):
        detail = readiness.detail
    else:
        if readiness.status == "ready":
            return _summary(readiness)
        lacking = [
            f"{part}: {dependency.detail or dependency.status}"
            for part, dependency in readiness.dependencies.items()
            if dependency.status == "unavailable"
        ]
        detail = "; ".join(lacking) or f"The {name} is not ready."
    return Dependency(status="unavailable" if name in _NEEDED else "degraded", detail=detail)


def _mismatch(
    encoder: Readiness | ServiceError, retriever: Readiness | ServiceError
) -> Dependency | None:
    """The retriever's state if no search is possible, because the models differ."""
    asked, stored = _model(encoder), _model(retriever)
    if not asked or not stored or asked == stored:
        return None
    return Dependency(
        status="unavailable",
        detail=f"The catalogue is of model {stored}, the encoder's is {asked}. Load the "
        "catalogue with this encoder.",
    )


def _model(readiness: Readiness | ServiceError) -> str | None:
    """The id of its model, if it says so."""
    if isinstance(readiness, ServiceError) or MODEL not in readiness.dependencies:
        return None
    return readiness.dependencies[MODEL].detail


def _summary(readiness: Readiness) -> Dependency:
    """A ready service as one dependency: degraded if it lacks anything, with all the details."""
    states = readiness.dependencies.items()
    details = [f"{name}: {state.detail}" for name, state in states if state.detail]
    degraded = any(state.status != "ok" for _, state in states)
    return Dependency(status="degraded" if degraded else "ok", detail="; ".join(details) or None)
