"""`python -m services.gateway.mcp URL`: MCP over stdio for any gateway that serves agents.

It passes tools and resources of the gateway's `/mcp` on to a client that starts programs, such as
Claude Desktop. The key of the agent, if the gateway needs one, is in `AGENT_KEY`.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from typing import Any, cast

import anyio
import httpx2
import mcp_types as types
from mcp.client import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.server import Server, ServerRequestContext
from mcp.server.stdio import stdio_server
from mcp.shared.exceptions import MCPError

from services.common.environment_proxy import UnusableProxy, environment_proxy
from services.common.version import VERSION
from services.gateway.admission.access import API_KEY_HEADER
from services.gateway.agents.profile import MCP_PATH
from services.gateway.mcp.server import NAME

_TIMEOUT_S = 30.0

Context = ServerRequestContext[Any, Any]


def forwarding_server(client: Client) -> Server[Any]:
    """A server that passes every request on to a connected client."""

    async def list_tools(
        _: Context, __: types.PaginatedRequestParams | None
    ) -> types.ListToolsResult:
        return await client.list_tools()

    async def call_tool(_: Context, params: types.CallToolRequestParams) -> types.CallToolResult:
        return await client.call_tool(params.name, params.arguments)

    async def list_resources(
        _: Context, __: types.PaginatedRequestParams | None
    ) -> types.ListResourcesResult:
        return await client.list_resources()

    async def read_resource(
        _: Context, params: types.ReadResourceRequestParams
    ) -> types.ReadResourceResult:
        agent = (params.meta or {}).get("ucp-agent")
        meta = None if agent is None else cast("types.RequestParamsMeta", {"ucp-agent": agent})
        return await client.read_resource(params.uri, meta=meta)

    return Server(
        NAME,
        version=VERSION,
        instructions=client.instructions,
        on_list_tools=list_tools,
        on_call_tool=call_tool,
        on_list_resources=list_resources,
        on_read_resource=read_resource,
    )


async def serve(url: str, key: str | None) -> None:
    """Serve stdio until it closes."""
    headers = {API_KEY_HEADER: key} if key else {}
    address = url.rstrip("/").removesuffix(MCP_PATH) + MCP_PATH
    async with (
        httpx2.AsyncClient(
            headers=headers,
            timeout=_TIMEOUT_S,
            proxy=environment_proxy(address),
            trust_env=False,
            verify=httpx2.create_ssl_context(),  # this alone reads the environment: SSL_CERT_FILE
        ) as http,
        Client(streamable_http_client(address, http_client=http)) as client,
        stdio_server() as (reading, writing),
    ):
        server = forwarding_server(client)
        await server.run(reading, writing, server.create_initialization_options())


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m services.gateway.mcp")
    parser.add_argument("url", help="address of the gateway, such as https://shop.example")
    given = parser.parse_args(arguments)
    try:
        anyio.run(serve, given.url, os.environ.get("AGENT_KEY"))
    except* (httpx2.HTTPError, httpx2.InvalidURL, MCPError, UnusableProxy) as errors:
        # Standard output belongs to the protocol.
        sys.exit(f"error: {given.url} serves no agent here: {_first(errors)}")


def _first(error: BaseException) -> BaseException:
    """The first single error of a group."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


if __name__ == "__main__":
    main()
