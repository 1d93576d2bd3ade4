"""Wiring of the rewriter."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from fastapi import FastAPI

from services.common.app import create_service_app
from services.common.optional_redis import OptionalRedis
from services.common.state import get_state, hold_state
from services.contracts.health import Dependency
from services.rewriter.cache import RewriteCache
from services.rewriter.gemini import open_gemini
from services.rewriter.metrics import RewriterMetrics
from services.rewriter.prompt import PROMPT_VERSION
from services.rewriter.rewriting import Rewriter
from services.rewriter.routes import DIRECT, RewriterState, router
from services.rewriter.settings import RewriterSettings
from services.rewriter.spending import SpendingLimit

NAME = "rewriter"

MAX_BODY_BYTES = 65_536


def create_app(settings: RewriterSettings) -> FastAPI:
    """The app: `POST /rewrite` and the routes of every service."""
    metrics = RewriterMetrics()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            redis = None
            if settings.redis_url is not None:
                redis = OptionalRedis(settings.redis_url, timeout_ms=settings.redis_timeout_ms)
                stack.push_async_callback(redis.aclose)
            rewriter = Rewriter(
                await stack.enter_async_context(open_gemini(settings)),
                RewriteCache(
                    redis,
                    prompt_version=PROMPT_VERSION,
                    model=settings.gemini_model,
                    ttl_s=settings.cache_ttl_s,
                    metrics=metrics,
                ),
                SpendingLimit(
                    redis,
                    calls_a_minute=settings.calls_per_minute,
                    calls_a_day=settings.calls_per_day,
                ),
                settings,
                metrics,
            )
            stack.push_async_callback(rewriter.aclose)
            with hold_state(app, RewriterState(rewriter)):
                yield

    async def dependencies() -> dict[str, Dependency]:
        return {"gemini": get_state(app, RewriterState).rewriter.gemini_state()}

    app = create_service_app(
        name=NAME,
        description="Rewrites a shopper's query for CLIP: never an error, never late.",
        settings=settings,
        metrics=metrics,
        lifespan=lifespan,
        routers=[router],
        direct=DIRECT,
        dependencies=dependencies,
        max_body_bytes=MAX_BODY_BYTES,
    )
    return app
