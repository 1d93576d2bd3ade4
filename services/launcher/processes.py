"""Child processes: started, watched, started again when they fall over, stopped without a trace."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import os
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

STOP_PATIENCE_S = 12.0
"""Longer than the services' own graceful stop, after which they are killed."""

_PR_SET_PDEATHSIG = 1
_RESTARTS = 5
_STEADY_S = 30.0
_FIRST_PAUSE_S = 0.5


@dataclass(frozen=True, slots=True)
class Program:
    """One process to run."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    log: Path
    descriptors: Sequence[int] = field(default=())
    when_down: Callable[[], None] | None = None
    """Called when it has ended by itself, before it is started again."""


def die_with_parent() -> None:
    """Between fork and exec: if the launcher is killed outright, its children go with it."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


async def start(program: Program) -> asyncio.subprocess.Process:
    """Start a program in a session of its own (Ctrl-C is ours to handle), output to its log."""
    program.log.parent.mkdir(parents=True, exist_ok=True)
    with program.log.open("ab") as log:
        return await asyncio.create_subprocess_exec(
            *program.command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env={**os.environ, **program.environment},
            pass_fds=program.descriptors,
            start_new_session=True,
            preexec_fn=die_with_parent,
        )


async def stop(process: asyncio.subprocess.Process) -> None:
    """Ask a process to end; kill it and all it started when it does not in time."""
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        try:
            async with asyncio.timeout(STOP_PATIENCE_S):
                await process.wait()
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()


class Supervisor:
    """Keeps one program running until it is asked to stop.

    A program that ends is started again after a pause that doubles. One that ends `_RESTARTS` times
    within `_STEADY_S` of its start is given up.
    """

    def __init__(self, program: Program, say: Callable[[str], None]) -> None:
        self.program = program
        self.given_up = asyncio.Event()
        self._say = say
        self._process: asyncio.subprocess.Process | None = None
        self._watcher: asyncio.Task[None] | None = None

    async def start(self, process: asyncio.subprocess.Process | None = None) -> None:
        """Start the program and watch it; or watch `process`, which was started already."""
        self._process = process or await start(self.program)
        self._watcher = asyncio.create_task(self._watch(), name=f"watch-{self.program.name}")

    async def stop(self) -> None:
        if self._watcher is not None:
            self._watcher.cancel()
            await asyncio.wait([self._watcher])
        if self._process is not None:
            await stop(self._process)

    async def _watch(self) -> None:
        assert self._process is not None  # noqa: S101 - set by start()
        restarts = 0
        while True:
            started = time.monotonic()
            code = await self._process.wait()
            if self.program.when_down is not None:
                self.program.when_down()
            if time.monotonic() - started > _STEADY_S:
                restarts = 0
            if restarts == _RESTARTS:
                self.given_up.set()
                return
            pause = _FIRST_PAUSE_S * 2**restarts
            restarts += 1
            self._say(f"{self.program.name} ended with code {code}; again in {pause:g} s")
            await asyncio.sleep(pause)
            self._process = await start(self.program)


def last_line(log: Path) -> str:
    """Last line of a program's log."""
    lines = [line for line in log.read_text(errors="replace").splitlines()[-40:] if line.strip()]
    return lines[-1] if lines else "it said nothing"
