"""Worker processes of `multiprocessing` that end with the process that started them."""

from __future__ import annotations

import os
import signal
import threading
from multiprocessing import connection, parent_process


def live_with_parent() -> None:
    """Ignore Ctrl-C, which reaches all processes of a terminal, and end with the parent."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """End this process with its parent: children outlive a killed parent."""
    parent = parent_process()
    if parent is not None:
        connection.wait([parent.sentinel])
        os._exit(1)
