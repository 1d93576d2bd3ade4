"""A service of the common room alone, with routes that misbehave in every way."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import StreamingResponse

from services.common.app import create_service_app
from services.common.context import deadline, request_id
from services.common.metrics import Metrics
from services.common.problems import NotReady, Overloaded
from services.common.settings import ServiceSettings
from services.contracts.base import Contract
from services.contracts.health import Dependency
from tests.support.lifespan import LifespanManager


class Echo(Contract):
    """The context, as the route saw it."""

    request_id: str
    deadline_ms: float
    received: int = 0


class Message(Contract):
    text: str


def _routes() -> APIRouter:
    router = APIRouter()

    @router.get("/echo/{wait_ms}")
    async def echo(wait_ms: int) -> Echo:
        await asyncio.sleep(wait_ms / 1000)
        limit = deadline.get()
        assert limit is not None
        return Echo(request_id=request_id.get(), deadline_ms=limit.remaining_s() * 1000)

    @router.post("/message")
    async def message(body: Message) -> Message:
        return body

    @router.post("/upload")
    async def upload(request: Request) -> Echo:
        return Echo(request_id=request_id.get(), deadline_ms=0, received=len(await request.body()))

    @router.get("/bug")
    async def bug() -> None:
        raise RuntimeError("the password is swordfish")

    @router.get("/not-ready")
    async def not_ready() -> None:
        raise NotReady("Still loading.", retry_after_s=3)

    @router.get("/overloaded")
    async def overloaded() -> None:
        raise Overloaded("Too many.")

    @router.get("/half")
    async def half() -> StreamingResponse:
        async def parts() -> AsyncIterator[bytes]:
            yield b"half an answer"
            raise RuntimeError("the other half is missing")

        return StreamingResponse(parts())

    return router


class Switches:
    """Switches for a test."""

    alive = True
    state = Dependency(status="ok")


@pytest.fixture
def switches() -> Switches:
    return Switches()


@pytest.fixture
async def app(switches: Switches) -> AsyncIterator[FastAPI]:
    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield

    async def dependencies() -> dict[str, Dependency]:
        return {"thing": switches.state}

    app = create_service_app(
        name="sample",
        description="",
        settings=ServiceSettings(deadline_ms=5_000),
        metrics=Metrics("sample"),
        lifespan=lifespan,
        routers=[_routes()],
        dependencies=dependencies,
        alive=lambda: switches.alive,
        max_body_bytes=100,
        body_limits={"/upload": 1_000},
    )
    async with LifespanManager(app):
        yield app


@pytest.fixture
async def http(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://sample"
    ) as client:
        yield client
