"""Two halves of one piece of work, side by side where a core is free."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Result = TypeVar("Result")


class Helper:
    """A thread that does the second half, for one search at a time; starts with the first one.

    Where it is busy, or has not begun by the time that the first half is done, the caller does
    both: on a busy machine that takes hardly longer than without it.
    """

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="second-half")
        self._taken = threading.Lock()
        self._alone = _cores() < 2

    def both(
        self, first: Callable[[], Result], second: Callable[[], Result]
    ) -> tuple[Result, Result]:
        """The results of both, which must leave the interpreter lock alone to gain by it."""
        if self._alone or not self._taken.acquire(blocking=False):
            return first(), second()
        try:
            others = self._pool.submit(second)
            result = first()
            return result, second() if others.cancel() else others.result()
        finally:
            self._taken.release()


def _cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
