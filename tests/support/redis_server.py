"""A real Redis for tests, over a real socket, wherever the tests run.

A container if a Docker engine answers, else a private process of the server that `make run` uses.
"""

from __future__ import annotations

import gc
import os
import signal
import subprocess
import time
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import redis

from services.launcher.redis_server import find_redis_server
from tests.support.ending import end
from tests.support.ports import free_port

START_S = 20.0
STOP_S = 10.0
IMAGE = "redis:7-alpine"


@dataclass(frozen=True, slots=True)
class RedisAddress:
    """Where a Redis listens."""

    host: str
    port: int

    @property
    def connection_string(self) -> str:
        """As Feast's `feature_store.yaml` wants it."""
        return f"{self.host}:{self.port}"

    @property
    def url(self) -> str:
        """As redis-py's `from_url` wants it."""
        return f"redis://{self.host}:{self.port}/0"

    def answers(self) -> bool:
        """True when a PING comes back; False also while Redis still reads its files."""
        with closing(redis.Redis(host=self.host, port=self.port, socket_timeout=1)) as client:
            # redis-py repeats a failed connection with a back-off of seconds; here we ask again.
            client.set_retry(redis.retry.Retry(redis.backoff.NoBackoff(), 0))
            try:
                return bool(client.ping())
            except redis.RedisError:
                return False


class RedisProcess:
    """A `redis-server` process of our own, which a test may stop and start again at will.

    What is written survives `stop` and `start`, as with a Redis that keeps an append-only file.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._process: subprocess.Popen[bytes] | None = None
        self._port: int | None = None

    @property
    def address(self) -> RedisAddress:
        """The same for the object's whole life; raises RuntimeError before the first start."""
        if self._port is None:
            raise RuntimeError("this Redis was never started")
        return RedisAddress("127.0.0.1", self._port)

    def start(self) -> None:
        """Start and wait until it answers; raises RuntimeError with its log when it doesn't."""
        attempts = 1 if self._port is not None else 5
        for attempt in range(attempts):
            port = self._port if self._port is not None else free_port()
            if self._try_start(port):
                self._port = port
                return
            # Another process may have taken the port between our asking and our using it.
            if attempt == attempts - 1:
                raise RuntimeError(f"redis-server did not start:\n{self._log()}")

    @property
    def folder(self) -> Path:
        """Folder of its log and its append-only file."""
        return self._directory

    @property
    def pid(self) -> int:
        """Id of the running process."""
        if self._process is None:
            raise RuntimeError("Redis does not run")
        return self._process.pid

    def stop(self, *, at_once: bool = False) -> None:
        """Stop, by process id. `at_once` is SIGKILL: no goodbye to its clients."""
        process, self._process = self._process, None
        if process is not None:
            end(process, STOP_S, at_once=at_once)

    def send(self, number: signal.Signals) -> None:
        if self._process is None:
            raise RuntimeError("this Redis does not run")
        self._process.send_signal(number)

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Connections stay open meanwhile, and nothing answers on them."""
        self.send(signal.SIGSTOP)
        try:
            yield
        finally:
            self.send(signal.SIGCONT)

    def empty(self) -> None:
        """Remove all keys, as when somebody flushed it."""
        with closing(redis.Redis(host=self.address.host, port=self.address.port)) as client:
            client.flushall()

    def _try_start(self, port: int) -> bool:
        command = [
            find_redis_server(),
            *("--bind", "127.0.0.1", "--port", str(port)),
            *("--dir", str(self._directory)),
            *("--save", "", "--appendonly", "yes", "--appendfsync", "no"),
        ]
        # Not our own outputs: whoever reads those would wait for Redis to end, too.
        with (self._directory / "redis.log").open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log)
        address = RedisAddress("127.0.0.1", port)
        deadline = time.monotonic() + START_S
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                self._process = None
                return False
            if address.answers():
                return True
            time.sleep(0.01)
        self.stop(at_once=True)
        return False

    def _log(self) -> str:
        log = self._directory / "redis.log"
        return log.read_text()[-2000:] if log.exists() else "(no log)"


@contextmanager
def running_redis(directory: Path) -> Iterator[RedisAddress]:
    """A Redis for as long as the block lasts."""
    with ExitStack() as stack:
        address = _start_container(stack) if docker_answers() else None
        if address is None:
            server = RedisProcess(directory)
            stack.callback(server.stop)
            server.start()
            address = server.address
        yield address


def docker_answers() -> bool:
    """True where a Docker engine can be asked for a container."""
    import docker  # type: ignore[import-untyped]

    answer = False
    with warnings.catch_warnings():
        # The client leaves its socket to the garbage collector when nobody listens there.
        warnings.simplefilter("ignore", ResourceWarning)
        try:
            with closing(docker.from_env(timeout=2)) as client:
                answer = bool(client.ping())
        except (docker.errors.DockerException, OSError):
            pass
        gc.collect()
    return answer


def _start_container(stack: ExitStack) -> RedisAddress | None:
    """A container that `stack` removes; None where the engine has no image and cannot fetch it."""
    # Ryuk is a second container that removes the first; the stack does that itself.
    os.environ.setdefault("TESTCONTAINERS_RYUK_DISABLED", "true")
    import docker
    from testcontainers.core.container import DockerContainer

    try:
        container = stack.enter_context(DockerContainer(IMAGE).with_exposed_ports(6379))
    except docker.errors.DockerException:
        return None
    address = RedisAddress(container.get_container_host_ip(), int(container.get_exposed_port(6379)))
    deadline = time.monotonic() + START_S
    while not address.answers():
        if time.monotonic() > deadline:
            raise RuntimeError(f"the container of {IMAGE} does not answer")
        time.sleep(0.05)
    return address
