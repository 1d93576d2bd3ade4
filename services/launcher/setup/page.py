"""The web page: its npm packages, and its build in `services/web/dist`."""

from __future__ import annotations

import shutil
import subprocess

from services.launcher.setup.steps import ROOT, STATE, SetupFailed, digest, step

WEB = ROOT / "services" / "web"
LEAST_NODE = 20
_LOG = STATE / "setup-page.log"


def build_page() -> None:
    """Install the packages and build the page, unless both are current. Raises SetupFailed."""
    if not (WEB / "package.json").is_file():
        return
    sources = [
        path
        for path in sorted(WEB.rglob("*"))
        if path.is_file() and not {"node_modules", "dist"} & set(path.relative_to(WEB).parts)
    ]
    made_from = digest(sources)
    stamp = WEB / "dist" / ".made-from"
    installed = WEB / "node_modules" / ".package-lock.json"
    if stamp.is_file() and stamp.read_text() == made_from and installed.is_file():
        return
    problem = node_problem()
    if problem is not None:
        raise SetupFailed(f"{problem}: install Node {LEAST_NODE} or newer with npm for the page")
    _install_packages()
    # `make test` checks the types, which takes five times as long as the build.
    step("page built", ["npm", "run", "bundle"], log=_LOG, folder=WEB)
    stamp.write_text(made_from)


def _install_packages() -> None:
    """`npm ci`, unless the packages are those of the lock file already."""
    made_from = digest([WEB / "package.json", WEB / "package-lock.json"])
    stamp = WEB / "node_modules" / ".made-from"
    if stamp.is_file() and stamp.read_text() == made_from:
        return
    command = ["npm", "ci", "--no-audit", "--no-fund", "--prefer-offline"]
    step("page packages installed", command, log=_LOG, folder=WEB)
    stamp.write_text(made_from)


def node_problem() -> str | None:
    """Why no page can be built with the Node on PATH, or None."""
    node = shutil.which("node")
    if node is None or shutil.which("npm") is None:
        return "there is no Node with npm"
    told = subprocess.run([node, "--version"], capture_output=True, text=True, check=False)
    version = told.stdout.strip().lstrip("v")
    major = version.split(".")[0]
    if not major.isdigit() or int(major) < LEAST_NODE:
        return f"Node {version or '(no version)'} is too old"
    return None
