"""Detection of requests straight from the same network, such as Prometheus' scrapes."""

from __future__ import annotations

from ipaddress import IPv6Address, ip_address

from starlette.requests import Request

_OF_PROXIES = ("forwarded", "x-forwarded-for", "x-real-ip")


def is_direct(request: Request) -> bool:
    """True for a peer with a private address and no proxy in between.

    Each proxy in front of us (nginx, an ingress, Hugging Face's) adds a header that its clients
    cannot remove. So a request from outside is never direct.
    """
    if any(header in request.headers for header in _OF_PROXIES):
        return False
    if request.client is None:
        return True  # a Unix socket
    try:
        address = ip_address(request.client.host.partition("%")[0])
    except ValueError:
        return False
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return not address.is_global
