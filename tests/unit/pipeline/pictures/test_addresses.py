"""A feed can't make us ask the machines behind our own firewall, by whatever name."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Sequence
from ipaddress import ip_address, ip_network
from typing import Any

import httpx
import pytest

from services.pipeline.pictures.addresses import (
    AddressRefused,
    CheckedTransport,
    Network,
    is_public,
)
from tests.support.picture_server import Answer, PictureServer


@pytest.mark.parametrize(
    "address", ["93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946", "64:ff9b::5db8:d822"]
)
def test_public_addresses_may_be_asked(address: str) -> None:
    assert is_public(ip_address(address))


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",  # where clouds keep their keys
        "100.64.0.1",
        "0.0.0.0",  # noqa: S104 - an address to refuse
        "224.0.0.1",
        "255.255.255.255",
        "::1",
        "::",
        "fe80::1",
        "fe80::1%eth0",
        "fc00::1",
        "ff02::1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "2002:7f00:1::",  # 6to4 of 127.0.0.1
        "64:ff9b::a9fe:a9fe",  # NAT64 of 169.254.169.254
        "2001:0:0a00:1::",
        "fec0::1",  # site-local
        "::7f00:1",  # 127.0.0.1, as it was written once
        "64:ff9b:1::a9fe:a9fe",  # NAT64 of a network's own
        "5f00::1",
        "192.0.0.9",
    ],
)
def test_addresses_that_are_or_lead_inside_may_not(address: str) -> None:
    assert not is_public(ip_address(address))


async def ask(url: str, *networks: str) -> httpx.Response:
    allowed: Sequence[Network] = [ip_network(one) for one in networks]
    async with httpx.AsyncClient(transport=CheckedTransport(allowed), trust_env=False) as client:
        return await client.get(url)


async def test_the_transport_refuses_what_is_inside_unless_it_is_allowed() -> None:
    with PictureServer().running() as server:
        link = server.on("/a", Answer(b"picture"))
        port = link.split(":")[2]
        for inside in (link, f"http://localhost:{port}", f"http://2130706433:{port}"):
            with pytest.raises(AddressRefused, match="is not a public address"):
                await ask(inside)
        assert server.asked == []
        assert (await ask(link, "127.0.0.0/8")).content == b"picture"


async def test_a_name_that_changes_its_mind_gains_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The address that was checked is the one that is connected to; the next is checked again."""
    answers = ["127.0.0.2", "127.0.0.1"]

    async def resolve(host: str, port: int, **_: object) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (answers.pop(0), port))]

    with PictureServer().running("127.0.0.2") as server:
        port = server.on("/a", Answer(b"picture")).split(":")[2]
        monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", resolve)
        url = f"http://shop.example:{port}"
        assert (await ask(url, "127.0.0.2/32")).content == b"picture"
        assert server.asked[0].headers["Host"] == f"shop.example:{port.split('/')[0]}"
        with pytest.raises(AddressRefused, match=r"shop\.example is 127\.0\.0\.1"):
            await ask(url, "127.0.0.2/32")


async def test_one_address_inside_among_several_spoils_all(monkeypatch: pytest.MonkeyPatch) -> None:
    async def resolve(host: str, port: int, **_: object) -> list[Any]:
        addresses = ("127.0.0.2", "10.0.0.1")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, port)) for one in addresses]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", resolve)
    with pytest.raises(AddressRefused, match=r"10\.0\.0\.1"):
        await ask("http://shop.example/", "127.0.0.0/8")


async def test_a_name_that_does_not_exist_is_an_error_of_the_connection() -> None:
    with pytest.raises(httpx.ConnectError, match="can't be resolved"):
        await ask("http://nothing.invalid/")
