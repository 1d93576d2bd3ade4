"""`python -m tests.support.sample_service`: the common room alone, as a process of its own.

`GET /work/{milliseconds}` takes that long; `POST /count` returns the number of bytes received.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import APIRouter, FastAPI, Request
from pydantic_settings import SettingsConfigDict

from services.common.app import create_service_app
from services.common.metrics import Metrics
from services.common.server import run_service
from services.common.settings import ServiceSettings
from services.contracts.base import Contract
from services.contracts.health import Dependency

NAME = "sample"


class SampleSettings(ServiceSettings):
    model_config = SettingsConfigDict(env_prefix="SAMPLE_")


class Done(Contract):
    """The process that answered, and the number of bytes received."""

    process: int
    received: int = 0


def create_app(settings: SampleSettings) -> FastAPI:
    router = APIRouter()

    @router.get("/work/{milliseconds}")
    async def work(milliseconds: int) -> Done:
        await asyncio.sleep(milliseconds / 1000)
        return Done(process=os.getpid())

    @router.post("/count")
    async def count(request: Request) -> Done:
        return Done(process=os.getpid(), received=len(await request.body()))

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield

    async def dependencies() -> dict[str, Dependency]:
        return {}

    return create_service_app(
        name=NAME,
        description="",
        settings=settings,
        metrics=Metrics(NAME),
        lifespan=lifespan,
        routers=[router],
        dependencies=dependencies,
        max_body_bytes=1_000,
    )


if __name__ == "__main__":
    own = SampleSettings()
    run_service(NAME, create_app(own), own)
