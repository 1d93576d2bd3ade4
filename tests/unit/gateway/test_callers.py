"""Identification of the caller."""

from __future__ import annotations

from ipaddress import ip_network

import pytest

from services.gateway.admission.access import key_hash
from services.gateway.admission.callers import address_of, caller_of
from services.gateway.settings import GatewaySettings

PROXIES = [ip_network("10.0.0.0/8"), ip_network("::1/128")]


@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        pytest.param("192.0.2.7", [], "192.0.2.7", id="no proxy"),
        pytest.param("192.0.2.7", ["198.51.100.1"], "192.0.2.7", id="a stranger's word"),
        pytest.param("10.0.0.1", ["198.51.100.1"], "198.51.100.1", id="a proxy's word"),
        pytest.param("10.0.0.1", ["6.6.6.6", "198.51.100.1"], "198.51.100.1", id="invented hop"),
        pytest.param("10.0.0.1", ["198.51.100.1", "10.0.0.2"], "198.51.100.1", id="two proxies"),
        pytest.param("10.0.0.1", ["10.0.0.2"], "10.0.0.2", id="nothing but proxies"),
        pytest.param("10.0.0.1", ["nonsense"], "10.0.0.1", id="nonsense"),
        pytest.param("10.0.0.1", ["198.51.100.1", "nonsense"], "10.0.0.1", id="nonsense nearest"),
        pytest.param("10.0.0.1", [], "10.0.0.1", id="a proxy that says nothing"),
        pytest.param("10.0.0.1", [" 198.51.100.1:4711 "], "198.51.100.1", id="with a port"),
        pytest.param("10.0.0.1", ["[2001:db8::1]:80"], "2001:db8::/64", id="IPv6 with a port"),
        pytest.param("::1", ["2001:db8::1"], "2001:db8::/64", id="IPv6"),
        pytest.param("::ffff:10.0.0.1", ["198.51.100.1"], "198.51.100.1", id="mapped proxy"),
        pytest.param("2001:db8::1:2:3:4", [], "2001:db8:0:0::/64", id="one of a /64"),
        pytest.param(None, ["198.51.100.1"], "unknown", id="no peer"),
        pytest.param("/run/socket", [], "unknown", id="a socket of a file"),
    ],
)
def test_the_address_is_the_nearest_that_no_trusted_proxy_has(
    peer: str | None, forwarded: list[str], address: str
) -> None:
    given = address_of(peer, forwarded, PROXIES)
    assert given == (address if address == "unknown" else str(_normal(address)))


def _normal(address: str) -> object:
    return ip_network(address) if "/" in address else address


def _scope(**headers: str) -> dict[str, object]:
    return {
        "type": "http",
        "client": ("192.0.2.7", 1),
        "headers": [
            (name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()
        ],
    }


def test_a_known_key_has_its_own_limits_and_a_guessed_one_those_of_its_address() -> None:
    settings = GatewaySettings(
        search_key_sha256=(key_hash("one"),), admin_key_sha256=(key_hash("two"),)
    )
    one, two, guessed = (
        caller_of(_scope(x_api_key=key), settings) for key in ("one", "two", "three")
    )
    assert one != two
    assert one.startswith("key:")
    assert "one" not in one
    assert guessed == caller_of(_scope(), settings) == "address:192.0.2.7"


def test_addresses_are_read_from_the_header_however_often_it_comes() -> None:
    settings = GatewaySettings(trusted_proxies=(ip_network("192.0.2.0/24"),))
    scope = _scope()
    scope["headers"] = [
        (b"x-forwarded-for", b"6.6.6.6, 198.51.100.1"),
        (b"x-forwarded-for", b"192.0.2.9"),
    ]
    assert caller_of(scope, settings) == "address:198.51.100.1"
