"""`make doctor`: faults of this installation, in plain words, and how to fix them.

Standard library only, since what is broken may be the environment; `checkup` looks at the rest from
inside of it. Exit code 1 when something must be fixed.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from services.launcher.bootstrap import (
    LEAST_FREE_BYTES,
    LEAST_NODE,
    ROOT,
    SUPPORTED_PYTHON,
    WEB,
    is_current,
    runs,
)
from services.launcher.packages import installed, missing, other_versions

GROUPS = ("run", "test")
SHOWN = 5
"""Most packages named in a finding; the rest are counted."""


@dataclass(frozen=True)
class Finding:
    """Result of one check; without `fix` all is well."""

    what: str
    fix: str | None = None

    def line(self) -> str:
        if self.fix is None:
            return f"  ok    {self.what}"
        return f"  BAD   {self.what}\n        → {self.fix}"


def look(venv: Path) -> Iterator[Finding]:
    """Checks from outside of the environment."""
    version = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info[:2] in SUPPORTED_PYTHON:
        yield Finding(f"Python {version}")
    else:
        yield Finding(f"Python {version} is not supported", "use 3.11 or 3.12: make run PYTHON=…")
    yield _node()
    free = shutil.disk_usage(ROOT).free
    room = f"{free // 1_000_000:,} MB free"
    needed = f"make room: installing takes {LEAST_FREE_BYTES // 1_000_000:,} MB"
    yield Finding(room, None if free >= LEAST_FREE_BYTES else needed)
    environment = _environment(venv)
    yield environment
    if environment.fix is None:
        yield _packages(venv)


def _node() -> Finding:
    """Node builds the page; a page that is built needs it no more."""
    if (WEB / "dist" / "index.html").is_file():
        return Finding("the page is built")
    node = shutil.which("node")
    if node is None or shutil.which("npm") is None:
        return Finding(
            "the page is not built, and there is no Node with npm",
            f"install Node {LEAST_NODE} or newer",
        )
    listed = subprocess.run([node, "--version"], capture_output=True, text=True, check=False)
    number = listed.stdout.strip().lstrip("v")
    if int(number.split(".")[0] or 0) < LEAST_NODE:
        return Finding(f"Node {number} is too old", f"install Node {LEAST_NODE} or newer")
    return Finding(f"Node {number}; `make run` builds the page")


def _environment(venv: Path) -> Finding:
    if not venv.exists():
        return Finding(f"{venv.name} does not exist yet", "make run creates it")
    if not runs(venv / "bin" / "python"):
        return Finding(f"{venv.name} does not run", f"remove {venv}; make run creates it again")
    if not any(is_current(venv, group) for group in GROUPS):
        return Finding(
            f"{venv.name} was made from another requirements.lock", "make run brings it up to date"
        )
    return Finding(f"{venv.name} has what requirements.lock pins")


def _packages(venv: Path) -> Finding:
    """Check for packages that were changed by hand since the installation."""
    wrong = [f"{name} is missing" for name in missing(venv, GROUPS[0])] + other_versions(venv)
    if not wrong:
        return Finding(f"{len(installed(venv))} packages, in their pinned versions")
    listed = "; ".join(wrong[:SHOWN]) + (f"; and {len(wrong) - SHOWN} more" * (len(wrong) > SHOWN))
    return Finding(f"{venv.name}: {listed}", f"remove {venv}; make run creates it again")


def main() -> int:
    venv = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / ".venv"
    findings = list(look(venv))
    for finding in findings:
        print(finding.line(), flush=True)
    bad = sum(finding.fix is not None for finding in findings)
    python = venv / "bin" / "python"
    if runs(python) and not missing(venv, GROUPS[0]):
        command = [str(python), "-m", "services.launcher.checkup"]
        bad += subprocess.run(command, cwd=ROOT, check=False).returncode != 0
    else:
        print("  --    fix this first; then ports, Redis, catalogue, model and store are checked")
    print("\nall is well" if not bad else "\nfix the BAD lines above")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
