"""Who may do what: API keys by scope, known to us only as hashes.

Searching is open while no key with the scope `search` is configured. What an administrator does is
never open: without a key of the scope `admin`, it is refused to everyone.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from typing import Annotated, Literal

from fastapi import Depends, Request, Security
from fastapi.security import APIKeyHeader

from services.common.problems import Forbidden, Unauthorized
from services.gateway.settings import GatewaySettings

Scope = Literal["search", "admin"]

API_KEY_HEADER = "X-API-Key"  # pragma: allowlist secret

_api_key = APIKeyHeader(
    name=API_KEY_HEADER, auto_error=False, description="A key of the scope that the route needs."
)


def key_hash(key: str) -> str:
    """SHA-256 of a key in hex: what the settings hold.

    No slow hash: keys are long and random, not passwords, and one is checked a request.
    """
    return hashlib.sha256(key.encode()).hexdigest()


def holds(key: str, hashes: Sequence[str]) -> bool:
    """True when the key is one of those hashed; every hash is compared, each in constant time."""
    given = key_hash(key)
    found = False
    for known in hashes:
        found |= hmac.compare_digest(given, known)
    return found


def check_access(settings: GatewaySettings, key: str | None, scope: Scope) -> None:
    """Raises Unauthorized without a key that is known, Forbidden where it has another scope."""
    admin, search = settings.admin_key_sha256, settings.search_key_sha256
    if scope == "search" and not search:
        return
    if scope == "admin" and not admin:
        raise Forbidden("No key of the scope `admin` is configured here, so nobody may do this.")
    if not key:
        raise Unauthorized(f"A key of the scope `{scope}` is needed in `{API_KEY_HEADER}`.")
    # Both are looked up whatever the first says, so that time does not tell which list knows it.
    is_admin, is_search = holds(key, admin), holds(key, search)
    if is_admin or (is_search and scope == "search"):
        return
    if is_search:
        raise Forbidden(f"This key may search; a key of the scope `{scope}` is needed here.")
    raise Unauthorized(f"The key in `{API_KEY_HEADER}` is not known here.")


async def require_admin(
    request: Request, key: Annotated[str | None, Security(_api_key)] = None
) -> None:
    """For routes that change something: `dependencies=[Depends(require_admin)]`."""
    check_access(request.app.state.settings, key, "admin")


async def require_search(
    request: Request, key: Annotated[str | None, Security(_api_key)] = None
) -> None:
    """For routes that search: open while no search key is configured."""
    check_access(request.app.state.settings, key, "search")


AdminOnly = Depends(require_admin)
SearchOnly = Depends(require_search)
