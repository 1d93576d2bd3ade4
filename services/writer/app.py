"""The writer's wiring."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from services.common.app import create_service_app
from services.common.client import ServiceClient
from services.common.metrics import Metrics
from services.common.state import find_state, get_state, hold_state
from services.contracts.health import Dependency
from services.contracts.writer import MAX_PRODUCT_BYTES
from services.pipeline.settings import PipelineSettings
from services.writer.batches import Batches
from services.writer.routes import WriterState, router
from services.writer.settings import WriterSettings
from services.writer.writer import LiveWriter

NAME = "writer"


def create_app(settings: WriterSettings, pipeline: PipelineSettings) -> FastAPI:
    """pipeline: where the stores, the pictures and the encoder are."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with (
            ServiceClient(
                "encoder", pipeline.encoder_url, timeout_s=settings.encoder_wait_s
            ) as encoder,
            LiveWriter(settings, pipeline, encoder) as writer,
        ):
            with hold_state(app, WriterState(writer, Batches(writer))):
                yield

    async def dependencies() -> dict[str, Dependency]:
        writer = get_state(app, WriterState).writer
        trouble = writer.trouble
        if trouble is not None:
            return {"catalogue": Dependency(status="unavailable", detail=trouble.detail)}
        if not writer.checked:
            return {"catalogue": Dependency(status="unavailable", detail="The stores are opened.")}
        return {"catalogue": Dependency(status="ok")}

    def alive() -> bool:
        state = find_state(app, WriterState)
        return state is None or state.writer.alive

    app = create_service_app(
        name=NAME,
        description="Puts products in and takes them out while the catalogue is served.",
        settings=settings,
        metrics=Metrics(NAME),
        lifespan=lifespan,
        routers=[router],
        dependencies=dependencies,
        alive=alive,
        max_body_bytes=MAX_PRODUCT_BYTES,
    )
    return app
