"""API keys and their scopes, stored only as hashes.

Searching is open while no key with the scope `search` is configured. A key with the scope `agent`
opens UCP and MCP and nothing else; without such keys, whoever may search may use both. An
administrator's actions are never open: without a key of the scope `admin`, they are refused to
everyone.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from typing import Literal

from services.common.problems import Forbidden, Unauthorized
from services.gateway.settings import GatewaySettings

Scope = Literal["search", "admin", "agent"]

API_KEY_HEADER = "X-API-Key"  # pragma: allowlist secret


def key_hash(key: str) -> str:
    """SHA-256 of a key in hex, as the settings hold it.

    No slow hash: keys are long and random, unlike passwords, and each request checks one.
    """
    return hashlib.sha256(key.encode()).hexdigest()


def holds(key: str, hashes: Sequence[str]) -> bool:
    """True if one of the hashes is the key's. Compares every hash, each in constant time."""
    given = key_hash(key)
    found = False
    for known in hashes:
        found |= hmac.compare_digest(given, known)
    return found


def check_access(settings: GatewaySettings, key: str | None, scope: Scope) -> None:
    """Raises Unauthorized without a known key, Forbidden if the key lacks the scope."""
    admin, search, agent = (
        settings.admin_key_sha256,
        settings.search_key_sha256,
        settings.agent_key_sha256,
    )
    allowing = {"admin": (), "search": search, "agent": agent or search}[scope]
    if scope == "admin" and not admin:
        raise Forbidden("This action is disabled: no key with the scope `admin` is configured.")
    if scope != "admin" and not allowing:
        return
    if not key:
        raise Unauthorized(f"Send a key with the scope `{scope}` in the header `{API_KEY_HEADER}`.")
    # Check all lists always, so that the time taken does not reveal which list has the key.
    is_admin, allowed = holds(key, admin), holds(key, allowing)
    is_known = holds(key, (*search, *agent))
    if is_admin or allowed:
        return
    if is_known:
        raise Forbidden(f"This key lacks the scope `{scope}`.")
    raise Unauthorized(f"The key in the header `{API_KEY_HEADER}` is unknown.")
