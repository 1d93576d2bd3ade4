"""The MCP server: tools over the shop, and a resource that describes its catalogue."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import mcp_types as types
from mcp.server import Server, ServerRequestContext
from mcp.shared.exceptions import MCPError
from pydantic import ValidationError

from services.common.problems import InvalidRequest, ServiceError, field_problems
from services.common.version import VERSION
from services.contracts.ucp_answers import (
    UcpAnswer,
    UcpLookupAnswer,
    UcpProduct,
    UcpProductAnswer,
    UcpSearchAnswer,
    ucp_json,
)
from services.gateway.agents.cleaning import MAX_VALUE, clean
from services.gateway.agents.negotiation import Agent, agent_of
from services.gateway.agents.profile import LOOKUP, SEARCH
from services.gateway.agents.refusals import (
    InvalidProfileUrl,
    NoResource,
    ProfileUnreachable,
    VersionUnsupported,
    code_and_status,
    invalid,
)
from services.gateway.agents.shop import Shop
from services.gateway.mcp.pictures import Thumbnails
from services.gateway.mcp.tools import (
    CALLS,
    INSTRUCTIONS,
    NOTE,
    SUMMARY_URI,
    TOOLS,
    Call,
    LookupCall,
    ProductCall,
    Searching,
)

NAME = "multimodal-search"

_DISCOVERY_FAILED = -32001
_TRANSPORT = -32000
_DISCOVERY = (InvalidProfileUrl, ProfileUnreachable, VersionUnsupported)
_CACHED_MS = 300_000
_UNTRUSTED = {"multimodal-search/untrusted": True}

Context = ServerRequestContext[Any, Any]


def mcp_server(shop: Shop, thumbnails: Thumbnails) -> Server[Any]:
    """The server over one shop; the same for every transport."""

    async def list_tools(
        _: Context, __: types.PaginatedRequestParams | None
    ) -> types.ListToolsResult:
        return types.ListToolsResult(tools=TOOLS, ttl_ms=_CACHED_MS, cache_scope="public")

    async def call_tool(_: Context, params: types.CallToolRequestParams) -> types.CallToolResult:
        return await called(shop, thumbnails, params.name, params.arguments or {})

    async def list_resources(
        _: Context, __: types.PaginatedRequestParams | None
    ) -> types.ListResourcesResult:
        return types.ListResourcesResult(resources=[_SUMMARY])

    async def read_resource(
        _: Context, params: types.ReadResourceRequestParams
    ) -> types.ReadResourceResult:
        if str(params.uri) != SUMMARY_URI:
            raise MCPError(types.INVALID_PARAMS, f"The only resource is {SUMMARY_URI}.")
        try:
            shop.negotiation.with_agent(_agent(dict(params.meta or {})), SEARCH)
            text = await summary(shop)
        except NoResource as outcome:
            data = {"code": outcome.message.code, "content": outcome.message.content}
            raise MCPError(types.INVALID_PARAMS, outcome.message.content, data) from outcome
        except ServiceError as error:
            raise _refused(error) from error
        return types.ReadResourceResult(
            contents=[
                types.TextResourceContents(uri=SUMMARY_URI, mime_type="application/json", text=text)
            ]
        )

    return Server(
        NAME,
        version=VERSION,
        title="Product search",
        instructions=INSTRUCTIONS,
        on_list_tools=list_tools,
        on_call_tool=call_tool,
        on_list_resources=list_resources,
        on_read_resource=read_resource,
    )


_SUMMARY = types.Resource(
    name="catalogue",
    title="The shop's catalogue",
    uri=SUMMARY_URI,
    description="Size, version, currency, price range, categories, and values of the filters.",
    mime_type="application/json",
)


async def called(
    shop: Shop, thumbnails: Thumbnails, name: str, arguments: dict[str, Any]
) -> types.CallToolResult:
    """The result of a tool. Raises MCPError as UCP maps its transport errors."""
    kind = CALLS.get(name)
    if kind is None:
        raise MCPError(types.INVALID_PARAMS, f"There is no tool {name[:64]!r}.")
    try:
        call = kind.model_validate(arguments)
        answer, products = await _answered(shop, call)
    except ValidationError as error:
        raise _invalid(error) from error
    except NoResource as outcome:
        capability = LOOKUP if issubclass(kind, LookupCall | ProductCall) else SEARCH
        return _result(outcome.answer(capability))
    except ServiceError as error:
        raise _refused(error, kind.argument) from error
    return _result(answer, await thumbnails.of(products, call.thumbnails))


async def _answered(shop: Shop, call: Call) -> tuple[UcpAnswer, Sequence[UcpProduct]]:
    agent = _agent(call.meta)
    answer: UcpSearchAnswer | UcpLookupAnswer | UcpProductAnswer
    if isinstance(call, ProductCall):
        answer = await shop.lookup.product(call.catalog, shop.negotiation.with_agent(agent, LOOKUP))
        return answer, [answer.product]
    if isinstance(call, LookupCall):
        answer = await shop.lookup.answer(call.catalog, shop.negotiation.with_agent(agent, LOOKUP))
        return answer, answer.products
    assert isinstance(call, Searching)  # noqa: S101 - one of the kinds in CALLS
    answer = await shop.search.answer(
        call.search(),
        shop.negotiation.with_agent(agent, SEARCH),
    )
    return answer, answer.products


def _agent(meta: Mapping[str, Any]) -> Agent | None:
    """None for a client of MCP that is no platform of UCP, such as an assistant on a desk."""
    members = meta.get("ucp-agent")
    if members is None:
        return None
    if not isinstance(members, dict):
        raise InvalidProfileUrl("`meta.ucp-agent` must be an object with `profile`.")
    return agent_of(members)


def _result(answer: UcpAnswer, pictures: Sequence[types.ImageContent] = ()) -> types.CallToolResult:
    text = ucp_json(answer).decode()
    return types.CallToolResult(
        content=[
            types.TextContent(text=text, _meta=_UNTRUSTED),
            *pictures,
            types.TextContent(text=NOTE),
        ],
        structured_content=json.loads(text),
    )


def _invalid(error: ValidationError) -> MCPError:
    fields = field_problems(error)
    told = "; ".join(f"{one.field}: {one.message}".removeprefix(": ") for one in fields)
    return _refused(invalid(error, f"Correct the arguments: {told}"[:2_000]))


def _refused(error: ServiceError, argument: Callable[[str], str] = str) -> MCPError:
    """The JSON-RPC error of a refusal, with UCP's code in `data`.

    argument: the name of an argument, by the field of the UCP request.
    """
    code, status = code_and_status(error)
    data: dict[str, Any] = {"code": code, "content": error.detail}
    if error.errors:
        data["errors"] = [
            {"field": argument(one.field), "message": one.message} for one in error.errors
        ]
    if isinstance(error, _DISCOVERY):
        return MCPError(_DISCOVERY_FAILED, error.detail, data)
    if isinstance(error, InvalidRequest):
        return MCPError(types.INVALID_PARAMS, error.detail, data)
    if status in (429, 503):
        data["retry_after"] = error.retry_after_s or 1
    return MCPError(types.INTERNAL_ERROR if status == 500 else _TRANSPORT, error.detail, data)


async def summary(shop: Shop) -> str:
    """The catalogue in JSON, for an agent that chooses filters."""
    found = await shop.reader.summary()
    price = found.facets.price
    fields = {
        clean(name, MAX_VALUE): {clean(one.value, MAX_VALUE): one.count for one in values}
        for name, values in found.facets.fields.items()
    }
    return json.dumps(
        {
            "products": found.products,
            "version": found.version,
            "currency": found.currency,
            "price": {"min": price.min, "max": price.max} if price else None,
            "categories": fields.pop("category", {}),
            "facets": fields,
            "identifiers": ["product id", "variant id", "SKU", "GTIN"],
        },
        ensure_ascii=False,
    )
