"""One run, from the first process started to the last one stopped."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass

import httpx
import redis.asyncio as redis

from services.launcher.keeping import keep_filled
from services.launcher.preflight import CannotRun, bind, held, need_catalogue, need_disk_space
from services.launcher.processes import Supervisor, die_with_parent, last_line, start, stop
from services.launcher.redis_server import NoRedis, redis_program
from services.launcher.settings import LauncherSettings
from services.launcher.stack import (
    WRITER,
    Folders,
    Listeners,
    environment,
    redis_environment,
    service_program,
)

Say = Callable[[str], None]

REDIS_PATIENCE_S = 30.0
READY_PATIENCE_S = 60.0
STORED_CATALOGUE_PATIENCE_S = 10.0
_POLL_S = 0.1


async def run(settings: LauncherSettings, say: Say) -> None:
    """Start everything, serve until SIGINT or SIGTERM, stop everything.

    Raises CannotRun, with nothing left running.
    """
    await until_asked_to_stop(Run(settings, say).serve(), say)


async def prepare(settings: LauncherSettings, say: Say) -> None:
    """Start everything, load the catalogue, stop everything: the next run serves at once.

    Raises CannotRun, with nothing left running.
    """
    await until_asked_to_stop(Run(settings, say, once=True).serve(), say)


async def until_asked_to_stop(work: Coroutine[None, None, None], say: Say) -> None:
    """Do the work; on SIGINT or SIGTERM cancel it and wait until it has tidied up."""
    asked_to_stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, asked_to_stop.set)
    working = asyncio.create_task(work)
    stopping = asyncio.create_task(asked_to_stop.wait())
    await asyncio.wait([working, stopping], return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    if not working.done():
        say("stopping …")
        working.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await working
        say("stopped")
    else:
        working.result()


@dataclass
class Run:
    """State of one run; `serve` ends by an error, a cancellation, or, with `once`, when ready."""

    settings: LauncherSettings
    say: Say
    once: bool = False

    async def serve(self) -> None:
        started = time.monotonic()
        need_catalogue(self.settings.catalog)
        folders = Folders.of(self.settings)
        async with AsyncExitStack() as running:
            running.enter_context(held(folders.state))
            need_disk_space(folders.state)
            if self.settings.address_note is not None:
                self.say(self.settings.address_note)
            listeners = bind(self.settings)
            running.callback(listeners.close)
            values = environment(self.settings, folders, listeners)
            await require(values, "services.encoder", "prepare")
            redis, port = await start_redis(folders, running, self.say)
            values |= redis_environment(port)
            supervisors = [redis]
            for name in listeners.by_service:
                program = service_program(name, values, listeners, folders.logs)
                supervisor = Supervisor(program, self.say)
                await supervisor.start()
                running.push_async_callback(supervisor.stop)
                supervisors.append(supervisor)
                self.say(f"{name:<10} {listeners.url(name)}")
            await while_unbroken(
                supervisors, self._load_and_serve(folders, listeners, values, port, started)
            )

    async def _load_and_serve(
        self,
        folders: Folders,
        listeners: Listeners,
        values: Mapping[str, str],
        redis_port: int,
        started: float,
    ) -> None:
        """Load the catalogue and say the address; one that is stored already serves first."""
        url = listeners.url("gateway")
        stored = folders.loaded.exists()
        if stored and await ready(url, STORED_CATALOGUE_PATIENCE_S) is None:
            self._announce(url, started)
        else:
            stored = False
        code = await foreground(
            values,
            *(sys.executable, "-m", "services.pipeline"),
            *("load", str(self.settings.catalog)),
        )
        if code == 0:
            folders.loaded.touch()
        elif stored:
            self.say("the catalogue stays as it was stored")
        else:
            raise CannotRun(None, exit_code=code)
        if not stored:
            reason = await ready(url, READY_PATIENCE_S)
            if reason is not None:
                raise CannotRun(f"not ready: {reason} (logs: {folders.logs})")
            self._announce(url, started)
        if self.once:
            return
        if WRITER in listeners.by_service:
            await asyncio.Event().wait()
        await keep_filled(redis_port, values, foreground, self.say)

    def _announce(self, url: str, started: float) -> None:
        self.say(f"\n  ready in {time.monotonic() - started:.1f} s:  {url}/\n")


async def start_redis(
    folders: Folders, running: AsyncExitStack, say: Say
) -> tuple[Supervisor, int]:
    """A Redis that answers, and its port; stopped with `running`. Raises CannotRun.

    Another may take a port between our look and its start: go on.
    """
    log = folders.logs / "redis.log"
    for _ in range(3):
        port = _free_port()
        try:
            program = redis_program(port, folders.redis, log)
        except NoRedis as error:
            raise CannotRun(str(error)) from error
        process = await start(program)
        running.push_async_callback(stop, process)
        if await _answers(port, process):
            supervisor = Supervisor(program, say)
            await supervisor.start(process)
            running.push_async_callback(supervisor.stop)
            folders.write_feature_store(port)
            say(f"{'redis':<10} 127.0.0.1:{port}")
            return supervisor, port
    raise CannotRun(f"Redis did not start: {last_line(log)} (log: {log})")


async def while_unbroken(
    supervisors: Sequence[Supervisor], work: Coroutine[None, None, None]
) -> None:
    """Do the work. Raises what it raises, or CannotRun as soon as a program is given up."""
    tasks = [asyncio.create_task(_until_given_up(supervisor)) for supervisor in supervisors]
    tasks.append(asyncio.create_task(work))
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)


async def _until_given_up(supervisor: Supervisor) -> None:
    await supervisor.given_up.wait()
    log = supervisor.program.log
    raise CannotRun(f"{supervisor.program.name} broke down: {last_line(log)} (log: {log})")


async def require(values: Mapping[str, str], module: str, *arguments: str) -> None:
    """Run a program of ours in the foreground. Raises CannotRun when it fails."""
    code = await foreground(values, sys.executable, "-m", module, *arguments)
    if code != 0:
        raise CannotRun(None, exit_code=code)


async def foreground(values: Mapping[str, str], *command: str) -> int:
    """Run a command to its end on our own terminal, so that its progress is seen."""
    process = await asyncio.create_subprocess_exec(
        *command,
        env={**os.environ, **values},
        stdin=asyncio.subprocess.DEVNULL,
        start_new_session=True,
        preexec_fn=die_with_parent,
    )
    try:
        return await process.wait()
    finally:
        await stop(process)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


async def _answers(port: int, process: asyncio.subprocess.Process) -> bool:
    """True if this Redis answers on the port with its data loaded; False if it has ended."""
    client = redis.Redis(host="127.0.0.1", port=port)
    try:
        async with asyncio.timeout(REDIS_PATIENCE_S):
            while process.returncode is None:
                try:
                    told = await client.info()
                    if told["process_id"] != process.pid:
                        return False  # somebody else's Redis took the port first
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


async def ready(url: str, patience_s: float) -> str | None:
    """None once the gateway can serve; after `patience_s` the reason why it cannot."""
    reason = "the gateway does not answer"
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(patience_s), httpx.AsyncClient(trust_env=False) as client:
            while True:
                try:
                    answer = await client.get(f"{url}/ready")
                    if answer.is_success:
                        return None
                    reason = answer.text
                except httpx.HTTPError:
                    pass
                await asyncio.sleep(_POLL_S)
    return reason
