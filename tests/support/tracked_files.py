"""Files of the repository, without what commands make."""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def tracked(*patterns: str) -> list[Path]:
    """Files that Git tracks, or would: also in a downloaded archive, which is no repository."""
    with tempfile.TemporaryDirectory() as empty:
        git = ["git"]
        if not (ROOT / ".git").exists():
            subprocess.run(["git", "init", "--quiet", empty], check=True)
            git += [f"--git-dir={empty}/.git", f"--work-tree={ROOT}"]
        listed = subprocess.run(
            [*git, "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *patterns],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        )
    return [ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]
