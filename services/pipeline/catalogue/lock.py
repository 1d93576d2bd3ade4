"""One writer at a time on a feature store."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from services.common.durable_files import make_folder
from services.pipeline.errors import Busy

LOCK_WAIT_S = 20.0
"""A writer holds the lock for one round of changes at a time, and on its start, when it opens
Feast and repairs Redis, for seconds."""

_POLL_S = 0.01


@contextmanager
def only_writer(folder: Path, *, wait_s: float = 0) -> Iterator[None]:
    """Hold `folder/.lock`. Raises Busy when another process holds it for longer than `wait_s`.

    The lock is the kernel's, so it ends with its process, however that ends. The file stays.
    """
    make_folder(folder)
    descriptor = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    give_up = time.monotonic() + wait_s
    try:
        while not _locked(descriptor):
            if time.monotonic() >= give_up:
                holder = os.read(descriptor, 32).decode(errors="replace").strip() or "unknown"
                raise Busy(
                    f"another run (process {holder}) is writing to {folder.parent}; wait for it to "
                    "end"
                )
            time.sleep(_POLL_S)
        os.ftruncate(descriptor, 0)
        os.write(descriptor, f"{os.getpid()}\n".encode())
        yield
    finally:
        os.close(descriptor)


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
