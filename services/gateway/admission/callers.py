"""Caller of a request: a known key, or else an address."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

from pydantic import IPvAnyNetwork
from starlette.datastructures import Headers
from starlette.types import Scope

from services.gateway.admission.access import API_KEY_HEADER, holds, key_hash
from services.gateway.settings import GatewaySettings

Address = IPv4Address | IPv6Address

# A household or a machine is given a whole /64 of IPv6: one address of it is nobody in particular.
_IPV6_PREFIX = 64
_LONGEST = 100
"""Characters of an address, with its zone and port."""


def caller_of(scope: Scope, settings: GatewaySettings) -> str:
    """A name for who asks. An unknown key is nobody, or guessing keys would be free of limits."""
    headers = Headers(scope=scope)
    key = headers.get(API_KEY_HEADER)
    known = (*settings.search_key_sha256, *settings.admin_key_sha256, *settings.agent_key_sha256)
    if key and holds(key, known):
        return f"key:{key_hash(key)[:16]}"
    peer = scope["client"][0] if scope.get("client") else None
    forwarded = (hop for header in headers.getlist("x-forwarded-for") for hop in header.split(","))
    return f"address:{address_of(peer, forwarded, settings.trusted_proxies)}"


def address_of(peer: str | None, forwarded: Iterable[str], trusted: Sequence[IPvAnyNetwork]) -> str:
    """The address nearest to us that no trusted proxy has.

    `forwarded` is what `X-Forwarded-For` lists, the nearest last. Anybody can write there, so each
    entry counts only as far as the one who passed it on is trusted.
    """
    address = _parsed(peer)
    for hop in reversed(list(forwarded)):
        if address is None or not any(address in network for network in trusted):
            break
        given = _parsed(hop)
        if given is None:
            break
        address = given
    if isinstance(address, IPv6Address):
        return str(IPv6Network((address, _IPV6_PREFIX), strict=False))
    return str(address or "unknown")


def _parsed(text: str | None) -> Address | None:
    """An address as proxies write it: with a port or without, IPv6 in brackets or not."""
    bare = (text or "").strip()
    return _address(bare) if len(bare) <= _LONGEST else None


@lru_cache(maxsize=1_024)
def _address(bare: str) -> Address | None:
    if bare.startswith("["):
        bare = bare[1:].partition("]")[0]
    elif bare.count(":") == 1:
        bare = bare.partition(":")[0]
    try:
        address = ip_address(bare.partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address
