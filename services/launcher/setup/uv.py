"""uv, the package installer, in a small environment of its own; it follows the settings of pip."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from services.launcher.setup.python import VERSION, runs
from services.launcher.setup.steps import ROOT, STATE, step

LOG = STATE / "setup.log"
_VENV = ROOT / ".venv-uv"
_PYTHON = _VENV / "bin" / "python"

_PIP_TO_UV = {
    "index-url": "UV_DEFAULT_INDEX",
    "find-links": "UV_FIND_LINKS",
    "no-index": "UV_NO_INDEX",
    "trusted-host": "UV_INSECURE_HOST",
    "cert": "SSL_CERT_FILE",
    "constraint": "UV_CONSTRAINT",
}
_SEPARATORS = {"UV_FIND_LINKS": ","}


def install_uv(lock: Path) -> None:
    """The version that the lock pins, unless it is there. Raises SetupFailed."""
    pinned = next(
        line.partition(";")[0].strip()
        for line in lock.read_text(encoding="utf-8").splitlines()
        if line.startswith("uv==")
    )
    stamp, made_from = _VENV / ".installed", f"{VERSION} {pinned}"
    if stamp.is_file() and stamp.read_text() == made_from and runs(_PYTHON):
        return
    shutil.rmtree(_VENV, ignore_errors=True)
    make = [sys.executable, "-m", "venv", str(_VENV)]
    step(f"{_VENV.name} made with Python {VERSION}", make, log=LOG)
    pip = [str(_PYTHON), "-m", "pip", "--disable-pip-version-check", "install", "-q"]
    step("uv installed", [*pip, pinned], log=LOG)
    stamp.write_text(made_from)


def uv_step(name: str, arguments: Sequence[str | Path]) -> None:
    """Run uv. Raises SetupFailed."""
    step(name, [_VENV / "bin" / "uv", *arguments], log=LOG, environment=pip_settings(_PYTHON))


def pip_settings(python: Path) -> dict[str, str]:
    """The settings of this Python's pip, under uv's names; without those that are set for uv.

    Links matter for torch: a CPU build in a folder of wheels is found, as pip finds it.
    """
    command = [str(python), "-m", "pip", "config", "list"]
    listed = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    given: dict[str, list[str]] = {}
    # Versions of pip order the lines differently. A variable (`:env:.name='value'`) wins.
    for line in sorted(listed.splitlines(), key=lambda line: line.startswith(":env:")):
        name, _, value = line.partition("=")
        given[name.rpartition(".")[2]] = value.strip("'\"").replace("\\n", " ").split()
    found = {ours: given.get(theirs, []) for theirs, ours in _PIP_TO_UV.items()}
    # uv fails on a folder that does not exist; pip ignores it.
    found["UV_FIND_LINKS"] = [link for link in found["UV_FIND_LINKS"] if _exists(link)]
    found["UV_INDEX"] = [url for url in given.get("extra-index-url", []) if url.startswith("http")]
    if found["UV_INDEX"]:
        # As pip: the best version of all indexes, not of the first one that has the package.
        found["UV_INDEX_STRATEGY"] = ["unsafe-best-match"]
    joined = {name: _SEPARATORS.get(name, " ").join(words) for name, words in found.items()}
    return {name: value for name, value in joined.items() if value and name not in os.environ}


def _exists(link: str) -> bool:
    """True for a web address, and for a folder or file that exists."""
    path = link.removeprefix("file://")
    return "://" in path or Path(path).exists()
