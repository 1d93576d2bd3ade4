"""A process that is killed at its n-th step: a change of a file's name, or a command to Redis.

With a `Disk`, the machine loses its power then, and the sync of a file or folder is a step too.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import redis.connection

from tests.support.power_cut import Disk

if TYPE_CHECKING:
    from _typeshed import HasFileno  # the type checker's own

_PATIENCE_S = 60.0
_FILE_EVENTS = frozenset({"os.rename", "os.remove", "os.truncate", "os.mkdir", "shutil.rmtree"})


def killed_at(step: int, work: Callable[[], object], disk: Disk | None = None) -> bool:
    """Do the work in a fork that kills itself with SIGKILL just before that step.

    disk: notes what was synced until then.

    Returns whether it was killed; False if the work has fewer steps. Raises RuntimeError when the
    work fails otherwise.
    """
    process = multiprocessing.get_context("fork").Process(target=_run, args=(step, work, disk))
    process.start()
    process.join(_PATIENCE_S)
    if process.exitcode is None:
        process.kill()
        process.join()
        raise RuntimeError(f"killed at step {step}: the work does not end")
    if process.exitcode not in (0, -signal.SIGKILL):
        raise RuntimeError(f"killed at step {step}: exit code {process.exitcode}")
    return process.exitcode != 0


def _run(step: int, work: Callable[[], object], disk: Disk | None) -> None:
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
    if disk is not None:
        sync = os.fsync

        def fsync(fd: int | HasFileno) -> None:
            count()
            sync(fd)
            disk.synced(fd if isinstance(fd, int) else fd.fileno())

        os.fsync = fsync
    sys.addaudithook(audited)
    work()
    os._exit(0)
