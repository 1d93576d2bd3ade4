"""The nginx before the gateways, when the machine of one of them is lost."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import ExitStack, asynccontextmanager, contextmanager
from pathlib import Path

import httpx
import pytest
import yaml  # type: ignore[import-untyped]
from pydantic import IPvAnyNetwork

from services.gateway.admission.callers import address_of
from services.gateway.settings import GatewaySettings
from tests.fleet.door import DOOR_PORT, kernel_settings, nginx, write_configuration
from tests.fleet.network import Host, Network, NetworkRefused
from tests.support.ending import end
from tests.support.waiting import until

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(nginx() is None, reason="nginx is absent"),
]

_SEARCH, _CHANGE = "/predict", "/products/batch"
_MOST_TRIES = 8
"""Each worker of nginx has its own turns."""

# Writes the path of each request to a file; then it answers, or never does. `GET` is answered with
# the addresses that were passed on.
_GATEWAY = """
import http.server, sys, time
path, silent = sys.argv[1], sys.argv[2] == "silent"
class Gateway(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["content-length"]))
        with open(path, "a") as file:
            file.write(self.path + "\\n")
        if silent:
            time.sleep(600)
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(self.headers["x-forwarded-for"].encode())
http.server.ThreadingHTTPServer(("0.0.0.0", 7860), Gateway).serve_forever()
"""


@contextmanager
def two_gateways(folder: Path) -> Iterator[tuple[Host, str, Path, Path]]:
    """The machine of a gateway that never answers, the URL of an nginx before it and another one,
    and the files with the requests of both. Skips the test without network namespaces.
    """
    with ExitStack() as at_end:
        try:
            network = at_end.enter_context(Network())
        except NetworkRefused as error:
            pytest.skip(f"no network namespaces: {error}")
        hosts = [network.host(name) for name in ("silent", "answering")]
        files = [folder / host.name for host in hosts]
        for host, file in zip(hosts, files, strict=True):
            file.touch()
            words = host.command(sys.executable, "-c", _GATEWAY, file, host.name)
            gateway = subprocess.Popen(words, stderr=subprocess.DEVNULL)
            at_end.callback(end, gateway, 10, at_once=True)
        door = network.host("door")
        door.configure(kernel_settings())
        words = write_configuration(folder / "nginx", [host.address for host in hosts])
        without_time_out(folder / "nginx")
        process = subprocess.Popen(door.command(*words), stderr=subprocess.DEVNULL)
        at_end.callback(end, process, 10)
        silent, answering = files
        yield hosts[0], f"http://{door.address}:{DOOR_PORT}", silent, answering


def without_time_out(folder: Path) -> None:
    """Let nginx wait longer than the client. So only the kernel can notice a lost machine."""
    file = folder / "proxy.conf"
    before = file.read_text()
    after = re.sub(r"(?m)^proxy_read_timeout .*;$", "proxy_read_timeout 600s;", before)
    assert after != before
    file.write_text(after)


@asynccontextmanager
async def asking(url: str) -> AsyncIterator[httpx.AsyncClient]:
    """A client, once both gateways answer `GET`."""
    async with httpx.AsyncClient(base_url=url, trust_env=False, timeout=60) as http:

        async def answers() -> bool:
            try:
                return (await http.get("/")).status_code == httpx.codes.OK
            except httpx.TransportError:
                return False

        for _ in range(4):
            await until(answers)
        yield http


async def test_a_search_in_a_lost_gateway_is_answered_by_another_and_a_change_is_not_repeated(
    tmp_path: Path,
) -> None:
    with two_gateways(tmp_path) as (lost, url, silent, answering):
        async with asking(url) as http:
            waiting = {
                path: [await _held(http, path, silent) for _ in range(2)]
                for path in (_SEARCH, _CHANGE)
            }
            changes = _asked(answering, _CHANGE)
            lost.unplug()
            searched = await asyncio.gather(*waiting[_SEARCH])
            changed = await asyncio.gather(*waiting[_CHANGE])
    assert [one.status_code for one in searched] == [httpx.codes.OK] * 2
    assert [one.status_code for one in changed] == [httpx.codes.BAD_GATEWAY] * 2
    assert _asked(answering, _CHANGE) == changes


@pytest.mark.parametrize(
    ("given", "caller"),
    [("198.51.100.7", "198.51.100.7"), ("6.6.6.6, 198.51.100.7", "198.51.100.7")],
)
async def test_behind_another_proxy_each_shopper_has_an_address_of_their_own(
    tmp_path: Path, given: str, caller: str
) -> None:
    """Otherwise all shoppers together would have the limits of one."""
    with two_gateways(tmp_path) as (_, url, _, _):
        async with asking(url) as http:
            passed_on = (await http.get("/", headers={"X-Forwarded-For": given})).text
    assert address_of("10.0.0.1", passed_on.split(","), _trusted()) == caller


def _trusted() -> Sequence[IPvAnyNetwork]:
    """The networks that the gateway trusts in compose.yaml."""
    services = yaml.safe_load(Path("compose.yaml").read_text(encoding="utf-8"))["services"]
    networks = services["gateway"]["environment"]["GATEWAY_TRUSTED_PROXIES"]
    return GatewaySettings(trusted_proxies=networks).trusted_proxies


async def _held(http: httpx.AsyncClient, path: str, silent: Path) -> asyncio.Task[httpx.Response]:
    """A request that waits in the silent gateway."""
    for _ in range(_MOST_TRIES):
        task = await _sent(http, path, silent)
        if not task.done():
            return task
    raise AssertionError("nginx never asked the silent gateway")


async def _sent(http: httpx.AsyncClient, path: str, silent: Path) -> asyncio.Task[httpx.Response]:
    """A request that one of the gateways has."""
    before = _asked(silent, path)
    task = asyncio.create_task(http.post(path, json={}))
    await until(lambda: task.done() or _asked(silent, path) > before)
    return task


def _asked(gateway: Path, path: str) -> int:
    """Number of requests for this path that it got."""
    return gateway.read_text().count(path)
