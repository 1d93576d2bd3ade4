"""All four services as processes of their own, over a real Redis and a catalogue loaded into it.

Unlike the launcher it starts nothing again by itself, and each way between two parts may lead
through something of the test's own, so that a test can break one part and watch the others.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.support.feast_repository import write_feature_repo
from tests.support.gateway_stack import PATIENT
from tests.support.redis_server import RedisAddress, RedisProcess
from tests.support.service_process import ServiceProcess, listening_socket, url_of

SERVICES = ("encoder", "rewriter", "retriever", "gateway")
WITH_WRITER = ("writer", *SERVICES)
SAMPLE = Path("data/sample/products.csv")
LOAD_S = 300.0
NO_RATE_LIMIT = {"GATEWAY_RATE_PER_MINUTE": "1000000", "GATEWAY_RATE_BURST": "100000"}
"""For load from one address."""
NO_ANSWER_CACHE = {"RETRIEVER_ANSWER_CACHE_BYTES": "0"}
"""Where time is taken: clients ask a few queries again and again, and each is to be searched."""
PATIENT_GATEWAY = {f"GATEWAY_{name.upper()}": str(value) for name, value in PATIENT.items()}
"""For a busy machine, if nothing is measured."""


Through = Callable[[str, RedisAddress], RedisAddress]
"""Where the others find a part: given its name and its own address."""


def directly(_: str, address: RedisAddress) -> RedisAddress:
    return address


class WholeStack:
    """Redis and the services by name; each finds the others where `through` says."""

    def __init__(
        self,
        folder: Path,
        redis: RedisProcess,
        settings: Mapping[str, str],
        through: Through = directly,
        services: Sequence[str] = SERVICES,
    ) -> None:
        """`settings`: of any service, by their full names."""
        self.services = services
        self.folder = folder
        self.redis = redis
        self.listeners = {name: listening_socket() for name in services}
        self.processes: dict[str, ServiceProcess] = {}
        self._redis_at = through("redis", redis.address)
        self._found_at = {
            name: through(name, RedisAddress(*self.listeners[name].getsockname()[:2]))
            for name in services
            if name != "gateway"
        }
        self._feast = write_feature_repo(folder / "feast", self._redis_at)
        self._settings = dict(settings)
        self._generation = 0

    @property
    def url(self) -> str:
        return self.url_of("gateway")

    def url_of(self, name: str) -> str:
        return url_of(self.listeners[name])

    def environment(self) -> dict[str, str]:
        cache = f"redis://{self._redis_at.connection_string}/1"
        return {
            "ENCODER_MODEL_CACHE_DIR": str(self.folder / "models"),
            "ENCODER_CACHE_REDIS_URL": cache,
            "REWRITER_REDIS_URL": cache,
            "RETRIEVER_FEATURE_STORE": str(self._feast),
            "RETRIEVER_POLL_INTERVAL_MS": "100",
            **{
                f"GATEWAY_{name.upper()}_URL": f"http://{address.connection_string}"
                for name, address in self._found_at.items()
            },
            "GATEWAY_REDIS_URL": cache,
            "GATEWAY_MEDIA_DIR": str(self.folder / "media"),
            "PIPELINE_ENCODER_URL": self.url_of("encoder"),
            "PIPELINE_FEATURE_STORE": str(self._feast),
            "PIPELINE_MEDIA_DIR": str(self.folder / "media"),
            "PIPELINE_REJECTS_PATH": str(self.folder / "rejects.csv"),
            "FEAST_USAGE": "False",
            **self._settings,
        }

    def start(self, name: str) -> ServiceProcess:
        """One more process of a service, on the socket that all of its processes share."""
        self._generation += 1
        process = ServiceProcess(
            [f"services.{name}"],
            name.upper(),
            self.listeners[name],
            self.folder / f"{name}-{self._generation}.log",
            surroundings=self.environment(),
        )
        self.processes[name] = process
        return process

    def load(self, catalogue: Path) -> None:
        """Raises RuntimeError, with what the pipeline said, when it cannot be loaded."""
        load_catalogue(catalogue, self.environment())

    def stop(self) -> None:
        for process in reversed(self.processes.values()):
            process.stop()
        for listener in self.listeners.values():
            listener.close()


def load_catalogue(catalogue: Path, environment: Mapping[str, str]) -> None:
    """By a pipeline of its own. Raises RuntimeError, with what it said, when it cannot."""
    done = subprocess.run(
        [sys.executable, "-m", "services.pipeline", "load", str(catalogue)],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=LOAD_S,
        check=False,
    )
    if done.returncode != 0:
        raise RuntimeError(f"not loaded: {done.stdout[-2000:]}{done.stderr[-2000:]}")


@contextmanager
def whole_stack(
    folder: Path,
    catalogue: Path = SAMPLE,
    settings: Mapping[str, str] | None = None,
    through: Through = directly,
    services: Sequence[str] = SERVICES,
) -> Iterator[WholeStack]:
    """The stack, ready to answer from `catalogue`; all of it is stopped at the end."""
    (folder / "redis").mkdir(parents=True)
    with ExitStack() as at_end:
        redis = RedisProcess(folder / "redis")
        at_end.callback(redis.stop)
        redis.start()
        stack = WholeStack(folder, redis, settings or {}, through, services)
        at_end.callback(stack.stop)
        for name in services:
            stack.start(name)
        stack.processes["encoder"].wait_until_ready(stack.url_of("encoder"))
        stack.load(catalogue)
        stack.processes["gateway"].wait_until_ready(stack.url)
        yield stack
