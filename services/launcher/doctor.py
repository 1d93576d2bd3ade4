"""`make doctor`: problems of this installation, and how to fix them.

Standard library only, because the environment may be broken; `checkup` looks at the rest from
inside the environment. Exit code 1 when something must be fixed.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from services.launcher.setup.environment import LEAST_FREE_BYTES, is_current
from services.launcher.setup.packages import installed, missing, other_versions
from services.launcher.setup.page import LEAST_NODE, WEB, node_problem
from services.launcher.setup.python import SUPPORTED, runs, words
from services.launcher.setup.steps import ROOT

GROUPS = ("run", "test")
SHOWN = 5
"""Most packages that are named; the others are counted."""


@dataclass(frozen=True)
class Finding:
    """One thing that was checked; without `fix` it is in order."""

    what: str
    fix: str | None = None

    def line(self) -> str:
        if self.fix is None:
            return f"  ok    {self.what}"
        return f"  BAD   {self.what}\n        → {self.fix}"


def look(venv: Path) -> Iterator[Finding]:
    """Checks from outside of the environment."""
    version = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info[:2] in SUPPORTED:
        yield Finding(f"Python {version}")
    else:
        yield Finding(
            f"Python {version} is not supported", f"use {words(SUPPORTED)}: make run PYTHON=…"
        )
    yield _node()
    free = shutil.disk_usage(ROOT).free
    room = f"{free // 1_000_000:,} MB free"
    needed = f"free some space: the installation takes {LEAST_FREE_BYTES // 1_000_000:,} MB"
    yield Finding(room, None if free >= LEAST_FREE_BYTES else needed)
    environment = _environment(venv)
    yield environment
    if environment.fix is None:
        yield _packages(venv)


def _node() -> Finding:
    """Node builds the page; a page that is built needs no Node."""
    if (WEB / "dist" / "index.html").is_file():
        return Finding("the page is built")
    problem = node_problem()
    if problem is not None:
        return Finding(
            f"the page is not built, and {problem}",
            f"install Node {LEAST_NODE} or newer with npm",
        )
    return Finding("the page is not built yet; `make run` builds it")


def _environment(venv: Path) -> Finding:
    if not venv.exists():
        return Finding(f"{venv.name} does not exist yet", "`make run` creates it")
    if not runs(venv / "bin" / "python"):
        return Finding(f"{venv.name} does not run", f"remove {venv}; `make run` creates it again")
    if not any(is_current(venv, group) for group in GROUPS):
        return Finding(
            f"{venv.name} was made from another requirements.lock", "`make run` updates it"
        )
    return Finding(f"{venv.name} has what requirements.lock pins")


def _packages(venv: Path) -> Finding:
    """Checks that no package was changed by hand after the installation."""
    wrong = [f"{name} is missing" for name in missing(venv, GROUPS[0])] + other_versions(venv)
    if not wrong:
        return Finding(f"{len(installed(venv))} packages in their pinned versions")
    shown = "; ".join(wrong[:SHOWN]) + (f"; and {len(wrong) - SHOWN} more" * (len(wrong) > SHOWN))
    return Finding(f"{venv.name}: {shown}", f"remove {venv}; `make run` creates it again")


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
        print("  --    fix this first; then port, Redis, catalogue, model and store are checked")
    print("\nno problems found" if not bad else "\nfix what is marked BAD")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
