"""A real Milvus server of a test's own: the program of the package `milvus`.

The package is in an environment of its own (`make test-milvus`). Its Python unpacks the program
once and writes the configuration; then it becomes the server, so that one process id is all of it.
"""

from __future__ import annotations

import os
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx
import yaml  # type: ignore[import-untyped]

from tests.support.ending import end
from tests.support.ports import free_port

PYTHON = os.environ.get("MILVUS_PYTHON", "")
"""The interpreter of that environment; empty where tests with a server are skipped."""

_COMPOSE = Path(__file__).resolve().parents[2] / "compose.yaml"
_AS_IN_SERVICE = ("OMP_WAIT_POLICY", "QUERYNODE_SEGCORE_INTERIMINDEX_ENABLEINDEX")
"""Variables whose values are those of compose.yaml."""

START_S = 180.0
_STARTS = 3
STOP_S = 30.0

_BECOME_THE_SERVER = """
import os, sys
from pathlib import Path
import milvus

PARTS = "rootCoord proxy queryCoord queryNode indexNode dataCoord dataNode".split()
folder, metrics_port, *ports = sys.argv[1:]
programs = Path(sys.prefix) / "milvus-programs"
programs.mkdir(exist_ok=True)
again = (Path(folder) / "bin").exists()
if not again:
    (Path(folder) / "bin").symlink_to(programs)
    milvus._initialize_data_files(folder)
config = milvus.MilvusServerConfig(data_dir=folder, **dict(one.split("=") for one in ports))
for name, value in {
    "etcd_log_level": "error",
    **{f"{part}.ip": "127.0.0.1" for part in PARTS},
    "log.level": "warn",
    "log.stdout": "false",
}.items():
    config.set(name, value)
if not again:  # the old connections' ports look taken for a minute
    config.resolve()
os.chdir(folder)
os.environ |= {
    "DEPLOY_MODE": "STANDALONE",
    "METRICS_PORT": metrics_port,
    "MILVUS_RUN_DIR": f"{folder}/run",
    "LD_LIBRARY_PATH": str(programs),
    "ETCD_CONFIG_PATH": f"{folder}/etcd.yaml",
}
os.execv(programs / "milvus", ["milvus", "run", "standalone"])
"""

_ETCD = """
name: default
listen-client-urls: http://127.0.0.1:{etcd_port}
advertise-client-urls: http://127.0.0.1:{etcd_port}
listen-peer-urls: http://127.0.0.1:{etcd_peer_port}
initial-advertise-peer-urls: http://127.0.0.1:{etcd_peer_port}
initial-cluster: default=http://127.0.0.1:{etcd_peer_port}
"""

_PORTS = (
    "etcd_port",
    "etcd_peer_port",
    "root_coord_port",
    "proxy_port",
    "proxy_internal_port",
    "query_coord_port",
    "query_node_port",
    "index_coord_port",
    "index_node_port",
    "data_coord_port",
    "data_node_port",
)


class MilvusServer:
    """One server process on ports of the system's choice, its data in a folder."""

    def __init__(self, folder: Path, host: str = "127.0.0.1", inside: Sequence[str] = ()) -> None:
        """host: its address.  inside: the words before its command that run it there."""
        self._folder = folder
        self._host = host
        self._inside = inside
        self._ports = {name: free_port() for name in _PORTS}
        self._metrics_port = free_port()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def uri(self) -> str:
        """As `RETRIEVER_MILVUS_URI` wants it."""
        return f"http://{self._host}:{self._ports['proxy_port']}"

    @property
    def pid(self) -> int:
        if self._process is None:
            raise RuntimeError("this Milvus does not run")
        return self._process.pid

    def start(self) -> None:
        """Start and wait until it is healthy. Raises RuntimeError with the end of its log."""
        command = (PYTHON, "-c", _BECOME_THE_SERVER, str(self._folder), str(self._metrics_port))
        words = [f"{name}={port}" for name, port in self._ports.items()]
        # Without it, its etcd listens on ports that another server of this machine may have.
        (self._folder / "etcd.yaml").write_text(_ETCD.format(**self._ports))
        with (self._folder / "output.log").open("ab") as log:
            self._process = subprocess.Popen(
                [*self._inside, *command, *words],
                env=os.environ | _settings_in_service(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        deadline = time.monotonic() + START_S
        with httpx.Client(timeout=5, trust_env=False) as client:
            while not self._healthy(client):
                if self._process.poll() is not None or time.monotonic() > deadline:
                    said = (self._folder / "output.log").read_text(errors="replace")[-3000:]
                    self.stop()
                    raise RuntimeError(f"Milvus did not start:\n{said}")
                time.sleep(0.1)

    def _healthy(self, client: httpx.Client) -> bool:
        where = (self._host, self._ports["proxy_port"])
        try:
            answer = client.get(f"http://{self._host}:{self._metrics_port}/healthz")
            # It says OK also while another process has this port.
            socket.create_connection(where, timeout=5).close()
        except (httpx.HTTPError, OSError):
            return False
        return answer.status_code == httpx.codes.OK and "OK" in answer.text

    def stop(self, *, at_once: bool = False) -> None:
        """End the process; `at_once` is SIGKILL."""
        process, self._process = self._process, None
        if process is not None:
            end(process, STOP_S, at_once=at_once)


def _settings_in_service() -> dict[str, str]:
    services = yaml.safe_load(_COMPOSE.read_text(encoding="utf-8"))["services"]
    given = services["milvus"]["environment"]
    return {name: given[name] for name in _AS_IN_SERVICE}


@contextmanager
def milvus_server() -> Iterator[MilvusServer]:
    """One that runs until the end of the block, its data in a folder that goes with it."""
    with tempfile.TemporaryDirectory(prefix="milvus-", ignore_cleanup_errors=True) as name:
        server = _started(Path(name))
        try:
            yield server
        finally:
            # Its own end takes half a minute, for data that goes with it.
            server.stop(at_once=True)


def _started(folder: Path) -> MilvusServer:
    """Another process may take a port between our asking and its using it."""
    for attempt in range(_STARTS):
        own = folder / str(attempt)
        own.mkdir()
        server = MilvusServer(own)
        try:
            server.start()
        except RuntimeError:
            if attempt + 1 == _STARTS:
                raise
        else:
            return server
    raise AssertionError
