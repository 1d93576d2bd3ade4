"""Ends a process that a test started."""

from __future__ import annotations

import subprocess


def end(process: subprocess.Popen[bytes], patience_s: float, *, at_once: bool = False) -> None:
    """SIGTERM, and SIGKILL if it takes longer than `patience_s`. at_once: SIGKILL."""
    if at_once:
        process.kill()
    else:
        process.terminate()
    try:
        process.wait(patience_s)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(patience_s)
