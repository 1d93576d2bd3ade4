"""The half of `make doctor` that needs the environment: port, Redis, model, catalogue, store.

It reads the variables that `make run` reads, starts nothing that stays, and changes nothing but the
model's graphs, which the next run would make.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from pydantic import ValidationError

from services.launcher.address import family, url
from services.launcher.doctor import Finding
from services.launcher.preflight import CannotRun, need_catalogue, need_disk_space
from services.launcher.redis_server import NoRedis, find_redis_server
from services.launcher.settings import LauncherSettings
from services.launcher.stack import Folders

PATIENCE_S = 5.0
_ENCODINGS = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
"""Encoding by the first bytes of a file."""
_SAY_IT_THEMSELVES = frozenset({".parquet", ".xml"})
_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def look(settings: LauncherSettings) -> Iterator[Finding]:
    """Everything, the most likely first."""
    yield from _port(settings)
    yield _redis()
    yield _catalogue(settings.catalog)
    yield _state(settings.state_dir)
    yield _model(settings)
    yield from _store(Folders.of(settings))


def _port(settings: LauncherSettings) -> Iterator[Finding]:
    """Free, or ours: then what the gateway says of its neighbours."""
    where = f"port {settings.port} on {settings.address}"
    if settings.address_note is not None:
        yield Finding(settings.address_note)
    with socket.socket(family(settings.address)) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.address, settings.port))
        except OSError as error:
            taken = error
        else:
            yield Finding(f"{where} is free")
            yield _gemini()
            return
    told = _ready(f"{url(settings.address, settings.port)}/ready")
    if told is None:
        yield Finding(
            f"{where} cannot be used ({(taken.strerror or str(taken)).lower()})",
            "stop the program that uses it, or choose another: PORT=…",
        )
        return
    yield Finding(f"the gateway is running at {where}")
    dependencies = told.get("dependencies")
    for name, state in (dependencies if isinstance(dependencies, dict) else {}).items():
        if state["status"] == "ok":
            yield Finding(f"{name}: {state.get('detail') or 'ready'}")
        else:
            yield Finding(
                f"{name} is {state['status']}: {state.get('detail')}",
                f"read {name}.log in the folder `logs` of this catalogue's state",
            )


def _gemini() -> Finding:
    """State of Gemini without a running rewriter, which would report it."""
    if any(os.environ.get(name) for name in ("GEMINI_API_KEY", "REWRITER_GEMINI_API_KEY")):
        return Finding("Gemini: a key is set; `make doctor` shows its state while `make run` runs")
    return Finding("Gemini: off, no GEMINI_API_KEY is set")


def _ready(url: str) -> dict[str, object] | None:
    """Readiness answer of the gateway at the URL; None if it is no gateway."""
    try:
        with _DIRECT.open(url, timeout=PATIENCE_S) as answer:
            body = answer.read()
    except urllib.error.HTTPError as error:
        body = error.read()
    except OSError:
        return None
    try:
        told = json.loads(body)
    except ValueError:
        return None
    return told if isinstance(told, dict) and told.get("service") == "gateway" else None


def _redis() -> Finding:
    try:
        server = find_redis_server()
    except NoRedis as error:
        return Finding(str(error), "install one (redis-server), or run `make run` once more")
    done = subprocess.run([server, "--version"], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        return Finding(f"{server} does not run: {done.stderr.strip()}", "install redis-server")
    return Finding(" ".join(done.stdout.split()[:3]))


def _catalogue(path: Path) -> Finding:
    try:
        need_catalogue(path)
        if path.is_dir() or path.suffix in _SAY_IT_THEMSELVES:
            return Finding(f"catalogue {path}")
        with path.open("rb") as file:
            start = file.read(1_000_000)
        encoding = os.environ.get("FEED_ENCODING") or _ENCODINGS.get(start[:2], "utf-8-sig")
        # The piece may end within a letter.
        start.decode(encoding, errors="strict" if len(start) < 1_000_000 else "ignore")
    except CannotRun as error:
        return Finding(str(error), "CATALOG=path/to/products.csv, or leave it out for the sample")
    except (OSError, LookupError, UnicodeDecodeError) as error:
        return Finding(
            f"{path} cannot be read: {error}",
            "save it as UTF-8, readable to you, or say its encoding: FEED_ENCODING=cp1252",
        )
    if len(start.splitlines()) < 2:
        return Finding(f"{path} has no products", "docs/catalogue-format.md says what it needs")
    return Finding(f"catalogue {path}")


def _state(folder: Path) -> Finding:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        need_disk_space(folder)
    except CannotRun as error:
        return Finding(str(error), "make room, or choose another folder: STATE_DIR=…")
    except OSError as error:
        return Finding(f"{folder} cannot be used: {error.strerror}", "choose another: STATE_DIR=…")
    if not os.access(folder, os.W_OK):
        return Finding(f"{folder} cannot be written", "make it yours, or STATE_DIR=…")
    return Finding(f"state in {folder}")


def _model(settings: LauncherSettings) -> Finding:
    """The encoder itself looks at a model that is here; a published one may have to be fetched."""
    cache = settings.state_dir.resolve() / "models"
    weights = cache / f"{settings.model.replace('/', '-')}.pt"
    if not Path(settings.model).exists() and not weights.exists():
        return Finding(
            f"model {settings.model}: not here; `make run` fetches it if it is published"
        )
    done = subprocess.run(
        [sys.executable, "-m", "services.encoder", "prepare"],
        env={
            **os.environ,
            "ENCODER_MODEL": settings.model,
            "ENCODER_MODEL_CACHE_DIR": str(cache),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        said = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
        return Finding(
            f"model {settings.model}: {said.removeprefix('error: ')}",
            "git restore data/models, or MODEL=… of a folder, a file or a published name",
        )
    return Finding(f"model {settings.model}")


def _store(folders: Folders) -> Iterator[Finding]:
    """Feast's registry, and whether what was loaded is still there."""
    if not folders.loaded.exists():
        yield Finding("nothing is loaded yet; `make run` does it")
        return
    registry = folders.state / "registry.db"
    if not registry.is_file() or registry.stat().st_size == 0:
        yield Finding(f"Feast's registry {registry} is missing", _again(folders))
        return
    from feast.protos.feast.core.Registry_pb2 import Registry
    from google.protobuf.message import DecodeError  # type: ignore[import-untyped]

    try:
        views = Registry.FromString(registry.read_bytes()).feature_views
    except DecodeError:
        yield Finding(f"Feast's registry {registry} is damaged", _again(folders))
        return
    if not views:
        yield Finding(f"Feast's registry {registry} has no feature views", _again(folders))
        return
    yield Finding(f"Feast's registry has {len(views)} feature views")
    if not any((folders.state / "offline").rglob("*.parquet")):
        yield Finding("the features in Parquet are missing", _again(folders))


def _again(folders: Folders) -> str:
    return f"remove {folders.state}; the next `make run` loads the catalogue again"


def main() -> int:
    try:
        settings = LauncherSettings()
    except ValidationError as error:
        for one in error.errors():
            name = str(one["loc"][0]).upper()
            print(Finding(f"{name}: {one['msg']}", f"correct {name}, or remove it").line())
        return 1
    findings = []
    for finding in look(settings):
        print(finding.line(), flush=True)
        findings.append(finding)
    return int(any(finding.fix is not None for finding in findings))


if __name__ == "__main__":
    sys.exit(main())
