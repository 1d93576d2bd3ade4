"""The rewriter's wiring."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from services.common.app import create_service_app
from services.contracts.health import Dependency
from services.rewriter.gemini import open_gemini
from services.rewriter.metrics import RewriterMetrics
from services.rewriter.rewriting import Rewriter
from services.rewriter.routes import router
from services.rewriter.settings import RewriterSettings

NAME = "rewriter"

MAX_BODY_BYTES = 65_536


def create_app(settings: RewriterSettings) -> FastAPI:
    metrics = RewriterMetrics()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with open_gemini(settings) as writer:
            app.state.rewriter = Rewriter(writer, settings, metrics)
            yield

    async def dependencies() -> dict[str, Dependency]:
        # Never `unavailable`: the rewriter has an answer without Gemini.
        rewriter: Rewriter = app.state.rewriter
        if settings.gemini_api_key is None:
            return {"gemini": Dependency(status="ok", detail="No key is set; none is asked.")}
        if rewriter.failing:
            return {"gemini": Dependency(status="degraded", detail="Left alone after failing.")}
        return {"gemini": Dependency(status="ok")}

    app = create_service_app(
        name=NAME,
        description="Makes a shopper's query fit for CLIP: never an error, never late.",
        settings=settings,
        metrics=metrics,
        lifespan=lifespan,
        routers=[router],
        dependencies=dependencies,
        max_body_bytes=MAX_BODY_BYTES,
    )
    return app
