"""Checks before anything starts, each with a one-line error message."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from services.launcher.settings import LauncherSettings
from services.launcher.stack import Listeners, services_of

LEAST_FREE_BYTES = 300_000_000


class CannotRun(Exception):
    """Nothing is running (any more); `line` is the one that the user sees.

    It is None where the program that failed has said its own on the same terminal.
    """

    def __init__(self, line: str | None, exit_code: int = 1) -> None:
        super().__init__(line)
        self.line = line
        self.exit_code = exit_code


def need_catalogue(path: Path) -> None:
    if not path.exists():
        raise CannotRun(f"there is no catalogue at {path}; name one with CATALOG=…", exit_code=2)


def need_disk_space(folder: Path) -> None:
    free = shutil.disk_usage(folder).free
    if free < LEAST_FREE_BYTES:
        raise CannotRun(
            f"the disk is nearly full: {free // 1_000_000} MB are free at {folder}, "
            f"{LEAST_FREE_BYTES // 1_000_000} MB are needed"
        )


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Hold a folder for this process alone, and make it if it is missing.

    The folder itself is locked, so there is no lock file. Folders that were made here and are empty
    at the end are removed again. Raises CannotRun if another process holds the folder.
    """
    made = [one for one in (folder, *folder.parents) if not one.exists()]
    descriptor = _lock(folder)
    try:
        yield
    finally:
        for one in made:
            # Only an empty folder can be removed this way.
            with suppress(OSError):
                one.rmdir()
        os.close(descriptor)


def _lock(folder: Path) -> int:
    """A descriptor that holds the folder until it is closed. Raises CannotRun."""
    while True:
        folder.mkdir(parents=True, exist_ok=True)
        try:
            descriptor = os.open(folder, os.O_RDONLY)
        except FileNotFoundError:
            continue  # its last holder has just removed it
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # The last holder may have removed it after it was opened here.
            if os.path.samestat(os.fstat(descriptor), folder.stat()):
                return descriptor
        except FileNotFoundError:
            pass
        except BlockingIOError as error:
            os.close(descriptor)
            raise CannotRun(
                f"another run uses this catalogue and model already ({folder})"
            ) from error
        os.close(descriptor)


def bind(settings: LauncherSettings) -> Listeners:
    try:
        return Listeners.bind(settings.address, settings.port, services_of(settings))
    except OSError as error:
        raise CannotRun(
            f"port {settings.port} on {settings.address} cannot be used "
            f"({(error.strerror or str(error)).lower()}); choose another with PORT=… or HOST=…"
        ) from error
