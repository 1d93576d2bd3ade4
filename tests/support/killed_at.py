"""A process that is killed at its n-th step: a change of a file's name, or a command to Redis."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
from collections.abc import Callable
from typing import Any

import redis.connection

_PATIENCE_S = 60.0
_FILE_EVENTS = frozenset({"os.rename", "os.remove", "os.truncate", "os.mkdir", "shutil.rmtree"})


def killed_at(step: int, work: Callable[[], object]) -> bool:
    """Do the work in a fork that kills itself with SIGKILL just before that step.

    Returns whether it was killed; False if the work has fewer steps. Raises RuntimeError when the
    work fails otherwise.
    """
    process = multiprocessing.get_context("fork").Process(target=_run, args=(step, work))
    process.start()
    process.join(_PATIENCE_S)
    if process.exitcode is None:
        process.kill()
        process.join()
        raise RuntimeError(f"killed at step {step}: the work does not end")
    if process.exitcode not in (0, -signal.SIGKILL):
        raise RuntimeError(f"killed at step {step}: exit code {process.exitcode}")
    return process.exitcode != 0


def _run(step: int, work: Callable[[], object]) -> None:
    left = step

    def count() -> None:
        nonlocal left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def audited(event: str, _: tuple[Any, ...]) -> None:
        if event in _FILE_EVENTS:
            count()

    sent = redis.connection.AbstractConnection.send_packed_command

    def send(
        self: redis.connection.AbstractConnection, command: object, check_health: bool = True
    ) -> None:
        count()
        sent(self, command, check_health)  # type: ignore[no-untyped-call]

    redis.connection.AbstractConnection.send_packed_command = send  # type: ignore[method-assign]
    sys.addaudithook(audited)
    work()
    os._exit(0)
