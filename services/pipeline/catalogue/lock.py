"""One writer at a time on a feature store."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from services.pipeline.errors import Busy


@contextmanager
def only_writer(folder: Path) -> Iterator[None]:
    """Hold `folder/.lock`. Raises Busy at once when another process does.

    The lock is the kernel's, so it ends with its process, however that ends. The file stays.
    """
    folder.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = os.read(descriptor, 32).decode(errors="replace").strip() or "unknown"
            raise Busy(
                f"another run (process {holder}) is writing to {folder.parent}; wait for it to end"
            ) from error
        os.ftruncate(descriptor, 0)
        os.write(descriptor, f"{os.getpid()}\n".encode())
        yield
    finally:
        os.close(descriptor)
