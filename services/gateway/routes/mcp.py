"""MCP at `/mcp`: access and origin, then the SDK's own app."""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from services.common.problems import Forbidden, NotFound
from services.common.state import get_state
from services.gateway.admission.access import API_KEY_HEADER, check_access
from services.gateway.agents.profile import MCP_PATH
from services.gateway.settings import GatewaySettings
from services.gateway.state import GatewayState


class _Endpoint:
    """Only `POST`: without sessions there is nothing to stream and nothing to end."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["route"] = route  # names the request in metrics and in the log
        state = get_state(scope["app"], GatewayState)
        headers = Headers(scope=scope)
        _check_origin(headers.get("origin"), state.settings)
        check_access(state.settings, headers.get(API_KEY_HEADER), "agent")
        if state.mcp is None:
            raise NotFound("Agents are not served here.")
        await state.mcp(scope, receive, send)


def _check_origin(origin: str | None, settings: GatewaySettings) -> None:
    """Raises Forbidden for a page of another site.

    Otherwise any page could make a browser use a gateway that only its user can reach.
    """
    if origin is None or "*" in settings.cors_origins:
        return
    own = urlsplit(str(settings.agents_url))
    if origin not in (f"{own.scheme}://{own.netloc}", *settings.cors_origins):
        raise Forbidden("Pages of this origin may not use MCP here.")


route = Route(MCP_PATH, _Endpoint(), methods=["POST"], name="mcp", include_in_schema=False)
