"""Checks before anything is started, each with the one line that a person needs."""

from __future__ import annotations

import shutil
from pathlib import Path

from services.launcher.settings import LauncherSettings

LEAST_FREE_BYTES = 300_000_000


class CannotRun(Exception):
    """The command cannot run or go on; nothing is left running. `line` is what the user sees.

    It is None when the program that failed has printed its own line on the same terminal.
    """

    def __init__(self, line: str | None, exit_code: int = 1) -> None:
        super().__init__(line)
        self.line = line
        self.exit_code = exit_code


def need_catalogue(settings: LauncherSettings) -> None:
    """The file or folder must exist; the pipeline's `check` reads its first row."""
    if not settings.catalog_is_remote and not Path(settings.catalog).exists():
        raise CannotRun(
            f"there is no catalogue at {settings.catalog}; name one with CATALOG=…", exit_code=2
        )


def need_disk_space(folder: Path) -> None:
    free = shutil.disk_usage(folder).free
    if free < LEAST_FREE_BYTES:
        raise CannotRun(
            f"the disk is nearly full: {free // 1_000_000} MB are free at {folder}, "
            f"{LEAST_FREE_BYTES // 1_000_000} MB are needed"
        )
