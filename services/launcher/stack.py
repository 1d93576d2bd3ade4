"""The services that run, and the environment that connects them.

Each service reads its neighbours' addresses from its own settings, and may come up in any order.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

from services.launcher.folders import Folders
from services.launcher.listening import Listeners
from services.launcher.processes import Program
from services.launcher.settings import LauncherSettings

SERVICES = ("encoder", "rewriter", "retriever", "gateway")
WRITER = "writer"

_ADDRESS_SETTINGS: dict[str, tuple[str, ...]] = {
    "encoder": ("GATEWAY_ENCODER_URL", "PIPELINE_ENCODER_URL"),
    "rewriter": ("GATEWAY_REWRITER_URL",),
    "retriever": ("GATEWAY_RETRIEVER_URL", "PIPELINE_RETRIEVER_URL"),
    WRITER: ("GATEWAY_WRITER_URL",),
    "gateway": (),
}
"""Settings of others that name the address of a service."""

QUERY_LOG_URL = "PIPELINE_QUERY_LOG_REDIS_URL"

ROOT = Path(__file__).resolve().parents[2]


def services_of(settings: LauncherSettings) -> tuple[str, ...]:
    """In the order of their start; the writer only when an administrator may change products."""
    return (WRITER, *SERVICES) if settings.admin_key_sha256 else SERVICES


def environment(
    settings: LauncherSettings, folders: Folders, listeners: Listeners
) -> dict[str, str]:
    """The settings of every service and of the pipeline; each reads only its own prefix."""
    values = {
        "ENCODER_MODEL": settings.model,
        "ENCODER_MODEL_CACHE_DIR": str(settings.state_dir.resolve() / "models"),
        "RETRIEVER_FEATURE_STORE": str(folders.state),
        "GATEWAY_MEDIA_DIR": str(folders.media),
        "GATEWAY_WEB_DIR": str(ROOT / "services" / "web" / "dist"),
        "PIPELINE_FEATURE_STORE": str(folders.state),
        "PIPELINE_MEDIA_DIR": str(folders.media),
        "PIPELINE_REJECTS_PATH": str(folders.state / "rejects.csv"),
        # Feast may report its use to its makers: not from here.
        "FEAST_USAGE": "False",
    }
    for name, listener in listeners.by_service.items():
        values |= dict.fromkeys(_ADDRESS_SETTINGS[name], listeners.url(name))
        values[f"{name.upper()}_LISTEN_FD"] = str(listener.fileno())
        # Nobody here reads /ready before sending a request elsewhere.
        values[f"{name.upper()}_DRAIN_MS"] = "0"
    return values


def redis_environment(port: int) -> dict[str, str]:
    """Caches and logs, which may be lost: in another database than the online store."""
    url = f"redis://127.0.0.1:{port}/1"
    return {
        "ENCODER_CACHE_REDIS_URL": url,
        "REWRITER_REDIS_URL": url,
        "GATEWAY_REDIS_URL": url,
        QUERY_LOG_URL: url,
    }


def tracking_environment(settings: LauncherSettings) -> dict[str, str]:
    """MLflow in a database beside the state folders."""
    database = settings.state_dir.resolve() / "mlflow" / "mlflow.db"
    return {"PIPELINE_TRACKING": "true", "PIPELINE_TRACKING_URI": f"sqlite:///{database}"}


def service_program(
    name: str, values: Mapping[str, str], listeners: Listeners, logs: Path
) -> Program:
    """`python -m services.<name>` on its inherited socket."""
    return Program(
        name=name,
        command=[sys.executable, "-m", f"services.{name}"],
        environment=values,
        log=logs / f"{name}.log",
        descriptors=[listeners.by_service[name].fileno()],
        when_down=listeners.refuse_while_down(name),
    )
