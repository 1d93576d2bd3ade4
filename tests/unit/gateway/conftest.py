"""A gateway in process, with doubles behind it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import httpx
import pytest

from services.gateway.app import create_app
from services.gateway.searching import services
from services.gateway.settings import GatewaySettings
from tests.support.gateway_stack import PATIENT, Stack
from tests.support.lifespan import LifespanManager

RunStack = Callable[..., AbstractAsyncContextManager[Stack]]


@pytest.fixture
def run_stack(monkeypatch: pytest.MonkeyPatch) -> RunStack:
    """Start a gateway; keywords are its settings."""
    # A busy machine is no failure.
    monkeypatch.setattr(services, "READY_TIMEOUT_S", 60)

    @asynccontextmanager
    async def run(**settings: Any) -> AsyncIterator[Stack]:  # noqa: ANN401
        stack = Stack()
        given = {**PATIENT, "redis_timeout_ms": 2_000, **settings}
        stack.app = create_app(GatewaySettings(**given), stack.transports)
        async with (
            LifespanManager(stack.app),
            httpx.AsyncClient(
                transport=httpx.ASGITransport(stack.app), base_url="http://gateway"
            ) as http,
        ):
            stack.http = http
            yield stack

    return run


@pytest.fixture
async def stack(run_stack: RunStack) -> AsyncIterator[Stack]:
    """A gateway with its settings as they come, and everything behind it well."""
    async with run_stack() as running:
        yield running
