"""The machine that figures were measured on, in a line."""

from __future__ import annotations

import os
import platform
from pathlib import Path


def machine() -> str:
    """Processor, cores and Python."""
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    names = [line for line in lines if line.startswith("model name")]
    processor = names[0].split(":")[1].strip() if names else platform.machine()
    return f"{os.cpu_count()} cores of {processor}, Python {platform.python_version()}"
