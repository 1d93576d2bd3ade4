"""A limit on the processor time of one machine, so that few cores can stand for many."""

from __future__ import annotations

import time
from pathlib import Path

_ROOT = Path("/sys/fs/cgroup")
_PERIOD_US = 20_000
_REMOVED_WITHIN_S = 5.0


class Group:
    """The processes of one machine. Without control groups it limits nothing."""

    def __init__(self, name: str) -> None:
        self._first = (_ROOT / "cpu").is_dir()
        """The first version of control groups, with one tree for each kind of limit."""
        parent = _ROOT / "cpu" if self._first else _ROOT
        self._folder: Path | None = parent / name
        try:
            self._folder.mkdir(exist_ok=True)
            self.limit(None)
        except OSError:
            self.remove()
            self._folder = None

    @property
    def limits(self) -> bool:
        """False where the system has no such limit for this process to set."""
        return self._folder is not None

    def take(self, pid: int) -> None:
        """This process, and all that it starts."""
        if self._folder is not None:
            (self._folder / "cgroup.procs").write_text(str(pid))

    def limit(self, cores: float | None) -> None:
        """So much of the processor and no more. None: all of it."""
        if self._folder is None:
            return
        quota = None if cores is None else int(cores * _PERIOD_US)
        if self._first:
            (self._folder / "cpu.cfs_period_us").write_text(str(_PERIOD_US))
            (self._folder / "cpu.cfs_quota_us").write_text(str(-1 if quota is None else quota))
        else:
            words = "max" if quota is None else str(quota)
            (self._folder / "cpu.max").write_text(f"{words} {_PERIOD_US}")

    def remove(self) -> None:
        """Once its processes have ended."""
        deadline = time.monotonic() + _REMOVED_WITHIN_S
        while self._folder is not None and self._folder.exists():
            try:
                self._folder.rmdir()
            except OSError:
                if time.monotonic() > deadline:
                    return
                time.sleep(0.05)
