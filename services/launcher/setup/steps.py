"""Setup steps: one program each, its output in a log, one line on the terminal."""

from __future__ import annotations

import hashlib
import os
import subprocess
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
STATE = ROOT / ".state"


class SetupFailed(Exception):
    """The setup cannot continue. The message is the one line that the user sees."""


def step(
    name: str,
    command: Sequence[str | Path],
    *,
    log: Path,
    folder: Path = ROOT,
    environment: Mapping[str, str] | None = None,
) -> None:
    """Run one step to its end and print its time. Raises SetupFailed with the line that says why.

    environment: is added to ours. Steps that run at the same time need logs of their own.
    """
    started = time.monotonic()
    log.parent.mkdir(parents=True, exist_ok=True)
    before = log.stat().st_size if log.exists() else 0
    with log.open("a") as output:
        output.write(f"\n$ {' '.join(str(word) for word in command)}\n")
        output.flush()
        done = subprocess.run(
            [str(word) for word in command],
            cwd=folder,
            env={**os.environ, **(environment or {})},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            check=False,
        )
    if done.returncode != 0:
        raise SetupFailed(f"{name}: failed: {reason(log, before)} (log: {log})")
    print(f"· {name}: {time.monotonic() - started:.0f} s", flush=True)


def reason(log: Path, start: int) -> str:
    """The most useful line of a failed step, whose output starts at byte `start` of the log."""
    said = log.read_bytes()[start:].decode(errors="replace")
    lines = [line.strip() for line in said.splitlines()[1:] if line.strip()]
    full = [line for line in lines if "No space left" in line]
    # pip's last error is its summary, npm's summary follows its code.
    pip = [line for line in lines if line.startswith("ERROR")][-1:]
    npm = [line for line in lines if line.startswith("npm error ") and "npm error code" not in line]
    return (full[:1] or pip or npm[:1] or _uv(lines) or lines[-1:] or ["no output"])[0]


def _uv(lines: Sequence[str]) -> list[str]:
    """uv's first error, joined with the causes below it, which are indented in a tree."""
    for at, line in enumerate(lines):
        if line.startswith(("error:", "× ")):
            causes = [one.lstrip("├╰─▶│ ") for one in lines[at + 1 : at + 3]]
            return ["; ".join([line.removeprefix("error:").removeprefix("×").strip(), *causes])]
    return []


def digest(files: Iterable[Path], *words: str) -> str:
    """A fingerprint of files of this repository, by path and content, and of `words`."""
    made_of = hashlib.sha256("\0".join(words).encode())
    for path in files:
        made_of.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes())
    return made_of.hexdigest()
