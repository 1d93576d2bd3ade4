"""UCP over REST: `/.well-known/ucp` and `/ucp/v1`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from functools import cache
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute

from services.common.direct_routes import DirectRoute
from services.common.problems import (
    DeadlineExceeded,
    DependencyUnavailable,
    Forbidden,
    NotFound,
    NotReady,
    Overloaded,
    PayloadTooLarge,
    RateLimited,
    RequestTimeout,
    ServiceError,
    Unauthorized,
)
from services.common.state import get_state
from services.contracts.problems import Problem
from services.contracts.ucp_answers import (
    UcpAnswer,
    UcpErrorAnswer,
    UcpLookupAnswer,
    UcpProblem,
    UcpProductAnswer,
    UcpProfileDocument,
    UcpSearchAnswer,
    ucp_json,
)
from services.contracts.ucp_requests import (
    UcpLookupRequest,
    UcpProductRequest,
    UcpSearchRequest,
)
from services.gateway.admission.access import API_KEY_HEADER, check_access
from services.gateway.agents.extension import extension_schema
from services.gateway.agents.negotiation import AGENT_HEADER, Agent, agent_of_header
from services.gateway.agents.profile import (
    LOOKUP,
    PROFILE_HEADERS,
    PROFILE_PATH,
    REST_PATH,
    SCHEMA_PATH,
    SEARCH,
    profile_document,
)
from services.gateway.agents.refusals import (
    NoResource,
    code_and_status,
    invalid,
)
from services.gateway.agents.shop import Shop
from services.gateway.routes.compressed import CompressedJson
from services.gateway.routes.dependencies import AgentsOnly, require_json
from services.gateway.routes.etags import etag_of, holds
from services.gateway.state import GatewayState, State

_Handler = Callable[[Request], Coroutine[Any, Any, Response]]


def ucp_problem(error: ServiceError, document: Problem) -> UcpProblem:
    """The problem document of an error below `REST_PATH`, with the members of UCP."""
    code, status = code_and_status(error)
    members = document.model_dump(exclude_none=True) | {"status": status}
    return UcpProblem(**members, code=code, content=error.detail)


class UcpRoute(APIRoute):
    """A route that refuses invalid requests with the codes of UCP."""

    def get_route_handler(self) -> _Handler:
        handle = super().get_route_handler()

        async def handler(request: Request) -> Response:
            try:
                return await handle(request)
            except RequestValidationError as error:
                agent_of_header(request.headers.get(AGENT_HEADER))  # its refusal comes first
                raise invalid(error) from error

        return handler


def shop_of(state: State) -> Shop:
    if state.shop is None:
        raise NotFound("Agents are not served here.")
    return state.shop


ShopOf = Annotated[Shop, Depends(shop_of)]


async def _agent(
    ucp_agent: Annotated[
        str,
        Header(
            alias=AGENT_HEADER,
            description="The platform, as a dictionary of RFC 8941; `version` is optional.",
            examples=['profile="https://agent.example/profile.json"'],
        ),
    ],
) -> Agent:
    return agent_of_header(ucp_agent)


AgentOf = Annotated[Agent, Depends(_agent)]

_CODES = {
    400: "Invalid request, missing profile, or too many identifiers",
    401: Unauthorized.title,
    403: Forbidden.title,
    404: NotFound.title,
    408: RequestTimeout.title,
    409: "Model mismatch",
    413: PayloadTooLarge.title,
    415: "Unsupported media type",
    422: "Version of UCP not supported",
    424: "Profile unknown here",
    429: f"{RateLimited.title}; {Overloaded.title}",
    500: ServiceError.title,
    503: f"{NotReady.title}; {DependencyUnavailable.title}",
    504: DeadlineExceeded.title,
}

profile_router = APIRouter(tags=["agents"])

router = APIRouter(
    prefix=REST_PATH,
    tags=["agents"],
    route_class=UcpRoute,
    dependencies=[AgentsOnly, Depends(require_json)],
    responses={
        status: {"description": text, "model": UcpProblem} for status, text in _CODES.items()
    },
)


def _answer(answer: UcpAnswer) -> Response:
    return CompressedJson(ucp_json(answer))


async def _or_error(answering: Awaitable[UcpAnswer], capability: str) -> Response:
    """The answer, or the business outcome that there is nothing to return."""
    try:
        return _answer(await answering)
    except NoResource as outcome:
        return _answer(outcome.answer(capability))


@cache
def _profile(public_url: str) -> tuple[bytes, str]:
    """The profile and its tag."""
    content = ucp_json(profile_document(public_url))
    return content, etag_of(content)


@profile_router.get(
    PROFILE_PATH,
    summary="Profile of this shop for agents",
    response_model=UcpProfileDocument,
    responses={304: {"description": "The profile that the caller holds is still the same."}},
)
async def ucp_profile(shop: ShopOf, request: Request) -> Response:
    """Version, transports and capabilities, as the Universal Commerce Protocol defines them."""
    content, etag = _profile(shop.public_url)
    headers = PROFILE_HEADERS | {"ETag": etag}
    if holds(request.headers.get("if-none-match", ""), etag):
        return Response(status_code=304, headers=headers)
    return Response(content, headers=headers, media_type="application/json")


@profile_router.get(SCHEMA_PATH, summary="JSON Schema of our extension")
async def ucp_extension_schema(shop: ShopOf, response: Response) -> dict[str, Any]:
    """Search by picture, by references and with weights."""
    response.headers.update(PROFILE_HEADERS)
    return extension_schema(shop.public_url)


@router.post("/catalog/search", response_model=UcpSearchAnswer | UcpErrorAnswer)
async def search_catalog(body: UcpSearchRequest, shop: ShopOf, agent: AgentOf) -> Response:
    """Search the catalogue by words, a picture, or products; or browse it by filters."""

    async def answer() -> UcpAnswer:
        return await shop.search.answer(body, shop.negotiation.with_agent(agent, SEARCH))

    return await _or_error(answer(), SEARCH)


async def _search_directly(body: UcpSearchRequest, request: Request) -> Response:
    state = get_state(request.app, GatewayState)
    check_access(state.settings, request.headers.get(API_KEY_HEADER), "agent")
    agent = agent_of_header(request.headers.get(AGENT_HEADER))
    return await search_catalog(body, shop_of(state), agent)


DIRECT = (DirectRoute(f"{REST_PATH}/catalog/search", UcpSearchRequest, _search_directly),)


@router.post("/catalog/lookup", response_model=UcpLookupAnswer | UcpErrorAnswer)
async def lookup_catalog(body: UcpLookupRequest, shop: ShopOf, agent: AgentOf) -> Response:
    """Products by the ids of products or variants, by SKUs, or by barcodes."""

    async def answer() -> UcpAnswer:
        return await shop.lookup.answer(body, shop.negotiation.with_agent(agent, LOOKUP))

    return await _or_error(answer(), LOOKUP)


@router.post("/catalog/product", response_model=UcpProductAnswer | UcpErrorAnswer)
async def get_catalog_product(body: UcpProductRequest, shop: ShopOf, agent: AgentOf) -> Response:
    """All of one product, with the variants that fit the selected options."""

    async def answer() -> UcpAnswer:
        return await shop.lookup.product(body, shop.negotiation.with_agent(agent, LOOKUP))

    return await _or_error(answer(), LOOKUP)
