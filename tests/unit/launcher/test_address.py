"""HOST: addresses are used, names that shells export never stop or open a run."""

from __future__ import annotations

import socket

import pytest

from services.launcher.address import family, listening_address, url


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("127.0.0.1", "127.0.0.1"),
        ("0.0.0.0", "0.0.0.0"),  # noqa: S104
        ("::1", "::1"),
        ("[::1]", "::1"),
        ("::", "::"),
        ("localhost", "127.0.0.1"),
    ],
)
def test_an_address_is_listened_on_without_a_note(host: str, address: str) -> None:
    assert listening_address(host) == (address, None)


@pytest.mark.parametrize("host", ["myhost", "x86_64-conda-linux-gnu", "linux", "example.com"])
def test_a_name_that_a_shell_exported_is_noted_and_never_looked_up(host: str) -> None:
    address, note = listening_address(host)

    assert address == "127.0.0.1"
    assert note is not None
    assert f"HOST={host} is a name" in note


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("0.0.0.0", "http://127.0.0.1:7860"),  # noqa: S104
        ("::", "http://[::1]:7860"),
        ("::1", "http://[::1]:7860"),
        ("10.0.0.7", "http://10.0.0.7:7860"),
    ],
)
def test_the_url_reaches_it_from_this_machine(host: str, expected: str) -> None:
    assert url(host, 7860) == expected
    assert family(host) == (socket.AF_INET6 if ":" in host else socket.AF_INET)
