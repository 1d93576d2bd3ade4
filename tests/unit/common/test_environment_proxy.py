"""The HTTP proxy that the environment names for an address."""

from __future__ import annotations

import pytest

from services.common.environment_proxy import UnusableProxy, environment_proxy

URL = "https://models.example/clip.pt"
SOCKS = "socks5://127.0.0.1:1080"


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.mark.parametrize(
    ("environment", "proxy"),
    [
        ({}, None),
        ({"HTTPS_PROXY": "http://proxy:3128"}, "http://proxy:3128"),
        ({"https_proxy": "proxy:3128"}, "http://proxy:3128"),
        ({"HTTP_PROXY": "http://proxy:3128"}, None),
        ({"ALL_PROXY": "http://proxy:3128"}, "http://proxy:3128"),
        ({"HTTPS_PROXY": "http://proxy:3128", "ALL_PROXY": SOCKS}, "http://proxy:3128"),
        ({"ALL_PROXY": SOCKS, "NO_PROXY": "fe80::/10, .example"}, None),
        ({"HTTPS_PROXY": "http://proxy:3128", "NO_PROXY": "[::1],fe80::/10"}, "http://proxy:3128"),
        ({"HTTPS_PROXY": ""}, None),
    ],
)
def test_only_what_matters_for_the_address_is_read(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], proxy: str | None
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert environment_proxy(URL) == proxy


@pytest.mark.parametrize(
    "proxy",
    [SOCKS, "http://me:swordfish@proxy:port", "http://"],  # pragma: allowlist secret
)
def test_a_proxy_that_cannot_be_used_is_named_without_its_password(
    monkeypatch: pytest.MonkeyPatch, proxy: str
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", proxy)
    with pytest.raises(UnusableProxy, match=r"Set https_proxy .* models\.example") as refused:
        environment_proxy(URL)
    assert "swordfish" not in str(refused.value)


@pytest.mark.parametrize("host", ["127.0.0.1:7860", "localhost", "[::1]:7860"])
def test_this_machine_is_reached_without_a_proxy(
    monkeypatch: pytest.MonkeyPatch, host: str
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://proxy:3128")
    monkeypatch.setenv("ALL_PROXY", SOCKS)
    assert environment_proxy(f"http://{host}/") is None
