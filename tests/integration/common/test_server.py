"""A service as a real process: what clients that dawdle meet, and how it stops and is replaced."""

from __future__ import annotations

import asyncio
import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, suppress
from http.client import HTTPResponse
from pathlib import Path

import httpx
import pytest
import uvicorn
from starlette.responses import PlainTextResponse
from uvicorn.server import ServerState

from services.common.connections import TimedProtocol
from services.common.server import IDLE_GRACE_S
from tests.support.service_process import ServiceProcess, listening_socket, url_of
from tests.support.waiting import until

Start = Callable[..., ServiceProcess]

PATIENCE_MS = 300
REQUEST = b"GET /work/0 HTTP/1.1\r\nHost: x\r\n\r\n"


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with closing(listening_socket()) as one:
        yield one


@pytest.fixture
def start(listener: socket.socket, tmp_path: Path) -> Iterator[Start]:
    """Start a process on the test's socket; all of them are stopped at the end."""
    with ExitStack() as stack:
        started = 0

        def start_one(**settings: str) -> ServiceProcess:
            nonlocal started
            started += 1
            process = ServiceProcess(
                ["tests.support.sample_service"],
                "SAMPLE",
                listener,
                tmp_path / f"service-{started}.log",
                surroundings=None,
                **settings,
            )
            stack.callback(process.stop)
            process.wait_until_said("Application startup complete")
            return process

        yield start_one


def connected(listener: socket.socket) -> socket.socket:
    return socket.create_connection(listener.getsockname()[:2], timeout=10)


def ask(client: socket.socket, path: bytes = b"/work/0") -> HTTPResponse:
    """One request and its whole answer, on a connection that may stay open."""
    client.sendall(b"GET " + path + b" HTTP/1.1\r\nHost: x\r\n\r\n")
    return read_answer(client)


def read_answer(client: socket.socket) -> HTTPResponse:
    """All of it: the head and the body may come in two pieces."""
    answer = HTTPResponse(client)
    answer.begin()
    answer.read()
    return answer


def until_closed(client: socket.socket) -> bytes:
    """Bytes received until the other side closes; raises TimeoutError when it does not."""
    received = b""
    try:
        while part := client.recv(65_536):
            received += part
    except ConnectionResetError:
        pass
    return received


def test_who_says_nothing_is_dropped(start: Start, listener: socket.socket) -> None:
    start(client_timeout_ms=str(PATIENCE_MS))
    with connected(listener) as client:
        began = time.monotonic()
        assert until_closed(client) == b""
        assert time.monotonic() - began >= PATIENCE_MS / 1000 * 0.9


@pytest.mark.parametrize(
    "first",
    [
        pytest.param(b"", id="on a new connection"),
        pytest.param(REQUEST, id="after a request"),
        pytest.param(REQUEST + b"\r\n", id="with empty lines"),
    ],
)
def test_who_trickles_headers_is_dropped_while_others_are_served(
    start: Start, listener: socket.socket, first: bytes
) -> None:
    start(client_timeout_ms=str(PATIENCE_MS))
    with ExitStack() as stack:
        clients = [stack.enter_context(connected(listener)) for _ in range(50)]
        for client in clients:
            client.sendall(first)
        began = time.monotonic()
        trickled = b"GET /work/0 HTTP/1.1\r\nHost: x\r\nX-Slow: " + b"a" * 10_000
        open_still = set(clients)
        for byte in trickled:
            assert time.monotonic() - began < 60, "they are never dropped"
            for client in list(open_still):
                try:
                    client.sendall(bytes([byte]))
                except OSError:
                    open_still.discard(client)
            if not open_still:
                break
            url = f"{url_of(listener)}/work/0"
            assert httpx.get(url, trust_env=False, timeout=60).status_code == 200
        assert not open_still


def test_who_trickles_a_body_is_told_and_dropped(start: Start, listener: socket.socket) -> None:
    start(deadline_ms="300")
    with connected(listener) as client:
        client.sendall(b"POST /count HTTP/1.1\r\nHost: x\r\nContent-Length: 900\r\n\r\nabc")
        answer = until_closed(client).decode()
    assert answer.startswith("HTTP/1.1 408 ")
    assert "/problems/request-timeout" in answer
    assert "connection: close" in answer.lower()


def test_who_trickles_on_after_a_refusal_is_dropped(start: Start, listener: socket.socket) -> None:
    start(client_timeout_ms=str(PATIENCE_MS))
    with connected(listener) as client:
        client.sendall(b"POST /count HTTP/1.1\r\nHost: x\r\nContent-Length: 5000\r\n\r\n")
        assert client.recv(65_536).startswith(b"HTTP/1.1 413 ")
        began = time.monotonic()
        dropped = False
        while not dropped and time.monotonic() - began < 60:
            try:
                client.sendall(b"a")
                time.sleep(0.02)
            except OSError:
                dropped = True
        assert dropped


def test_who_never_reads_an_answer_is_dropped(start: Start, listener: socket.socket) -> None:
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4_096)
    start(client_timeout_ms=str(PATIENCE_MS))
    schema = b"GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n"
    with socket.socket() as client:
        # Small buffers, so that few answers fill them.
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        client.connect(listener.getsockname()[:2])
        client.setblocking(False)
        began = time.monotonic()
        dropped = False
        while not dropped and time.monotonic() - began < 60:
            try:
                client.send(schema)
            except BlockingIOError:
                time.sleep(0.01)
            except OSError:
                dropped = True
        assert dropped


def test_a_connection_that_is_being_closed_does_not_wait_for_its_client_either(
    start: Start, listener: socket.socket
) -> None:
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4_096)
    process = start(client_timeout_ms=str(PATIENCE_MS))
    before = _sockets_of(process)
    request = b"GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n"
    last = request.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
    with ExitStack() as stack:
        # With this many answers, some client's last bytes are still unsent when the server closes.
        for answers in range(20):
            client = stack.enter_context(socket.socket())
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
            client.connect(listener.getsockname()[:2])
            client.sendall(answers * request + last)
        # Its turn comes when the server has accepted the others.
        with connected(listener) as latest:
            latest.settimeout(60)
            latest.sendall(REQUEST)
            assert read_answer(latest).status == 200
        deadline = time.monotonic() + 60
        while _sockets_of(process) > before and time.monotonic() < deadline:
            time.sleep(0.05)
        assert _sockets_of(process) == before


@pytest.mark.parametrize(("keep_alive_s", "half_closed"), [(0, False), (60, True)])
async def test_an_idle_or_half_closed_connection_does_not_wait_for_its_client_either(
    listener: socket.socket, keep_alive_s: int, *, half_closed: bool
) -> None:
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4_096)
    limited = TimedProtocol.with_timeout(PATIENCE_MS / 1000)
    config = uvicorn.Config(
        PlainTextResponse(30_000 * "x"),
        http=limited,
        timeout_keep_alive=keep_alive_s,
        log_config=None,
    )
    config.load()
    state = ServerState()
    server = await asyncio.get_running_loop().create_server(
        lambda: limited(config=config, server_state=state, app_state={}), sock=listener
    )
    async with server:
        with socket.socket() as client:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
            client.connect(listener.getsockname()[:2])
            client.sendall(REQUEST)
            await until(lambda: state.total_requests == 1)
            if half_closed:
                client.shutdown(socket.SHUT_WR)
            await until(lambda: not state.connections)


def _sockets_of(process: ServiceProcess) -> int:
    count = 0
    for descriptor in Path(f"/proc/{process.process.pid}/fd").iterdir():
        with suppress(OSError):
            count += str(descriptor.readlink()).startswith("socket:")
    return count


def test_who_takes_a_moment_is_served(start: Start, listener: socket.socket) -> None:
    start(client_timeout_ms="20000")
    with connected(listener) as client:
        for _ in range(3):
            for part in (REQUEST[:7], REQUEST[7:25], REQUEST[25:]):
                client.sendall(part)
                time.sleep(0.02)
            assert read_answer(client).status == 200
    with connected(listener) as client:
        client.sendall(b"POST /count HTTP/1.1\r\nHost: x\r\nConnection: close\r\n")
        client.sendall(b"Content-Length: 4\r\n\r\nab")
        time.sleep(0.05)
        client.sendall(b"cd")
        assert b'"received":4' in until_closed(client)


async def test_asked_to_stop_it_says_so_first_and_finishes_what_it_began(
    start: Start, listener: socket.socket
) -> None:
    # So long that a slow machine asks all its questions meanwhile; a second signal ends it.
    process = start(drain_ms="60000")
    async with httpx.AsyncClient(base_url=url_of(listener), trust_env=False, timeout=60) as http:
        assert (await http.get("/ready")).status_code == 200
        in_flight = asyncio.create_task(http.get("/work/3000"))
        await until(lambda: _in_flight(http))
        process.send(signal.SIGTERM)

        async def unready() -> bool:
            return (await http.get("/ready")).status_code == 503

        await until(unready)
        # It still takes requests, and keeps no connection open for more.
        answer = await http.get("/work/0")
        assert answer.status_code == 200
        assert answer.headers["connection"] == "close"
        assert (await http.get("/ready")).json()["dependencies"]["process"]["status"] == (
            "unavailable"
        )
        process.send(signal.SIGTERM)
        assert (await in_flight).status_code == 200
    assert await asyncio.to_thread(process.process.wait, 60) == -signal.SIGTERM


async def _in_flight(http: httpx.AsyncClient) -> bool:
    return "http_requests_in_flight 2.0" in (await http.get("/metrics")).text


def test_a_second_signal_ends_the_draining_at_once(start: Start, listener: socket.socket) -> None:
    process = start(drain_ms="60000")
    with connected(listener) as idle:
        assert ask(idle).status == 200
        process.send(signal.SIGTERM)
        with connected(listener) as client:
            assert ask(client, b"/ready").status == 503
        began = time.monotonic()
        process.send(signal.SIGTERM)
        assert process.process.wait(60) == -signal.SIGTERM
        assert time.monotonic() - began < 30  # half of the drain
        assert until_closed(idle) == b""


def test_a_client_may_use_its_connection_again_long_after_the_draining(
    start: Start, listener: socket.socket
) -> None:
    process = start(drain_ms="100")
    with connected(listener) as client:
        assert ask(client).getheader("connection") is None
        process.send(signal.SIGTERM)
        time.sleep(IDLE_GRACE_S / 3)  # the drain ended long ago
        answer = ask(client)
        assert (answer.status, answer.getheader("connection")) == (200, "close")
        assert until_closed(client) == b""
    assert process.process.wait(IDLE_GRACE_S / 2) == -signal.SIGTERM


def test_a_connection_that_nobody_uses_does_not_hold_up_the_stop(
    start: Start, listener: socket.socket
) -> None:
    process = start(drain_ms="100")
    with connected(listener) as client:
        assert ask(client).status == 200
        used = time.monotonic()
        process.send(signal.SIGTERM)
        assert until_closed(client) == b""
        assert time.monotonic() - used > IDLE_GRACE_S - 0.5
        assert process.process.wait(60) == -signal.SIGTERM


@pytest.mark.timeout(300)  # four processes start, one after another
async def test_processes_replaced_one_by_one_under_load_lose_no_request(
    start: Start, listener: socket.socket
) -> None:
    """Two kinds of outside clients that never repeat a request: one with a pool of connections, in
    httpx's default settings, and one with a new connection for each request.

    The pool drops a connection that was idle for 5 s, before the server does after `IDLE_GRACE_S`.
    """
    served: dict[int, int] = {}
    asked_to_end = asyncio.Event()

    async def keep_asking(http: httpx.AsyncClient | None, wait_ms: int) -> None:
        url = f"{url_of(listener)}/work/{wait_ms}"
        while not asked_to_end.is_set():
            if http is None:
                async with httpx.AsyncClient(trust_env=False) as once:
                    response = await once.get(url, timeout=60)
            else:
                response = await http.get(url, timeout=60)
            assert response.status_code == 200
            process = response.json()["process"]
            served[process] = served.get(process, 0) + 1

    async def replace_all(count: int) -> list[int]:
        """The process ids, in order."""
        replaced = [await asyncio.to_thread(start, drain_ms="200")]
        for _ in range(count):
            await until(lambda: replaced[-1].process.pid in served, deadline_s=60)
            successor = await asyncio.to_thread(start, drain_ms="200")
            replaced[-1].send(signal.SIGTERM)
            await asyncio.to_thread(replaced[-1].process.wait, 60)
            replaced.append(successor)
        await until(lambda: replaced[-1].process.pid in served, deadline_s=60)
        asked_to_end.set()
        return [one.process.pid for one in replaced]

    async with httpx.AsyncClient(trust_env=False) as pool, asyncio.TaskGroup() as tasks:
        for wait_ms in range(0, 40, 5):
            tasks.create_task(keep_asking(pool, wait_ms))
        for wait_ms in (0, 10, 20):
            tasks.create_task(keep_asking(None, wait_ms))
        replacing = tasks.create_task(replace_all(3))
    assert set(served) == set(replacing.result())
    assert sum(served.values()) > 100
