"""Capabilities of this shop, and its profile at `/.well-known/ucp`."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from services.contracts.ucp_answers import (
    Registry,
    UcpEntity,
    UcpProfile,
    UcpProfileDocument,
)
from services.contracts.ucp_requests import UCP_VERSION

SEARCH = "dev.ucp.shopping.catalog.search"
LOOKUP = "dev.ucp.shopping.catalog.lookup"

EXTENSION_VERSION = "2026-11-29"
EXTENSION_LABELS = "shopping.visual_search"

PROFILE_PATH = "/.well-known/ucp"
REST_PATH = "/ucp/v1"
MCP_PATH = "/mcp"
MCP_HEADERS = ("MCP-Protocol-Version", "Mcp-Method", "Mcp-Name")
SCHEMA_PATH = f"{REST_PATH}/schemas/visual_search.json"
PROFILE_HEADERS = {"Cache-Control": "public, max-age=300"}

_SHOPPING = "dev.ucp.shopping"
_SPECIFICATION = f"https://ucp.dev/{UCP_VERSION}"


def extension_name(public_url: str) -> str | None:
    """Name of our extension: below the domain that serves its schema, as UCP demands.

    A project has no domain of its own; the shop that runs it has one. None for an address without a
    domain, such as `localhost`, which cannot be an authority.
    """
    host = (urlsplit(public_url).hostname or "").rstrip(".")
    labels = host.split(".")
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return ".".join([*reversed(labels), EXTENSION_LABELS]) if len(labels) > 1 else None
    return None


def offered(public_url: str) -> Registry:
    """All capabilities of this shop by name."""
    capabilities = {
        SEARCH: [_ours("catalog_search", "search")],
        LOOKUP: [_ours("catalog_lookup", "lookup")],
    }
    extension = extension_name(public_url)
    if extension is not None:
        capabilities[extension] = [
            UcpEntity(
                version=EXTENSION_VERSION,
                spec=f"{public_url}/docs",
                schema_=public_url + SCHEMA_PATH,
                extends=SEARCH,
            )
        ]
    return capabilities


def _ours(schema: str, page: str) -> UcpEntity:
    return UcpEntity(
        version=UCP_VERSION,
        spec=f"{_SPECIFICATION}/specification/shopping/catalog/{page}",
        schema_=f"{_SPECIFICATION}/schemas/shopping/{schema}.json",
    )


def profile_document(public_url: str) -> UcpProfileDocument:
    """public_url: of the gateway, without a slash at its end."""
    services = [
        UcpEntity(
            version=UCP_VERSION,
            spec=f"{_SPECIFICATION}/specification/overview",
            transport="rest",
            schema_=f"{_SPECIFICATION}/services/shopping/rest.openapi.json",
            endpoint=public_url + REST_PATH,
        ),
        UcpEntity(
            version=UCP_VERSION,
            spec=f"{_SPECIFICATION}/specification/overview",
            transport="mcp",
            schema_=f"{_SPECIFICATION}/services/shopping/mcp.openrpc.json",
            endpoint=public_url + MCP_PATH,
        ),
    ]
    return UcpProfileDocument(
        ucp=UcpProfile(
            version=UCP_VERSION,
            services={_SHOPPING: services},
            capabilities=offered(public_url),
            payment_handlers={},
        )
    )
