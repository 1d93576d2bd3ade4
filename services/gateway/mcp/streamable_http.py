"""MCP over streamable HTTP: every message is one request, so any replica can answer it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from starlette.types import ASGIApp

from services.gateway.agents.shop import Shop
from services.gateway.mcp.pictures import Thumbnails
from services.gateway.mcp.server import mcp_server


@asynccontextmanager
async def streamable_http_app(
    shop: Shop, thumbnails: Thumbnails, max_body_bytes: int
) -> AsyncIterator[ASGIApp]:
    """The ASGI app of `/mcp`, open as long as the block runs."""
    manager = StreamableHTTPSessionManager(
        mcp_server(shop, thumbnails),
        json_response=True,
        stateless=True,
        max_request_body_size=max_body_bytes,
    )
    async with manager.run():
        yield manager.handle_request
