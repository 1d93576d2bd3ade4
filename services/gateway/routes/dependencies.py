"""What the routes are handed: made in the app's lifespan, found on `app.state`."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request

from services.common.problems import UnsupportedMediaType
from services.gateway.metrics import GatewayMetrics
from services.gateway.searching.composed import ComposedSearch
from services.gateway.searching.orchestration import Orchestrator
from services.gateway.searching.timings import Timings
from services.gateway.settings import GatewaySettings


async def _orchestrator(request: Request) -> Orchestrator:
    orchestrator: Orchestrator = request.app.state.orchestrator
    return orchestrator


async def _composed(request: Request) -> ComposedSearch:
    composed: ComposedSearch = request.app.state.composed
    return composed


async def _settings(request: Request) -> GatewaySettings:
    settings: GatewaySettings = request.app.state.settings
    return settings


async def _timings(request: Request) -> Timings:
    metrics: GatewayMetrics = request.app.state.metrics
    return Timings(metrics)


async def require_json(request: Request) -> None:
    """Refuse a body that does not call itself JSON, before FastAPI complains of its fields."""
    given = request.headers.get("content-type", "")
    media_type = given.partition(";")[0].strip().lower()
    if media_type != "application/json":
        raise UnsupportedMediaType(
            f"{request.url.path} takes a body of `Content-Type: application/json`, "
            f"not {media_type or 'one without a type'}."
        )


OrchestratorDependency = Annotated[Orchestrator, Depends(_orchestrator)]
ComposedSearchDependency = Annotated[ComposedSearch, Depends(_composed)]
SettingsDependency = Annotated[GatewaySettings, Depends(_settings)]
TimingsDependency = Annotated[Timings, Depends(_timings)]
