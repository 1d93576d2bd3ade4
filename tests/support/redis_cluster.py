"""A real Redis Cluster of six processes on loopback: three primaries with a replica each."""

from __future__ import annotations

import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import redis

from services.launcher.redis_server import find_redis_server
from tests.support.ports import free_port

NODE_TIMEOUT_MS = 1_000
START_S = 60.0
_SLOTS = 16_384
_BUS = 10_000
"""A node listens for the others on a port so much above its own."""
_PRIMARIES = 3


@dataclass
class Node:
    """One process."""

    port: int
    folder: Path
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    def start(self) -> None:
        self.folder.mkdir(exist_ok=True)
        command = [
            find_redis_server(),
            *("--bind", "127.0.0.1", "--port", str(self.port), "--dir", str(self.folder)),
            *("--save", "", "--appendonly", "yes", "--appendfsync", "everysec"),
            *("--cluster-enabled", "yes", "--cluster-node-timeout", str(NODE_TIMEOUT_MS)),
            # The other primaries answer while one has no successor yet.
            *("--cluster-require-full-coverage", "no"),
        ]
        with (self.folder / "redis.log").open("ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log)
        _until(self.answers, f"the Redis at {self.port} does not start")

    def kill(self) -> None:
        """As a machine that fails."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def answers(self) -> bool:
        with closing(self.client()) as client:
            try:
                return bool(client.ping())
            except redis.RedisError:
                return False

    def client(self) -> redis.Redis:
        retry = redis.retry.Retry(redis.backoff.NoBackoff(), 0)
        return redis.Redis(host="127.0.0.1", port=self.port, socket_timeout=2, retry=retry)

    def ask(self, *words: str | int) -> Any:  # noqa: ANN401 - whatever the command answers
        """The answer to one command."""
        with closing(self.client()) as client:
            return client.execute_command(*words)  # type: ignore[no-untyped-call]

    def info(self, name: str) -> str:
        """One value of `CLUSTER INFO`."""
        return str(self.ask("CLUSTER INFO").get(name))

    def replication(self, name: str) -> str:
        """One value of `INFO replication`."""
        return str(self.ask("INFO", "replication").get(name))

    @property
    def is_primary(self) -> bool:
        return self.replication("role") == "master"


@dataclass
class RedisCluster:
    """The nodes; the first three are primaries at the start."""

    nodes: list[Node]

    @property
    def connection_string(self) -> str:
        """As `REDIS_ADDRESS` has it for a cluster."""
        return ",".join(f"127.0.0.1:{node.port}" for node in self.nodes)

    @property
    def url(self) -> str:
        """As the services' settings have it for a cluster."""
        return f"redis://127.0.0.1:{self.nodes[0].port}?cluster=true"

    @property
    def running(self) -> list[Node]:
        return [node for node in self.nodes if node.process is not None]

    @property
    def primaries(self) -> list[Node]:
        return [node for node in self.running if node.is_primary]

    def kill_a_primary(self) -> Node:
        """Kill the last of the primaries, and return it."""
        node = self.primaries[-1]
        node.kill()
        return node

    def is_whole(self) -> bool:
        """True once every slot has a primary that answers."""
        served = [int(node.info("cluster_slots_ok")) for node in self.running]
        return len(self.primaries) == _PRIMARIES and all(count == _SLOTS for count in served)

    def until_whole(self) -> None:
        _until(self.is_whole, "the cluster does not recover")


@contextmanager
def running_cluster() -> Iterator[RedisCluster]:
    """One that lives until the end of the block."""
    with tempfile.TemporaryDirectory(prefix="redis-cluster-") as folder:
        ports = _free_ports(2 * _PRIMARIES)
        cluster = RedisCluster([Node(port, Path(folder) / str(port)) for port in ports])
        try:
            for node in cluster.nodes:
                node.start()
            _join(cluster)
            yield cluster
        finally:
            for node in cluster.nodes:
                node.kill()


def _join(cluster: RedisCluster) -> None:
    first, primaries = cluster.nodes[0], cluster.nodes[:_PRIMARIES]
    for number, node in enumerate(primaries):
        start, end = (_SLOTS * place // _PRIMARIES for place in (number, number + 1))
        node.ask("CLUSTER", "ADDSLOTS", *range(start, end))
        node.ask("CLUSTER", "SET-CONFIG-EPOCH", number + 1)
    for node in cluster.nodes[1:]:
        node.ask("CLUSTER", "MEET", "127.0.0.1", first.port)
    _until(
        lambda: all(node.info("cluster_known_nodes") == "6" for node in cluster.nodes),
        "the nodes do not find each other",
    )
    for node, primary in zip(cluster.nodes[_PRIMARIES:], primaries, strict=True):
        name = primary.ask("CLUSTER", "MYID").decode()
        _until(partial(_replicates, node, name), "a replica does not follow")
    _until(
        lambda: (
            all(node.info("cluster_state") == "ok" for node in cluster.nodes)
            and all(_linked(node) for node in cluster.nodes[_PRIMARIES:])
        ),
        "the cluster is not whole",
    )


def _replicates(node: Node, primary: str) -> bool:
    try:
        node.ask("CLUSTER", "REPLICATE", primary)
    except redis.ResponseError:  # it has not heard of that one yet
        return False
    return True


def _linked(node: Node) -> bool:
    return node.replication("master_link_status") == "up"


def _until(done: Callable[[], bool], problem: str) -> None:
    deadline = time.monotonic() + START_S
    while not done():
        if time.monotonic() > deadline:
            raise RuntimeError(problem)
        time.sleep(0.05)


def _free_ports(count: int) -> list[int]:
    """Ports that are free, and with them those of the cluster's bus."""
    ports: list[int] = []
    while len(ports) < count:
        port = free_port()
        with closing(socket.socket()) as bus:
            try:
                bus.bind(("127.0.0.1", port + _BUS))
            except OSError:
                continue
            ports.append(port)
    return ports
