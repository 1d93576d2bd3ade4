"""API keys and their scopes, stored only as hashes.

Searching is open while no key with the scope `search` is configured. An administrator's actions are
never open: without a key of the scope `admin`, they are refused to everyone.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from typing import Literal

from services.common.problems import Forbidden, Unauthorized
from services.gateway.settings import GatewaySettings

Scope = Literal["search", "admin"]

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
    admin, search = settings.admin_key_sha256, settings.search_key_sha256
    if scope == "search" and not search:
        return
    if scope == "admin" and not admin:
        raise Forbidden("This action is disabled: no key with the scope `admin` is configured.")
    if not key:
        raise Unauthorized(f"Send a key with the scope `{scope}` in the header `{API_KEY_HEADER}`.")
    # Check both lists always, so that the time taken does not reveal which list has the key.
    is_admin, is_search = holds(key, admin), holds(key, search)
    if is_admin or (is_search and scope == "search"):
        return
    if is_search:
        raise Forbidden(f"This key lacks the scope `{scope}`.")
    raise Unauthorized(f"The key in the header `{API_KEY_HEADER}` is unknown.")
