"""Wiring of the encoder: settings in, FastAPI application out."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from fastapi import FastAPI

from services.common.app import create_service_app
from services.common.metrics import Metrics
from services.common.state import find_state, hold_state
from services.contracts.health import MODEL, Dependency
from services.encoder.engine import Engine
from services.encoder.fetch import FetchFailed, Progress
from services.encoder.graph_files import GraphFiles, choose_graphs
from services.encoder.models import UnknownModel, find_model
from services.encoder.openai_routes import PREFIX as OPENAI_PREFIX
from services.encoder.openai_routes import openai_problem
from services.encoder.openai_routes import router as openai_router
from services.encoder.precision import UnsuitablePrecision
from services.encoder.routes import DIRECT, EncoderState, router
from services.encoder.service import Encoder
from services.encoder.settings import EncoderSettings
from services.encoder.tokenizer import TextTokenizer, Tokenizer
from services.encoder.weights import UnusableWeights

logger = logging.getLogger(__name__)

START_ERRORS = (
    UnknownModel,
    UnusableWeights,
    UnsuitablePrecision,
    FetchFailed,
    OSError,
)
"""Errors in the settings of the model, and folders that cannot be written. The messages are written
for operators."""


def prepare_model(settings: EncoderSettings, progress: Progress) -> GraphFiles:
    """Find the model, fetch it if necessary, and make its graphs the first time.

    Blocks, for minutes if it fetches weights. Raises one of START_ERRORS.
    """
    source = find_model(
        settings.model,
        cache=settings.model_cache_dir,
        base_url=settings.weights_url,
        hub_url=settings.hub_url,
        progress=progress,
    )
    return choose_graphs(source, settings.model_cache_dir, settings.precision)


def create_app(
    settings: EncoderSettings,
    load: Callable[[], Engine],
    load_tokenizer: Callable[[], TextTokenizer] = Tokenizer,
) -> FastAPI:
    """The encoder's application. Both functions run in threads at start."""
    metrics = Metrics("encoder")

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        engine, tokenizer = await asyncio.gather(
            asyncio.to_thread(load), asyncio.to_thread(load_tokenizer)
        )
        encoder = Encoder(engine, tokenizer, settings, metrics)
        await encoder.start()
        logger.info(
            "model ready",
            extra={
                "model": engine.info.model_id,
                "precision": engine.precision,
                "share_lost": engine.info.share_lost,
            },
        )
        try:
            with hold_state(app, EncoderState(encoder)):
                yield
        finally:
            await encoder.stop()

    def alive() -> bool:
        state = find_state(app, EncoderState)
        return state is None or state.encoder.alive()

    async def dependencies() -> dict[str, Dependency]:
        state = find_state(app, EncoderState)
        if state is None:
            return {MODEL: Dependency(status="unavailable", detail="The model is not loaded.")}
        if not state.encoder.alive():
            return {MODEL: Dependency(status="unavailable", detail="A forward pass is stuck.")}
        return {MODEL: Dependency(status="ok", detail=state.encoder.info.model_id)}

    app = create_service_app(
        name="encoder",
        description="CLIP or SigLIP: texts and pictures to unit vectors.",
        settings=settings,
        metrics=metrics,
        lifespan=lifespan,
        routers=[router, openai_router],
        direct=DIRECT,
        dependencies=dependencies,
        alive=alive,
        max_body_bytes=settings.max_request_bytes,
        problem_shapes={f"{OPENAI_PREFIX}/": openai_problem},
    )
    return app
