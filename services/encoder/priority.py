"""Threads of forward passes, with a lower priority than those that answer requests."""

from __future__ import annotations

import os
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

NICENESS = 5
"""With 5, a thread gets a quarter of a core that another thread wants wholly."""


def low_priority_thread(name: str = "") -> ThreadPoolExecutor:
    """One thread with a low priority, which the threads that it starts inherit. Linux only.

    Where services share cores, requests on their way then reach the encoder while a pass runs, and
    share the next one: passes are fuller. On a core that nobody else wants, nothing changes.
    Source: `docs/decisions/0058-fuller-passes.md`.
    """
    return ThreadPoolExecutor(1, thread_name_prefix=name, initializer=_lower)


def _lower() -> None:
    if sys.platform == "linux":  # elsewhere a priority belongs to a process
        thread = threading.get_native_id()
        # A sandbox may forbid it, and a thread that cannot begin would end all passes.
        with suppress(OSError):
            own = os.getpriority(os.PRIO_PROCESS, thread)
            os.setpriority(os.PRIO_PROCESS, thread, own + NICENESS)
