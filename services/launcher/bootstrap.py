"""Make `.venv` and the web page, then run a command in it. Standard library only.

`python3 -m services.launcher.bootstrap --group run [--web] [-- command …]`

Each step is done once: a stamp remembers what it was made from. What a step prints goes to a log;
the terminal gets one line a step, and one clear line when it fails.
"""

from __future__ import annotations

import argparse
import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
STATE = ROOT / ".state"
WEB = ROOT / "services" / "web"
LOG = STATE / "setup.log"
SUPPORTED_PYTHON = ((3, 11), (3, 12))
LEAST_NODE = 20
LEAST_FREE_BYTES = 2_000_000_000


@dataclass(frozen=True)
class Lock:
    """Lock file of pinned versions, and the Python versions that it is for."""

    file: Path
    pythons: tuple[tuple[int, int], ...]
    alone: tuple[str, ...] = ()
    """Packages that pip installs without their dependencies."""
    named: str = ""
    """Readable name for `alone`."""


OURS = Lock(
    ROOT / "requirements.lock",
    SUPPORTED_PYTHON,
    ("--group", "vocabulary"),
    "CLIP's vocabulary",
)
LOCKS = {
    # TFX says that it is not for Python 3.11; its parts have wheels for it, and it works.
    "tfx": Lock(
        ROOT / "requirements-tfx.lock",
        ((3, 11),),
        ("--ignore-requires-python", "--group", "tfx-itself"),
        "TFX itself",
    ),
    "infinity": Lock(ROOT / "requirements-infinity.lock", SUPPORTED_PYTHON),
}
"""By group; every other one is of `OURS`."""


class SetupFailed(Exception):
    """The environment cannot be made; the message is the one line that the user sees."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--venv", type=Path, default=ROOT / ".venv")
    parser.add_argument("--group", required=True, help="dependency group to install")
    parser.add_argument("--web", action="store_true", help="build the web page too")
    parser.add_argument("command", nargs="*", help="what to run in the environment afterwards")
    arguments = parser.parse_args()
    try:
        with _one_at_a_time():
            python = _make_environment(arguments.venv, arguments.group)
            if arguments.web:
                _build_web_page()
    except SetupFailed as failure:
        return _fail(str(failure))
    except KeyboardInterrupt:
        return 130
    except OSError as error:
        return _fail(f"{error.strerror or error}: {error.filename or STATE}")
    if arguments.command:
        sys.stdout.flush()
        os.execv(python, [str(python), *arguments.command])  # noqa: S606
    return 0


def is_current(venv: Path, group: str) -> bool:
    """True if the environment runs and has the pinned packages of that group."""
    python, stamp = venv / "bin" / "python", venv / f".installed-{group}"
    version = f"{sys.version_info[0]}.{sys.version_info[1]}"
    made_from = _digest([ROOT / "requirements.lock", ROOT / "pyproject.toml"], version)
    return stamp.is_file() and stamp.read_text() == made_from and runs(python)


def _make_environment(venv: Path, group: str) -> Path:
    """The environment's interpreter, with a dependency group of its lock installed."""
    lock = LOCKS.get(group, OURS)
    if sys.version_info[:2] not in lock.pythons:
        supported = " or ".join(f"{major}.{minor}" for major, minor in lock.pythons)
        raise SetupFailed(f"Python {supported} is needed; name one with PYTHON=…")
    python = venv / "bin" / "python"
    version = f"{sys.version_info[0]}.{sys.version_info[1]}"
    made_from = _digest([lock.file, ROOT / "pyproject.toml"], version)
    stamp = venv / f".installed-{group}"
    if stamp.is_file() and stamp.read_text() == made_from and runs(python):
        return python
    _need_disk_space()
    if not runs(python) or not (venv / f".python-{version}").is_file():
        shutil.rmtree(venv, ignore_errors=True)
        _step(f"making {venv.name} with Python {version}", [sys.executable, "-m", "venv", venv])
        (venv / f".python-{version}").touch()
    pip: list[str | Path] = [python, "-m", "pip", "--disable-pip-version-check", "install", "-q"]
    locked: list[str | Path] = ["-c", lock.file]
    # `--group` needs a newer pip than some Pythons bring.
    _step("installing pip", [*pip, *locked, "pip"])
    _step(f"installing what the lock pins ({group})", [*pip, *locked, "--group", group])
    if lock.alone:
        _step(f"installing {lock.named}", [*pip, *locked, "--no-deps", *lock.alone])
    stamp.write_text(made_from)
    return python


def _build_web_page() -> None:
    if not (WEB / "package.json").is_file():
        return
    sources = [
        path
        for path in sorted(WEB.rglob("*"))
        if path.is_file() and not {"node_modules", "dist"} & set(path.relative_to(WEB).parts)
    ]
    made_from = _digest(sources)
    stamp = WEB / "dist" / ".made-from"
    installed = WEB / "node_modules" / ".package-lock.json"
    if stamp.is_file() and stamp.read_text() == made_from and installed.is_file():
        return
    npm = shutil.which("npm")
    node = shutil.which("node")
    if npm is None or node is None:
        raise SetupFailed(f"Node {LEAST_NODE} or newer with npm is needed to build the web page.")
    version = subprocess.run([node, "--version"], capture_output=True, text=True, check=False)
    if int(version.stdout.strip().lstrip("v").split(".")[0] or 0) < LEAST_NODE:
        raise SetupFailed(
            f"Node {LEAST_NODE} or newer is needed to build the web page, not "
            f"{version.stdout.strip()}."
        )
    _step("installing the web page's packages", [npm, "ci", "--no-audit", "--no-fund"], WEB)
    _step("building the web page", [npm, "run", "build"], WEB)
    stamp.write_text(made_from)


def _step(name: str, command: Sequence[str | Path], folder: Path = ROOT) -> None:
    """Run one step, its output to the log, and say how long it took."""
    print(f"· {name} …", end=" ", flush=True)
    started = time.monotonic()
    STATE.mkdir(exist_ok=True)
    before = LOG.stat().st_size if LOG.exists() else 0
    with LOG.open("a") as log:
        log.write(f"\n$ {' '.join(str(word) for word in command)}\n")
        log.flush()
        done = subprocess.run(
            [str(word) for word in command],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            check=False,
        )
    if done.returncode != 0:
        print("failed")
        raise SetupFailed(f"{name} failed: {_reason(LOG, before)} (the whole of it: {LOG})")
    print(f"{time.monotonic() - started:.0f} s")


def _reason(log: Path, start: int) -> str:
    """The line that says most of what a step printed, which stands in the log from byte `start`."""
    said = log.read_bytes()[start:].decode(errors="replace")
    lines = [line.strip() for line in said.splitlines()[1:] if line.strip()]
    full = [line for line in lines if "No space left" in line]
    # pip's last error sums up; npm's first one after its code does.
    pip = [line for line in lines if line.startswith("ERROR")][-1:]
    npm = [line for line in lines if line.startswith("npm error ") and "npm error code" not in line]
    return (full[:1] or pip or npm[:1] or lines[-1:] or ["it said nothing"])[0]


def runs(python: Path) -> bool:
    if not python.exists():
        return False
    done = subprocess.run([python, "-c", ""], capture_output=True, check=False)
    return done.returncode == 0


def _need_disk_space() -> None:
    free = shutil.disk_usage(ROOT).free
    if free < LEAST_FREE_BYTES:
        raise SetupFailed(
            f"The disk is nearly full: {free // 1_000_000} MB are free, "
            f"{LEAST_FREE_BYTES // 1_000_000} MB are needed to install."
        )


def _digest(files: Iterable[Path], *words: str) -> str:
    digest = hashlib.sha256("\0".join(words).encode())
    for path in files:
        digest.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    """Two commands started at once must not install into one folder together."""
    folder = os.open(ROOT, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def _fail(line: str) -> int:
    print(f"error: {line}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
