"""Check of the addresses behind a feed's links: only public ones are fetched.

A feed is other people's text. A link in it must not make us ask the machines behind our firewall,
so every connection resolves its host, checks each address, and connects to one that was checked:
a name that resolves to something else a moment later changes nothing.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterable, Iterator, Sequence
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)

import httpcore
import httpx

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_NAT64 = ip_network("64:ff9b::/96")
_UNICAST = ip_network("2000::/3")
"""All of IPv6 that is given out for the internet; site-local addresses and the like lie outside."""
_PROTOCOLS = ip_network("192.0.0.0/24")
"""IPv4 addresses for protocol assignments; Python treats some of them as public."""
_MAX_CONNECTIONS = 64


class AddressRefused(Exception):
    """The host is, or may be, inside; the message says which address."""


def is_public(address: Address) -> bool:
    """False too for an IPv6 address that stands for an IPv4 one that is not."""
    return all(_is_public(one) for one in _meant(address))


def _is_public(address: Address) -> bool:
    if isinstance(address, IPv6Address):
        given_out = address in _UNICAST or address in _NAT64
    else:
        given_out = address not in _PROTOCOLS
    return given_out and address.is_global and not address.is_multicast


def _meant(address: Address) -> Iterator[Address]:
    """All addresses that packets to it may reach."""
    if isinstance(address, IPv4Address):
        yield address
        return
    if address.ipv4_mapped is not None:
        yield address.ipv4_mapped
        return
    yield address
    if address.sixtofour is not None:
        yield address.sixtofour
    if address.teredo is not None:
        yield from address.teredo
    if address in _NAT64:
        yield IPv4Address(int(address) & 0xFFFF_FFFF)


class CheckedBackend(httpcore.AsyncNetworkBackend):
    """Connections to addresses that were checked; nothing else connects."""

    def __init__(self, allowed: Sequence[Network]) -> None:
        """allowed: networks that are not public and may be asked all the same."""
        self._allowed = tuple(allowed)
        self._inner = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's own signature
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Raises AddressRefused, or httpcore's errors when nothing answers there."""
        addresses = await self._resolve(host, port, timeout)
        for address in addresses:
            # One internal address makes the whole name unsafe: an honest name has no such mixture.
            if not self._may_be_asked(address):
                meant = "" if host == str(address) else f"{address}, which is "
                raise AddressRefused(f"{host} is {meant}not a public address")
        last: httpcore.ConnectError | httpcore.ConnectTimeout | None = None
        for address in addresses:
            try:
                return await self._inner.connect_tcp(
                    str(address), port, timeout, local_address, socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                last = error
        raise last or httpcore.ConnectError(f"{host} has no address")

    async def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's own signature
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Never: no link leads to one."""
        raise AddressRefused(f"{path} is no host")

    async def sleep(self, seconds: float) -> None:
        await self._inner.sleep(seconds)

    async def _resolve(self, host: str, port: int, limit_s: float | None) -> list[Address]:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(limit_s):
                found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except TimeoutError as error:
            raise httpcore.ConnectTimeout(f"the name {host} was not resolved in time") from error
        except (OSError, UnicodeError) as error:
            raise httpcore.ConnectError(f"the name {host} can't be resolved") from error
        return list(dict.fromkeys(ip_address(one[4][0]) for one in found))

    def _may_be_asked(self, address: Address) -> bool:
        return is_public(address) or any(address in network for network in self._allowed)


class CheckedTransport(httpx.AsyncHTTPTransport):
    """httpx's transport over `CheckedBackend`."""

    def __init__(self, allowed: Sequence[Network]) -> None:
        super().__init__(trust_env=False)
        # httpx has no parameter for the backend; a test sees that this one is in use.
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=httpx.create_ssl_context(trust_env=False),
            max_connections=_MAX_CONNECTIONS,
            keepalive_expiry=5.0,
            network_backend=CheckedBackend(allowed),
        )
