"""A rewriter in process, with a local Gemini on a real socket."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
from fastapi import FastAPI
from pydantic import SecretStr

from services.contracts.rewriter import RewriteResponse
from services.rewriter.app import create_app
from services.rewriter.settings import RewriterSettings
from tests.support.gemini_server import GeminiRequest, GeminiServer, Reply, gemini_server
from tests.support.lifespan import LifespanManager

API_KEY = "test-key-of-nobody"


@dataclass
class RunningRewriter:
    """The app, and its Gemini."""

    app: FastAPI
    http: httpx.AsyncClient
    gemini: GeminiServer

    async def rewrite(self, query: str, **headers: str) -> RewriteResponse:
        response = await self.http.post("/rewrite", json={"query": query}, headers=headers)
        assert response.status_code == 200, response.text
        return RewriteResponse.model_validate_json(response.content)

    async def metrics(self) -> str:
        return (await self.http.get("/metrics")).text

    async def gemini_state(self) -> dict[str, str]:
        """State of Gemini in `/ready`. The rewriter itself is ready in any case."""
        response = await self.http.get("/ready")
        assert response.status_code == 200, response.text
        state: dict[str, str] = response.json()["dependencies"]["gemini"]
        return state


@asynccontextmanager
async def running_rewriter(
    reply: Callable[[GeminiRequest], Reply] | Reply,
    **settings: Any,  # noqa: ANN401
) -> AsyncIterator[RunningRewriter]:
    """A rewriter whose Gemini gives this reply; keywords are settings."""
    answer = (lambda _: reply) if isinstance(reply, Reply) else reply
    async with gemini_server(answer) as gemini:
        given = {
            "gemini_url": gemini.url,
            "gemini_api_key": SecretStr(API_KEY),
            # Generous, because the machine may be busy; tests of time set their own.
            "rewrite_deadline_ms": 60_000,
            "gemini_timeout_ms": 60_000,
            "redis_timeout_ms": 20_000,
            **settings,
        }
        app = create_app(RewriterSettings(**given))
        async with (
            LifespanManager(app),
            httpx.AsyncClient(
                transport=httpx.ASGITransport(app), base_url="http://rewriter"
            ) as http,
        ):
            yield RunningRewriter(app, http, gemini)
