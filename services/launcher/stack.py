"""Programs of a run and their environments: Redis, encoder, rewriter, retriever, gateway, one load.

Each service gets the addresses of the others through its own settings. Services may start in any
order.
Sockets are bound here and handed down, so no two programs can race for a port.
"""

from __future__ import annotations

import hashlib
import socket
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from services.launcher.address import family, url
from services.launcher.processes import Program
from services.launcher.settings import LauncherSettings

SERVICES = ("encoder", "rewriter", "retriever", "gateway")
WRITER = "writer"

QUERY_LOG_URL = "PIPELINE_QUERY_LOG_REDIS_URL"

ROOT = Path(__file__).resolve().parents[2]
FEATURE_STORE_YAML = """\
# Written by the launcher at each start; the port is Redis' own of this run.
project: multimodal_search
provider: local
registry: registry.db
online_store:
  type: redis
  connection_string: 127.0.0.1:{port}
offline_store:
  type: dask
entity_key_serialization_version: 3
"""


def services_of(settings: LauncherSettings) -> tuple[str, ...]:
    """In the order of their start; a writer only where somebody may change products."""
    return (WRITER, *SERVICES) if settings.admin_key_sha256 else SERVICES


@dataclass(frozen=True, slots=True)
class Folders:
    """Where one catalogue with one model keeps what it needs between runs."""

    state: Path

    @classmethod
    def of(cls, settings: LauncherSettings) -> Folders:
        """A folder for each pair of catalogue and model, so that switching back costs nothing."""
        catalogue = settings.catalog.resolve()
        digest = hashlib.sha256(f"{catalogue}\0{settings.model}".encode()).hexdigest()[:8]
        name = f"{catalogue.parent.name or 'catalogue'}-{digest}"
        return cls((settings.state_dir / name).resolve())

    @property
    def redis(self) -> Path:
        return self.state / "redis"

    @property
    def media(self) -> Path:
        return self.state / "media"

    @property
    def logs(self) -> Path:
        return self.state / "logs"

    @property
    def loaded(self) -> Path:
        """There once a load has ended well: the store has something to serve at once."""
        return self.state / "loaded"

    def write_feature_store(self, redis_port: int) -> None:
        """`feature_store.yaml`, which makes the state folder a Feast repository of its own."""
        (self.state / "feature_store.yaml").write_text(
            FEATURE_STORE_YAML.format(port=redis_port), encoding="utf-8"
        )


@dataclass(frozen=True, slots=True)
class Listeners:
    """The bound sockets that the services inherit."""

    by_service: Mapping[str, socket.socket]

    @classmethod
    def bind(cls, host: str, port: int, services: Sequence[str] = SERVICES) -> Listeners:
        """The gateway's on the address asked for, the others' on loopback and any free port.

        Raises OSError when the address is taken.
        """
        sockets: dict[str, socket.socket] = {}
        try:
            for name in services:
                sockets[name] = _bound(*((host, port) if name == "gateway" else ("127.0.0.1", 0)))
        except OSError:
            for one in sockets.values():
                one.close()
            raise
        return cls(sockets)

    def url(self, service: str) -> str:
        return url(*self.by_service[service].getsockname()[:2])

    def refuse_while_down(self, service: str) -> Callable[[], None] | None:
        """Called when the service has ended: connections are refused until it is back.

        Otherwise they wait in the queue of the socket, and the gateway answers 504 after its
        deadline instead of 503 at once. The port stays bound; the next process listens again.
        None for the gateway: nobody answers in its place, so its callers are better off waiting.
        """
        if service == "gateway":
            return None
        listener = self.by_service[service]

        def refuse() -> None:
            # It fails if the socket does not listen: the service ended twice before it did.
            with suppress(OSError):
                listener.shutdown(socket.SHUT_RD)

        return refuse

    def close(self) -> None:
        for one in self.by_service.values():
            one.close()


def _bound(host: str, port: int) -> socket.socket:
    """A listening socket. Port 0 is any free one. Raises OSError."""
    listener = _socket(host)
    try:
        if port == 0:
            # The kernel takes a port that it chose away from a socket that stops listening
            # (`refuse_while_down`), but not one that was asked for. `chosen` holds it meanwhile.
            with _socket(host) as chosen:
                chosen.bind((host, 0))
                listener.bind(chosen.getsockname()[:2])
        else:
            listener.bind((host, port))
        # Bound but not listening, a second process could still bind it (SO_REUSEADDR), and both
        # would believe that the port is theirs.
        listener.listen(1024)
    except OSError:
        listener.close()
        raise
    return listener


def _socket(host: str) -> socket.socket:
    one = socket.socket(family(host), socket.SOCK_STREAM)
    one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    return one


def environment(
    settings: LauncherSettings, folders: Folders, listeners: Listeners
) -> dict[str, str]:
    """The settings of every service and of the pipeline; each reads only its own prefix."""
    values = {
        "ENCODER_MODEL": settings.model,
        "ENCODER_MODEL_CACHE_DIR": str(settings.state_dir.resolve() / "models"),
        "RETRIEVER_FEATURE_STORE": str(folders.state),
        "GATEWAY_ENCODER_URL": listeners.url("encoder"),
        "GATEWAY_REWRITER_URL": listeners.url("rewriter"),
        "GATEWAY_RETRIEVER_URL": listeners.url("retriever"),
        "GATEWAY_MEDIA_DIR": str(folders.media),
        "GATEWAY_WEB_DIR": str(ROOT / "services" / "web" / "dist"),
        "PIPELINE_ENCODER_URL": listeners.url("encoder"),
        "PIPELINE_RETRIEVER_URL": listeners.url("retriever"),
        "PIPELINE_FEATURE_STORE": str(folders.state),
        "PIPELINE_MEDIA_DIR": str(folders.media),
        "PIPELINE_REJECTS_PATH": str(folders.state / "rejects.csv"),
        # Feast may report its use to its makers: not from here.
        "FEAST_USAGE": "False",
    }
    if WRITER in listeners.by_service:
        values["GATEWAY_WRITER_URL"] = listeners.url(WRITER)
    for name, listener in listeners.by_service.items():
        values[f"{name.upper()}_LISTEN_FD"] = str(listener.fileno())
        # Nobody here looks at /ready before sending a request elsewhere.
        values[f"{name.upper()}_DRAIN_MS"] = "0"
    return values


def redis_environment(port: int) -> dict[str, str]:
    """Where what may be lost is kept: a database of its own beside the online store's."""
    url = f"redis://127.0.0.1:{port}/1"
    return {
        "ENCODER_CACHE_REDIS_URL": url,
        "REWRITER_REDIS_URL": url,
        "GATEWAY_REDIS_URL": url,
        QUERY_LOG_URL: url,
    }


def tracking_environment(settings: LauncherSettings) -> dict[str, str]:
    """MLflow in a database beside the rest."""
    database = settings.state_dir.resolve() / "mlflow" / "mlflow.db"
    return {"PIPELINE_TRACKING": "true", "PIPELINE_TRACKING_URI": f"sqlite:///{database}"}


def service_program(
    name: str, values: Mapping[str, str], listeners: Listeners, logs: Path
) -> Program:
    """`python -m services.<name>`, or what stands for it, on its inherited socket."""
    return Program(
        name=name,
        command=[sys.executable, "-m", f"services.{name}"],
        environment=values,
        log=logs / f"{name}.log",
        descriptors=[listeners.by_service[name].fileno()],
        when_down=listeners.refuse_while_down(name),
    )
