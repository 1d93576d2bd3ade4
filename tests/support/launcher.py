"""The whole stack as a person starts it, on ports and in folders of a test."""

from __future__ import annotations

import csv
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.support.ports import free_port

SAMPLE = Path("data/sample")
PATIENCE_S = 240.0
"""A busy machine is no failure: long enough for one with eight times the load of its cores."""


def small_catalogue(folder: Path, ids: Sequence[str]) -> Path:
    """A part of the sample, with its pictures."""
    (folder / "images").mkdir(parents=True)
    with (SAMPLE / "products.csv").open(newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["product_id"] in ids]
    for row in rows:
        shutil.copy(SAMPLE / row["image_path"], folder / row["image_path"])
    path = folder / "products.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)
    return path


class Launcher:
    """One run; what it prints goes to a file that is read while it runs."""

    def __init__(self, folder: Path, **variables: str) -> None:
        self.port = int(variables.setdefault("PORT", str(free_port())))
        variables.setdefault("STATE_DIR", str(folder / "state"))
        self.state = Path(variables["STATE_DIR"])
        self._said = folder / f"said-{self.port}-{time.monotonic_ns()}.txt"
        environment = {
            name: value for name, value in os.environ.items() if name != "GEMINI_API_KEY"
        }
        with self._said.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "services.launcher"],
                env={**environment, **variables},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def said(self) -> str:
        return self._said.read_text(encoding="utf-8")

    def until_said(self, words: str) -> str:
        """Wait for words on its terminal. Fails when it ends, or after PATIENCE_S."""
        give_up = time.monotonic() + PATIENCE_S
        while words not in (said := self.said()):
            assert self.process.poll() is None, f"it ended:\n{said}"
            assert time.monotonic() < give_up, f"it never said {words!r}:\n{said}"
            time.sleep(0.05)
        return said

    def children(self) -> dict[int, str]:
        """Processes that it started and that live: id → command line."""
        return {
            pid: command for pid, (parent, command) in processes().items() if parent == self.pid
        }

    @property
    def pid(self) -> int:
        return self.process.pid

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(PATIENCE_S)


def processes() -> dict[int, tuple[int, str]]:
    """Every living process: id → parent's id and command line."""
    found: dict[int, tuple[int, str]] = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            stat = (entry / "stat").read_text().rpartition(")")[2].split()
            command = os.fsdecode((entry / "cmdline").read_bytes().replace(b"\0", b" "))
        except OSError:
            continue  # it ended between the two looks
        if stat[0] != "Z":
            found[int(entry.name)] = (int(stat[1]), command)
    return found


@contextmanager
def launched(folder: Path, **variables: str) -> Iterator[Launcher]:
    """A run that is stopped at the end, whatever happens."""
    launcher = Launcher(folder, **variables)
    try:
        yield launcher
    finally:
        if launcher.process.poll() is None:
            launcher.stop()
