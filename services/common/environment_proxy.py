"""The HTTP proxy that the environment names for an address.

httpx reads every proxy of the environment for each client. So it fails on `ALL_PROXY=socks5://…`
beside a usable `HTTPS_PROXY`, and on an IPv6 network in `NO_PROXY`, whatever the address.
"""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass


class UnusableProxy(Exception):
    """The environment names a proxy that cannot be used. The message says what to do."""


def environment_proxy(url: str) -> str | None:
    """The proxy for this URL, or None. Raises UnusableProxy."""
    address = urlsplit(url)
    if _is_this_machine(address.hostname):
        return None
    proxies = getproxies()
    proxy = proxies.get(address.scheme) or proxies.get("all")
    if not proxy or proxy_bypass(address.netloc):
        return None
    proxy = proxy if "://" in proxy else f"http://{proxy}"
    try:
        parsed = urlsplit(proxy)
        usable = parsed.scheme in ("http", "https") and bool(parsed.hostname)
        usable = usable and parsed.port != 0
    except ValueError:  # a port that is no number
        usable = False
    if not usable:
        # Not quoted whole: a proxy's address may hold a password.
        raise UnusableProxy(
            f"The environment's proxy for {address.scheme} ({proxy.partition('://')[0]}://…) "
            f"cannot be used. Set {address.scheme}_proxy to the http:// address of a proxy, or add "
            f"{address.hostname} to no_proxy."
        )
    return proxy


def _is_this_machine(host: str | None) -> bool:
    """A proxy on another machine would connect to its own."""
    try:
        return host == "localhost" or ipaddress.ip_address(host or "").is_loopback
    except ValueError:
        return False
