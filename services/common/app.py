"""The app factory: what makes a FastAPI application one of our services."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from types import MappingProxyType
from typing import Any

from fastapi import APIRouter, FastAPI, Request, Response, status
from fastapi.middleware.asyncexitstack import AsyncExitStackMiddleware
from starlette.middleware.exceptions import ExceptionMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from services.common.admission import OPEN, Gate, RawHeaders
from services.common.direct import is_direct
from services.common.direct_routes import DirectRoute
from services.common.lifecycle import Lifecycle, set_lifecycle
from services.common.metrics import METRICS_MEDIA_TYPE, Metrics
from services.common.middleware import ServiceMiddleware
from services.common.openapi import document_problems
from services.common.problems import (
    NotFound,
    ProblemShape,
    error_types,
    install_problem_handlers,
    problem_responses,
)
from services.common.settings import ServiceSettings
from services.common.tracing import Tracing
from services.common.version import VERSION
from services.contracts.base import Contract
from services.contracts.health import Dependency, Health, Readiness

Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]
Dependencies = Mapping[str, Dependency]
"""State of each thing that a service needs, by name."""


class ServiceApp(FastAPI):
    """FastAPI inside our own layer, without FastAPI's layers that we do not use."""

    def __init__(self, layer: Callable[[ASGIApp], ASGIApp], **keywords: Any) -> None:  # noqa: ANN401 - FastAPI's own
        super().__init__(**keywords)
        self._layer = layer

    def build_middleware_stack(self) -> ASGIApp:
        routes = AsyncExitStackMiddleware(self.router)
        app = self._layer(ExceptionMiddleware(routes, dict(self.exception_handlers)))
        for outer in reversed(self.user_middleware):
            app = outer.cls(app, *outer.args, **outer.kwargs)
        return app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await super().__call__(scope, receive, send)
            return
        if self.middleware_stack is None:
            self.middleware_stack = self.build_middleware_stack()
        scope["app"] = self
        await self.middleware_stack(scope, receive, send)


class ProblemType(Contract):
    """`GET /problems/{slug}`: the meaning of a problem document's `type`."""

    type: str
    title: str
    status: int
    description: str


def create_service_app(
    *,
    name: str,
    description: str,
    settings: ServiceSettings,
    metrics: Metrics,
    lifespan: Lifespan,
    routers: Sequence[APIRouter],
    dependencies: Callable[[], Awaitable[Dependencies]],
    alive: Callable[[], bool] = lambda: True,
    max_body_bytes: int = 1_000_000,
    body_limits: Mapping[str, int] = MappingProxyType({}),
    deadlines_ms: Mapping[str, int] = MappingProxyType({}),
    docs_url: str | None = "/docs",
    direct: Sequence[DirectRoute] = (),
    gate: Gate = OPEN,
    headers: RawHeaders = (),
    problem_shapes: Mapping[str, ProblemShape] = MappingProxyType({}),
) -> FastAPI:
    """A FastAPI app with health, readiness, metrics, request ids, deadlines and problem details.

    `dependencies` returns the state of each dependency; the service is ready if none is
    unavailable. `alive` returns whether the service's own workers run. `body_limits` overrides
    `max_body_bytes` by path; a path that ends in `/` includes all paths below it. `deadlines_ms`
    overrides the deadline of the settings by method and path. `direct` are routes of `routers` that
    most requests reach without FastAPI. `gate` decides about a request before its body is read.
    `headers` are added to every answer that has none of that name. `problem_shapes` are those of
    all errors below a path.
    """
    lifecycle = Lifecycle()
    app = ServiceApp(
        partial(
            ServiceMiddleware,
            metrics=metrics,
            default_deadline_ms=settings.deadline_ms,
            max_body_bytes=max_body_bytes,
            body_limits=body_limits,
            lifecycle=lifecycle,
            deadlines_ms=deadlines_ms,
            direct=direct,
            gate=gate,
            headers=headers,
            problem_shapes=problem_shapes,
        ),
        title=f"multimodal-search {name}",
        version=VERSION,
        description=description,
        lifespan=_traced(lifespan, lifecycle, name, settings),
        # Client generators turn the function's name into a readable method.
        generate_unique_id_function=lambda route: route.name,
        docs_url=docs_url,
        redoc_url=None,
    )
    set_lifecycle(app, lifecycle)
    install_problem_handlers(app)
    document_problems(app)
    app.include_router(_operations(name, metrics, lifecycle, dependencies, alive))
    for router in routers:
        app.include_router(router)
    return app


def _traced(
    lifespan: Lifespan, lifecycle: Lifecycle, name: str, settings: ServiceSettings
) -> Lifespan:
    """The service's lifespan; traces are exported during it if an endpoint is set."""
    endpoint = settings.otlp_endpoint
    if endpoint is None:
        return lifespan

    @asynccontextmanager
    async def traced(app: FastAPI) -> AsyncIterator[None]:
        tracing = lifecycle.tracing = Tracing(name, str(endpoint))
        try:
            async with lifespan(app):
                yield
        finally:
            await asyncio.to_thread(tracing.close)

    return traced


def _operations(
    name: str,
    metrics: Metrics,
    lifecycle: Lifecycle,
    dependencies: Callable[[], Awaitable[Dependencies]],
    alive: Callable[[], bool],
) -> APIRouter:
    """The routes of every service, for operators."""
    router = APIRouter(tags=["operations"])
    problem_types = {
        kind.slug: ProblemType(
            type=kind.type_path(),
            title=kind.title,
            status=kind.status,
            description=(inspect.getdoc(kind) or "").splitlines()[0],
        )
        for kind in error_types()
    }

    @router.get("/health", summary="Is the process alive?", responses={503: {"model": Health}})
    async def health(response: Response) -> Health:
        if alive():
            return Health(status="alive", service=name, version=VERSION)
        response.status_code = status.HTTP_503_SERVICE_UNAVAILABLE
        return Health(status="dead", service=name, version=VERSION)

    @router.get(
        "/ready", summary="Is a real answer possible now?", responses={503: {"model": Readiness}}
    )
    async def ready(response: Response) -> Readiness:
        if lifecycle.stopping:
            states = {"process": Dependency(status="unavailable", detail="It is stopping.")}
        else:
            states = dict(await dependencies())
        if any(state.status == "unavailable" for state in states.values()):
            response.status_code = status.HTTP_503_SERVICE_UNAVAILABLE
            return Readiness(status="not_ready", service=name, dependencies=states)
        return Readiness(status="ready", service=name, dependencies=states)

    @router.get(
        "/metrics",
        summary="Metrics for Prometheus",
        response_class=Response,
        responses={200: {"content": {"text/plain": {}}}, **problem_responses(NotFound)},
    )
    async def prometheus_metrics(request: Request) -> Response:
        if not is_direct(request):
            raise NotFound("Metrics are not public. Scrape the service on its own network.")
        return Response(metrics.exposition(), media_type=METRICS_MEDIA_TYPE)

    @router.get(
        "/problems/{slug}",
        summary="Meaning of an error type",
        responses=problem_responses(NotFound),
    )
    async def problem_type(slug: str) -> ProblemType:
        if slug not in problem_types:
            raise NotFound(f"There is no problem type {slug!r}.")
        return problem_types[slug]

    return router
