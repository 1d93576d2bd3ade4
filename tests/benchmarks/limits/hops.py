"""The least that a hop between two processes costs, and what ours cost. All block."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import redis

from tests.support.redis_server import RedisProcess
from tests.support.service_process import ServiceProcess, listening_socket, url_of

_BYTES = 2_048
"""A vector's."""
_ECHO = """
import socket, sys
listener = socket.socket(fileno=int(sys.argv[1]))
connection = listener.accept()[0]
connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
while data := connection.recv(65536):
    connection.sendall(data)
"""


@contextmanager
def hops(folder: Path) -> Iterator[dict[str, Callable[[], object]]]:
    """`bare`: so many bytes to another process and back. `service`, `redis`: there and back."""
    (folder / "redis").mkdir()
    with ExitStack() as at_end:
        server = RedisProcess(folder / "redis")
        at_end.callback(server.stop)
        server.start()
        client = redis.Redis.from_url(server.address.url)
        at_end.callback(client.close)
        client.set("vector", bytes(_BYTES))
        yield {
            "bare": at_end.enter_context(_bare()),
            "redis": lambda: client.get("vector"),
            "service": at_end.enter_context(_service(folder)),
        }


@contextmanager
def _bare() -> Iterator[Callable[[], object]]:
    with listening_socket() as listener:
        command = [sys.executable, "-c", _ECHO, str(listener.fileno())]
        echo = subprocess.Popen(command, pass_fds=[listener.fileno()])
        with socket.create_connection(listener.getsockname()) as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            yield lambda: _exchange(connection, bytes(_BYTES), _BYTES)
        echo.wait(10)


@contextmanager
def _service(folder: Path) -> Iterator[Callable[[], object]]:
    """A route that does nothing, with all that every request passes through."""
    with listening_socket() as listener:
        process = ServiceProcess(
            ["services.rewriter"], "REWRITER", listener, folder / "rewriter.log"
        )
        try:
            process.wait_until_ready(url_of(listener))
            with socket.create_connection(listener.getsockname()) as connection:
                request = b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n"
                connection.sendall(request)
                answer = connection.recv(65_536)
                yield lambda: _exchange(connection, request, len(answer))
        finally:
            process.stop()


def _exchange(connection: socket.socket, sent: bytes, least: int) -> None:
    connection.sendall(sent)
    got = 0
    while got < least:
        part = connection.recv(65_536)
        if not part:
            raise ConnectionError("the other side went away")
        got += len(part)
