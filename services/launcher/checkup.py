"""`make doctor` inside the environment: port, Redis, model, catalogue and store.

It reads the variables of `make run` and leaves nothing running. It writes only the graphs of the
model, which the next run would write.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from pydantic import ValidationError

from services.launcher.doctor import Finding
from services.launcher.folders import Folders
from services.launcher.listening import Address
from services.launcher.preflight import CannotRun, need_catalogue, need_disk_space
from services.launcher.redis_server import NoRedis, find_redis_server
from services.launcher.settings import LauncherSettings

PATIENCE_S = 5.0
_WARNING = "warning: "
_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def look(settings: LauncherSettings) -> Iterator[Finding]:
    """All checks, the most likely problems first."""
    yield from _address(Address.of(settings))
    yield _redis()
    yield _catalogue(settings)
    state = _state(settings.state_dir)
    yield state
    if state.fix is None:  # the model's graphs are written there
        yield _model(settings)
    yield from _store(Folders.of(settings))


def _address(address: Address) -> Iterator[Finding]:
    """Free, or ours: then the gateway reports on its neighbours."""
    if address.note is not None:
        yield Finding(address.note)
    where = f"port {address.port} on {address.host}"
    try:
        address.bind().close()
    except CannotRun as error:
        taken = error
    else:
        yield Finding(f"{where} is free")
        yield _gemini()
        return
    told = _ready(f"{address.url}/ready")
    if told is None:
        what, _, fix = str(taken).partition("; ")
        yield Finding(what, f"stop the program that uses it, or {fix}")
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
    """The readiness report of a gateway there; None when it is no gateway."""
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
        return Finding(str(error), "install redis-server or valkey-server, or run `make run` again")
    done = subprocess.run([server, "--version"], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        return Finding(f"{server} does not run: {done.stderr.strip()}", "install redis-server")
    return Finding(" ".join(done.stdout.split()[:3]))


def _catalogue(settings: LauncherSettings) -> Finding:
    """The pipeline reads its beginning, as `make run` lets it do first."""
    try:
        need_catalogue(settings)
    except CannotRun as error:
        return Finding(str(error), "CATALOG=path/to/products.csv, or no CATALOG for the sample")
    command = [sys.executable, "-m", "services.pipeline", "check", settings.catalog]
    with tempfile.TemporaryDirectory() as downloads:
        reason = _reason(command, {"PIPELINE_DOWNLOAD_DIR": downloads})
    if reason is not None:
        return Finding(
            f"catalogue: {reason}",
            "docs/catalogue-format.md lists what can be read; FEED_ENCODING=cp1252 names another "
            "encoding than UTF-8",
        )
    return Finding(f"catalogue {settings.catalog}")


def _state(folder: Path) -> Finding:
    """The folder is not made; the nearest one that exists says whether it can be."""
    there = next(one for one in (folder, *folder.absolute().parents) if one.exists())
    if not there.is_dir():
        return Finding(f"{there} is not a folder", "choose another one: STATE_DIR=…")
    if not os.access(there, os.W_OK):
        return Finding(f"{there} cannot be written", "change its owner, or set STATE_DIR=…")
    try:
        need_disk_space(there)
    except CannotRun as error:
        return Finding(str(error), "free some space, or choose another folder: STATE_DIR=…")
    return Finding(f"state in {folder}")


def _model(settings: LauncherSettings) -> Finding:
    """The encoder checks a local model; another one may have to be fetched."""
    cache = settings.state_dir.resolve() / "models"
    if not _is_here(settings.model, cache):
        return Finding(f"model {settings.model}: not on this machine; `make run` fetches it")
    reason = _reason(
        [sys.executable, "-m", "services.encoder", "prepare"],
        {"ENCODER_MODEL": settings.model, "ENCODER_MODEL_CACHE_DIR": str(cache)},
    )
    if reason is not None:
        return Finding(
            f"model {settings.model}: {reason}",
            "git restore data/models, or MODEL=… with a folder, a file, hf:OWNER/NAME or a "
            "published name",
        )
    return Finding(f"model {settings.model}")


def _is_here(model: str, cache: Path) -> bool:
    """True if a start would fetch nothing, or if the name is of no form that is fetched."""
    if model.startswith("hf:"):
        repository = model.removeprefix("hf:").partition("@")[0]
        return (cache / "hub" / repository.replace("/", "--")).is_dir()
    return Path(model).exists() or (cache / f"{model.replace('/', '-')}.pt").exists()


def _reason(command: Sequence[str], values: Mapping[str, str] | None = None) -> str | None:
    """Why a program of ours failed, or its warning, by its last line; None if all is well."""
    done = subprocess.run(
        command,
        env={**os.environ, **(values or {})},
        capture_output=True,
        text=True,
        check=False,
    )
    last = (done.stderr.strip().splitlines() or ["no output"])[-1]
    if done.returncode == 0 and not last.startswith(_WARNING):
        return None
    return last.removeprefix("error: ").removeprefix(_WARNING)


def _store(folders: Folders) -> Iterator[Finding]:
    """Feast's registry and the features that a load left."""
    if not folders.loaded.exists():
        yield Finding("no catalogue is loaded yet; `make run` loads it")
        return
    registry = folders.state / "registry.db"
    if not registry.is_file() or registry.stat().st_size == 0:
        yield Finding(f"Feast's registry {registry} is missing", _again(folders))
        return
    import services.common.light_feast  # noqa: F401

    # isort: split
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
            print(Finding(f"{name}: {one['msg']}", f"correct {name}, or leave it out").line())
        return 1
    findings = []
    for finding in look(settings):
        print(finding.line(), flush=True)
        findings.append(finding)
    return int(any(finding.fix is not None for finding in findings))


if __name__ == "__main__":
    sys.exit(main())
