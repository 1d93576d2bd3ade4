"""Wiring of the gateway."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path

from fastapi import APIRouter, FastAPI
from fastapi.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp

from services.common.app import create_service_app
from services.common.client import ServiceClient
from services.common.context import CHANGE_HEADER, DEADLINE_HEADER, REQUEST_ID_HEADER
from services.common.optional_redis import OptionalRedis
from services.common.problems import Forbidden, Unauthorized, problem_responses
from services.common.root_path import RootPathMiddleware
from services.common.state import get_state, hold_state
from services.contracts.batches import BATCH_PATH, IDEMPOTENCY_HEADER, MAX_CHANGES_BYTES
from services.contracts.gateway import MAX_CURSOR_CHARACTERS
from services.contracts.health import Dependency
from services.contracts.ucp_requests import MAX_IMAGE_CHARACTERS
from services.contracts.writer import MAX_PRODUCT_BYTES
from services.gateway.admission.access import API_KEY_HEADER
from services.gateway.admission.gate import (
    RATE_LIMIT_HEADER,
    RATE_LIMIT_POLICY_HEADER,
    LimitsGate,
    quotas_of,
)
from services.gateway.admission.limiters import LocalLimiter
from services.gateway.admission.security_headers import security_headers
from services.gateway.admission.shared_limiter import SharedLimiter
from services.gateway.agents.negotiation import AGENT_HEADER
from services.gateway.agents.profile import MCP_HEADERS, MCP_PATH, REST_PATH
from services.gateway.agents.shop import Shop, open_shop
from services.gateway.metrics import GatewayMetrics
from services.gateway.query_log.log import open_query_log
from services.gateway.query_log.past_queries import open_past_queries
from services.gateway.routes import (
    batch,
    changes,
    docs,
    images,
    mcp,
    pictures,
    predict,
    products,
    search,
    suggest,
    synonyms,
    ucp,
)
from services.gateway.routes.batch import BATCH_DEADLINE_MS
from services.gateway.routes.dependencies import SearchOnly
from services.gateway.routes.image_form import FORM_OVERHEAD_BYTES
from services.gateway.routes.page import or_not_found_page, page_router
from services.gateway.searching.reporting import reporting
from services.gateway.searching.rewriting import Rewriting
from services.gateway.searching.search import Search
from services.gateway.searching.services import ReadinessProbe, Transports, open_services
from services.gateway.settings import GatewaySettings
from services.gateway.smaller_pictures import SmallerPictures
from services.gateway.state import GatewayState

NAME = "gateway"

DESCRIPTION = """Find products by words or by a picture.

Every answer carries its request id in `X-Request-ID`; every error is a problem document
(RFC 9457) whose `type` is a path that explains it. A request may set its own deadline with
`X-Deadline-Ms`. Searches and products can be read without a key, unless the operator requires one.
"""

MAX_JSON_BYTES = 65_536
MAX_SEARCH_BYTES = MAX_CURSOR_CHARACTERS + 1_024
MAX_BATCH_BYTES = 1_048_576
MAX_AGENT_BYTES = MAX_IMAGE_CHARACTERS + MAX_SEARCH_BYTES


def _with_key(router: APIRouter) -> APIRouter:
    """The routes, with a check of the search key."""
    guarded = APIRouter(
        dependencies=[SearchOnly], responses=problem_responses(Unauthorized, Forbidden)
    )
    guarded.include_router(router)
    return guarded


def _breaker_open(client: ServiceClient) -> Callable[[], float]:
    return lambda: float(client.circuit_open)


@asynccontextmanager
async def _mcp(
    shop: Shop | None, folder: Path | None, smaller: SmallerPictures
) -> AsyncIterator[ASGIApp | None]:
    """The app of `/mcp`; None if agents are not served."""
    if shop is None:
        yield None
        return
    # Here, since the SDK is large and most gateways serve no agents.
    from services.gateway.mcp.pictures import Thumbnails
    from services.gateway.mcp.streamable_http import streamable_http_app

    thumbnails = Thumbnails(shop.public_url, folder, smaller)
    async with streamable_http_app(shop, thumbnails, MAX_AGENT_BYTES) as served:
        yield served


def create_app(settings: GatewaySettings, transports: Transports | None = None) -> FastAPI:
    """The app. transports: ways to reach services by name other than the network, for tests."""
    metrics = GatewayMetrics()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            redis = None
            if settings.redis_url is not None:
                redis = OptionalRedis(settings.redis_url, timeout_ms=settings.redis_timeout_ms)
                stack.push_async_callback(redis.aclose)
            services = await stack.enter_async_context(open_services(settings, transports or {}))
            log = await stack.enter_async_context(open_query_log(settings, metrics))
            smaller_pictures = SmallerPictures()
            stack.callback(smaller_pictures.close)
            rewriting = Rewriting(services.rewriter, settings.rewriter_timeout_ms / 1000)
            search = Search(services, rewriting, metrics, reporting(metrics, log))
            shop = open_shop(settings, services, search, metrics)
            state = GatewayState(
                settings=settings,
                metrics=metrics,
                quotas=quotas_of(
                    settings, partial(SharedLimiter, redis) if redis else LocalLimiter
                ),
                services=services,
                search=search,
                readiness=ReadinessProbe(services),
                smaller_pictures=smaller_pictures,
                past_queries=await stack.enter_async_context(open_past_queries(settings)),
                shop=shop,
                mcp=await stack.enter_async_context(
                    _mcp(shop, settings.media_dir, smaller_pictures)
                ),
            )
            for client in services.all():
                metrics.breaker_open.labels(client.name).set_function(_breaker_open(client))
            stack.enter_context(hold_state(app, state))
            yield

    async def dependencies() -> dict[str, Dependency]:
        return await get_state(app, GatewayState).readiness.states()

    app = create_service_app(
        name=NAME,
        description=DESCRIPTION,
        settings=settings,
        metrics=metrics,
        lifespan=lifespan,
        routers=(
            _with_key(predict.router),
            _with_key(pictures.router),
            _with_key(search.router),
            _with_key(suggest.router),
            _with_key(products.router),
            batch.router,
            changes.router,
            synonyms.router,
            images.router,
            *((ucp.profile_router, ucp.router) if settings.agents_url else ()),
            docs.router,
            page_router(settings.web_dir),
        ),
        dependencies=dependencies,
        max_body_bytes=MAX_JSON_BYTES,
        body_limits={
            "/predict-image": settings.max_image_bytes + FORM_OVERHEAD_BYTES,
            "/pictures": settings.max_image_bytes + FORM_OVERHEAD_BYTES,
            "/search": MAX_SEARCH_BYTES,
            "/search/batch": MAX_BATCH_BYTES,
            "/products/": MAX_PRODUCT_BYTES,
            BATCH_PATH: MAX_CHANGES_BYTES,
            "/synonyms": MAX_BATCH_BYTES,
            f"{REST_PATH}/catalog/search": MAX_AGENT_BYTES,
            MCP_PATH: MAX_AGENT_BYTES,
        },
        deadlines_ms={f"POST {BATCH_PATH}": BATCH_DEADLINE_MS},
        docs_url=None,
        direct=(*predict.DIRECT, *search.DIRECT, *(ucp.DIRECT if settings.agents_url else ())),
        gate=LimitsGate(settings, metrics, lambda app: get_state(app, GatewayState).quotas),
        headers=security_headers(settings.frame_ancestors),
        problem_shapes={f"{REST_PATH}/": ucp.ucp_problem} if settings.agents_url else {},
    )
    if settings.agents_url:
        app.router.routes.append(mcp.route)
    app.router.default = or_not_found_page(settings.web_dir, app.router.default)
    # Outermost, so that a browser may also read answers that no route gives.
    if settings.cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=settings.cors_origins,
            allow_methods=["GET", "POST", "PUT", "PATCH", "DELETE"],
            allow_headers=[
                "Content-Type",
                REQUEST_ID_HEADER,
                API_KEY_HEADER,
                CHANGE_HEADER,
                DEADLINE_HEADER,
                "If-Match",
                "If-None-Match",
                IDEMPOTENCY_HEADER,
                *((AGENT_HEADER, *MCP_HEADERS) if settings.agents_url else ()),
            ],
            expose_headers=[
                REQUEST_ID_HEADER,
                "ETag",
                "Server-Timing",
                "Retry-After",
                RATE_LIMIT_HEADER,
                RATE_LIMIT_POLICY_HEADER,
            ],
            # Never credentials: we set no cookies.
            allow_credentials=False,
        )
    if settings.root_path:
        app.add_middleware(RootPathMiddleware, root_path=settings.root_path)
    return app
