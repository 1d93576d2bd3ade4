"""All machines of the fleet, what runs on each, and how they find each other.

One nginx before two gateways, each with a rewriter beside it; two encoders, three retrievers, two
Redis (features, and what may be lost), one Milvus. They share this machine's disk, as they would
share a volume for pictures and an SQL registry.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

from services.launcher.redis_server import find_redis_server
from tests.fleet.door import DOOR_PORT, RETRY_S, kernel_settings, write_configuration
from tests.fleet.machines import Machine, Program
from tests.fleet.names import NameService
from tests.fleet.network import Host, Network
from tests.fleet.processor import Group
from tests.support.feast_repository import write_feature_repo
from tests.support.milvus_server import PYTHON as MILVUS_PYTHON
from tests.support.milvus_server import MilvusServer
from tests.support.redis_server import RedisAddress
from tests.support.whole_stack import NO_RATE_LIMIT, SAMPLE, load_catalogue

GATEWAYS, ENCODERS, RETRIEVERS = 2, 2, 3
SERVICES = ("encoder", "retriever", "gateway")
_REDIS_PORT = 6379
_PORTS = {"encoder": 8001, "rewriter": 8002, "retriever": 8003, "gateway": 7860}
_STORE = ("--appendonly", "yes", "--save", "", "--appendfsync", "everysec")
_CACHE = ("--appendonly", "no", "--save", "", "--maxmemory", "256mb")
_EVICT = ("--maxmemory-policy", "allkeys-lru")


class Fleet:
    """The machines by what they are for."""

    def __init__(
        self, network: Network, folder: Path, at_end: ExitStack, groups: ExitStack
    ) -> None:
        self.network = network
        self.folder = folder
        self._at_end = at_end
        self._groups = groups
        self._milvus_uri = ""
        self.machines: dict[str, list[Machine]] = {
            "store": [self._redis("store", _STORE)],
            "cache": [self._redis("cache", (*_CACHE, *_EVICT))],
            "milvus": [self.new_milvus("milvus-1")] if MILVUS_PYTHON else [],
        }
        store = self.one("store").host
        self._feast = write_feature_repo(folder / "feast", RedisAddress(store.address, _REDIS_PORT))
        for name, count in (("encoder", ENCODERS), ("retriever", RETRIEVERS)):
            self.machines[name] = [
                self._machine(f"{name}-{number}", [name]) for number in range(1, count + 1)
            ]
        self.machines["gateway"] = [
            self._machine(f"gateway-{number}", ["rewriter", "gateway"])
            for number in range(1, GATEWAYS + 1)
        ]
        self.machines["door"] = [self._door()]
        named = {name: self.machines[name] for name in ("encoder", "retriever")}
        self.names = NameService(named, [one.host for one in self.machines["gateway"]])

    @property
    def url(self) -> str:
        return self.one("door").url

    def one(self, role: str) -> Machine:
        """The first machine of a kind."""
        return self.machines[role][0]

    def search_in(self, milvus: Machine) -> None:
        """Retrievers search there from their next start on."""
        (server,) = milvus.programs
        assert isinstance(server, MilvusServer)
        self._milvus_uri = server.uri

    def start(self) -> None:
        """Start every machine, and load the sample."""
        for role in ("store", "cache", "milvus", "encoder"):
            self._start(role)
        if self.machines["milvus"]:
            self.search_in(self.one("milvus"))
        self.load(SAMPLE)
        for role in ("retriever", "gateway", "door"):
            self._start(role)
        for role in ("encoder", "retriever"):
            for machine in self.machines[role]:
                self.names.until_known(machine)

    def _start(self, role: str) -> None:
        for machine in self.machines[role]:
            machine.start()
        for machine in self.machines[role]:
            machine.until_ready()

    def until_serving(self, machine: Machine) -> None:
        """Wait until a machine that was started is ready, and known to the others."""
        machine.until_ready()
        if machine in self.names:
            self.names.until_known(machine)
        if machine in self.machines["gateway"]:
            time.sleep(RETRY_S)  # until nginx has asked it again

    def replace(self, machine: Machine) -> None:
        """Stop it as an upgrade does, and start it again."""
        machine.stop()
        machine.start()
        self.until_serving(machine)

    def load(self, catalogue: Path) -> None:
        """From this machine, outside. Raises RuntimeError, with what the pipeline said."""
        load_catalogue(catalogue, self._environment("127.0.0.1"))

    def new_milvus(self, name: str) -> Machine:
        """A machine with a Milvus that is not started yet."""
        host = self.network.host(name)
        folder = self.folder / name
        folder.mkdir()
        server = MilvusServer(folder, host.address, host.command())
        return self._kept(Machine(host, [server], 0, self._group(host), is_service=False))

    def _environment(self, address: str) -> dict[str, str]:
        """Settings of every service, on the machine of this address."""
        cache = f"redis://{self.one('cache').host.address}:{_REDIS_PORT}/1"
        media = str(self.folder / "media")
        encoder = self.one("encoder").host.address
        settings = {
            "ENCODER_CACHE_REDIS_URL": cache,
            "ENCODER_MODEL_CACHE_DIR": str(self.folder / "models"),
            "FEAST_USAGE": "False",
            "GATEWAY_ENCODER_URL": f"http://encoder:{_PORTS['encoder']}",
            "GATEWAY_MEDIA_DIR": media,
            "GATEWAY_REDIS_URL": cache,
            "GATEWAY_RETRIEVER_URL": f"http://retriever:{_PORTS['retriever']}",
            "PIPELINE_ENCODER_URL": f"http://{encoder}:{_PORTS['encoder']}",
            "PIPELINE_FEATURE_STORE": str(self._feast),
            "PIPELINE_MEDIA_DIR": media,
            "PIPELINE_REJECTS_PATH": str(self.folder / "rejects.csv"),
            "RETRIEVER_FEATURE_STORE": str(self._feast),
            "RETRIEVER_MILVUS_URI": self._milvus_uri,
            "REWRITER_REDIS_URL": cache,
            **NO_RATE_LIMIT,
        }
        hosts = {f"{name.upper()}_HOST": address for name in _PORTS}
        # The gateway asks the one beside it, which nobody else does.
        return {**settings, **hosts, "REWRITER_HOST": "127.0.0.1"}

    def _machine(self, name: str, services: Sequence[str]) -> Machine:
        """One of ours; the last of its services is the one that others ask."""
        host = self.network.host(name)
        programs = [
            Program(
                host,
                (sys.executable, "-m", f"services.{service}"),
                self.folder / f"{name}-{service}.log",
                partial(self._environment, host.address),
            )
            for service in services
        ]
        return self._kept(Machine(host, programs, _PORTS[services[-1]], self._group(host)))

    def _redis(self, name: str, settings: Sequence[str]) -> Machine:
        host = self.network.host(name)
        folder = self.folder / name
        folder.mkdir()
        words = (
            *(find_redis_server(), "--bind", host.address, "--port", str(_REDIS_PORT)),
            *("--protected-mode", "no", "--dir", str(folder), *settings),
        )
        program = Program(host, words, self.folder / f"{name}.log")
        group = self._group(host)
        return self._kept(Machine(host, [program], _REDIS_PORT, group, is_service=False))

    def _door(self) -> Machine:
        host = self.network.host("door")
        host.configure(kernel_settings())
        words = write_configuration(
            self.folder / "door", [one.host.address for one in self.machines["gateway"]]
        )
        program = Program(host, words, self.folder / "door.log")
        return self._kept(Machine(host, [program], DOOR_PORT, self._group(host)))

    def _group(self, host: Host) -> Group:
        group = Group(f"{self.network.mark}-{host.name}")
        self._groups.callback(group.remove)
        return group

    def _kept(self, machine: Machine) -> Machine:
        """The same; what it runs ends with the fleet."""
        self._at_end.callback(machine.stop, at_once=True)
        return machine


@contextmanager
def running_fleet(folder: Path) -> Iterator[Fleet]:
    """One that serves; its processes, links and control groups are gone at the end.

    Raises NetworkRefused where this process may not make namespaces.
    """
    with ExitStack() as at_end:
        # Below the rest, so that control groups are removed once their processes have ended.
        groups = at_end.enter_context(ExitStack())
        network = at_end.enter_context(Network())
        fleet = Fleet(network, folder, at_end, groups)
        at_end.enter_context(fleet.names)
        fleet.start()
        yield fleet
