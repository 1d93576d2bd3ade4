"""Child processes: started, watched, started again when they end, stopped without a trace."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import os
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from services.common.settings import EXIT_UNUSABLE

Say = Callable[[str], None]
"""Prints one line for the user."""

STOP_PATIENCE_S = 12.0
"""Longer than the graceful stop of the services. A program that takes longer is killed."""

_PR_SET_PDEATHSIG = 1
_RESTARTS = 5
_STEADY_S = 30.0
_FIRST_PAUSE_S = 0.5
_LONGEST_PAUSE_S = 8.0


@dataclass(frozen=True, slots=True)
class Program:
    """One process to run."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    log: Path
    descriptors: Sequence[int] = ()
    when_down: Callable[[], None] | None = None
    """Called when it has ended by itself, before it is started again."""


def die_with_parent() -> None:
    """Between fork and exec: when the launcher is killed, the kernel ends its children."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


async def start(program: Program) -> asyncio.subprocess.Process:
    """Start a program in its own session (Ctrl-C is for the launcher), its output in its log."""
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


async def stop(process: asyncio.subprocess.Process, *, with_children: bool = False) -> None:
    """Ask a process to end. When it does not in time, kill it and everything that it started.

    with_children: ask everything that it started too, for a shell that does not pass this on.
    """
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            if with_children:
                os.killpg(process.pid, signal.SIGTERM)
            else:
                process.terminate()
        try:
            async with asyncio.timeout(STOP_PATIENCE_S):
                await process.wait()
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()


class Supervisor:
    """Keeps one program running until told to stop.

    A program that ends is started again after a pause, which doubles each time up to
    `_LONGEST_PAUSE_S`. A program that never held for `_STEADY_S` and ended by itself after
    `_RESTARTS` restarts in a row is given up: it cannot run here. One that says so itself, by its
    exit code, is given up at once. One that held once, or that is
    killed from outside (by hand, or for memory), is started again for as long as it takes.
    """

    def __init__(self, program: Program, say: Say) -> None:
        self.program = program
        self.given_up = asyncio.Event()
        self.ends = 0
        """Times that the program ended by itself or was killed."""
        self._say = say
        self._process: asyncio.subprocess.Process | None = None
        self._watcher: asyncio.Task[None] | None = None

    @property
    def is_up(self) -> bool:
        """True while the program runs; False before its start and during the pause after an end."""
        return self._process is not None and self._process.returncode is None

    async def start(self, process: asyncio.subprocess.Process | None = None) -> None:
        """Start the program and watch it, or watch `process` when it was started already."""
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
        pause = _FIRST_PAUSE_S
        ended_by_itself = 0
        held = False
        while True:
            started = time.monotonic()
            code = await self._process.wait()
            self.ends += 1
            if self.program.when_down is not None:
                self.program.when_down()
            if time.monotonic() - started > _STEADY_S:
                held = True
                pause = _FIRST_PAUSE_S
            ended_by_itself += code != -signal.SIGKILL
            if not held and (code == EXIT_UNUSABLE or ended_by_itself > _RESTARTS):
                self.given_up.set()
                return
            self._say(f"{self.program.name} ended with code {code}; restart in {pause:g} s")
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE_S)
            # Its log cannot be opened, or there is no memory: the old end counts once more.
            with contextlib.suppress(OSError):
                self._process = await start(self.program)


def last_line(log: Path) -> str:
    """The last line that a program logged."""
    lines = [line for line in log.read_text(errors="replace").splitlines()[-40:] if line.strip()]
    return lines[-1] if lines else "no output"
