"""The address that the gateway listens on, from HOST."""

from __future__ import annotations

import ipaddress
import socket

LOOPBACK = "127.0.0.1"

_ANY = {"0.0.0.0": LOOPBACK, "::": "::1"}  # noqa: S104 - compared, not listened on
"""Every address, and one at which a client on this machine reaches it."""


def listening_address(host: str) -> tuple[str, str | None]:
    """The IP address to listen on, and a note if it is not the given one.

    Shells and compilers export HOST too, as the machine's name. No name is looked up: that could
    open a private service to a network, or wait for a resolver.
    """
    bare = host.removeprefix("[").removesuffix("]")
    if bare == "localhost":
        return LOOPBACK, None
    try:
        return str(ipaddress.ip_address(bare)), None
    except ValueError:
        return LOOPBACK, (
            f"HOST={host} is a name, not an IP address: listening on {LOOPBACK} "
            "(HOST=0.0.0.0 listens on every address)"
        )


def family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def url(host: str, port: int) -> str:
    """URL for a client on this machine."""
    host = _ANY.get(host, host)
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"
