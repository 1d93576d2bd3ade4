"""Sessions: a state folder held, sockets bound, programs supervised, all of it undone at the end.

`run`, `batch`, `evaluate` and `report` each start some of the same programs for their own work.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator, Coroutine, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

import httpx

from services.launcher.folders import Folders, held
from services.launcher.listening import Address, Listeners
from services.launcher.preflight import CannotRun, need_disk_space
from services.launcher.processes import Say, Supervisor, die_with_parent, last_line, stop
from services.launcher.redis_server import emptied, start_redis
from services.launcher.settings import LauncherSettings
from services.launcher.stack import environment, redis_environment, service_program

READY_PATIENCE_S = 180.0
_POLL_S = 0.1
_TRIES = 4
_PAUSE_S = 1.0
"""Time for a service that ended to come back; it may take more than one."""


@dataclass
class Session:
    """The running programs of one command, and the environment that they share."""

    folders: Folders
    listeners: Listeners
    say: Say
    values: dict[str, str]
    _at_end: AsyncExitStack
    _supervisors: list[Supervisor] = field(default_factory=list)
    _redis_port: int = 0

    async def start_redis(self) -> None:
        """Redis with the data of the state folder. Raises CannotRun."""
        supervisor, port = await start_redis(self.folders, self._at_end, self.say)
        self.values |= redis_environment(port)
        self.folders.write_feature_store(f"127.0.0.1:{port}")
        self.folders.write_format()
        self._supervisors.append(supervisor)
        self.say(f"{'redis':<10} 127.0.0.1:{port}")
        self._redis_port = port

    async def keep_filled(self) -> None:
        """Restore the catalogue whenever Redis comes back empty, until cancelled."""
        async for _ in emptied(self._redis_port):
            self.say("redis came back empty; restoring the catalogue")
            # A failure is printed by the program, and the next look tries again.
            with contextlib.suppress(CannotRun):
                await self.require("services.pipeline", "rebuild")

    async def start(self, name: str) -> None:
        """One service, on its bound socket."""
        program = service_program(name, self.values, self.listeners, self.folders.logs)
        supervisor = Supervisor(program, self.say)
        await supervisor.start()
        self._at_end.push_async_callback(supervisor.stop)
        self._supervisors.append(supervisor)

    async def require(self, module: str, *arguments: str) -> None:
        """Run a program of ours to its end. Raises CannotRun, with its exit code, when it fails.

        It is run again if it was killed from outside, or if a service that it may need was down or
        has ended since: then its failure says nothing of what it was asked to do.
        """
        ends = self._ends()
        all_up = all(supervisor.is_up for supervisor in self._supervisors)
        for _ in range(_TRIES - 1):
            try:
                return await require(self.values, module, *arguments)
            except CannotRun as failure:
                if failure.exit_code != -signal.SIGKILL and all_up and ends == self._ends():
                    raise
            self.say(f"{module} {arguments[0]} was cut short; running it again")
            await asyncio.sleep(_PAUSE_S)
        return await require(self.values, module, *arguments)

    def _ends(self) -> int:
        return sum(supervisor.ends for supervisor in self._supervisors)

    async def ready(self, service: str, patience_s: float = READY_PATIENCE_S) -> str | None:
        """None once the service can answer; after `patience_s` the reason why it cannot."""
        return await _ready(service, self.listeners.url(service), patience_s)

    async def while_unbroken(self, work: Coroutine[None, None, None]) -> None:
        """Do the work. Raises its error, or CannotRun when a program keeps ending."""
        tasks = [asyncio.create_task(_given_up(supervisor)) for supervisor in self._supervisors]
        tasks.append(asyncio.create_task(work))
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)


@asynccontextmanager
async def open_session(
    settings: LauncherSettings,
    folders: Folders,
    say: Say,
    services: Sequence[str] = (),
    gateway: Address | None = None,
) -> AsyncIterator[Session]:
    """Hold the folders and bind the sockets; stop what was started when the block ends.

    services: those that may be started. gateway: its address, if not any free port. Raises
    CannotRun when another command holds the folders, a newer release wrote them, the disk is full
    or a port is taken.
    """
    async with AsyncExitStack() as at_end:
        at_end.enter_context(held(folders.state))
        folders.need_known_format()
        need_disk_space(folders.state)
        listeners = Listeners.bind(services, gateway)
        at_end.callback(listeners.close)
        yield Session(folders, listeners, say, environment(settings, folders, listeners), at_end)


def unset(values: Mapping[str, str]) -> dict[str, str]:
    """Those that our own environment does not set."""
    return {name: value for name, value in values.items() if name not in os.environ}


async def until_asked_to_stop(work: Coroutine[None, None, None], say: Say) -> None:
    """Do the work. SIGINT and SIGTERM cancel it, and wait until it has tidied up."""
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


async def require(values: Mapping[str, str], module: str, *arguments: str) -> None:
    """Run a program of ours to its end. Raises CannotRun, with its exit code, when it fails."""
    await foreground(values, sys.executable, "-m", module, *arguments)


async def foreground(values: Mapping[str, str], *command: str) -> None:
    """Run a command to its end on our terminal, so that its progress is seen.

    Raises CannotRun, with the command's exit code, when it fails.
    """
    process = await asyncio.create_subprocess_exec(
        *command,
        env={**os.environ, **values},
        stdin=asyncio.subprocess.DEVNULL,
        start_new_session=True,
        preexec_fn=die_with_parent,
    )
    try:
        code = await process.wait()
    finally:
        await stop(process, with_children=True)
    if code != 0:
        raise CannotRun(None, exit_code=code)


async def _given_up(supervisor: Supervisor) -> None:
    await supervisor.given_up.wait()
    log = supervisor.program.log
    what = "keeps ending" if supervisor.ends > 1 else "cannot run"
    raise CannotRun(f"{supervisor.program.name} {what}: {last_line(log)} (log: {log})")


async def _ready(service: str, url: str, patience_s: float) -> str | None:
    reason = f"the {service} does not answer"
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
