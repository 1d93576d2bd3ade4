"""Steps of a start are run again when they were cut short, not when they failed by themselves."""

from __future__ import annotations

import errno
import io
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, cast

import pytest

from services.launcher.__main__ import _say
from services.launcher.preflight import CannotRun
from services.launcher.processes import Program, Supervisor
from services.launcher.session import Session


def session(folder: Path, code: str, said: list[str]) -> Session:
    """A session whose programs can import the module `step`, which writes a line at each run."""
    note = "import os, signal, sys, time\nprint('run', file=open('runs', 'a'), flush=True)\n"
    (folder / "step.py").write_text(f"{note}runs = len(open('runs').readlines())\n{code}\n")
    nothing = cast("Any", None)
    return Session(nothing, nothing, said.append, {"PYTHONPATH": str(folder)}, AsyncExitStack())


class FullDisk(io.StringIO):
    writes = 0

    def write(self, _: str) -> int:
        self.writes += 1
        raise OSError(errno.ENOSPC, "No space left on device")


def runs(folder: Path) -> int:
    return len((folder / "runs").read_text().splitlines())


@pytest.fixture(autouse=True)
def _in_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("services.launcher.session._PAUSE_S", 0.01)


@asynccontextmanager
async def service(folder: Path) -> AsyncIterator[Supervisor]:
    """A supervised program that does nothing for a minute."""
    sleeper = [sys.executable, "-c", "import time; time.sleep(60)"]
    supervisor = Supervisor(Program("service", sleeper, {}, folder / "service.log"), lambda _: None)
    await supervisor.start()
    try:
        yield supervisor
    finally:
        await supervisor.stop()


def test_a_line_that_cannot_be_printed_ends_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    full = FullDisk()
    monkeypatch.setattr(sys, "stdout", full)
    _say("redis ended with code 1; restart in 0.5 s")
    assert full.writes


def test_a_letter_that_cannot_be_printed_ends_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    printed = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(printed, encoding="iso-8859-1"))
    _say("stopping …")
    assert printed.getvalue() == b"stopping ?\n"


async def test_a_step_that_is_killed_is_run_again(tmp_path: Path) -> None:
    said: list[str] = []
    code = "if runs < 3: os.kill(os.getpid(), signal.SIGKILL)"
    await session(tmp_path, code, said).require("step", "load")
    assert runs(tmp_path) == 3
    assert said == ["step load was cut short; running it again"] * 2


async def test_a_step_that_is_killed_each_time_is_given_up(tmp_path: Path) -> None:
    with pytest.raises(CannotRun):
        await session(tmp_path, "os.kill(os.getpid(), signal.SIGKILL)", []).require("step", "load")
    assert runs(tmp_path) == 4


async def test_a_step_that_fails_by_itself_is_not(tmp_path: Path) -> None:
    with pytest.raises(CannotRun) as failure:
        await session(tmp_path, "sys.exit(3)", []).require("step", "load")
    assert failure.value.exit_code == 3
    assert runs(tmp_path) == 1


@pytest.mark.parametrize("failures", [1, 2], ids=["it is back at once", "it is back later"])
async def test_a_step_that_fails_while_a_service_ends_is_run_again(
    tmp_path: Path, failures: int
) -> None:
    code = (
        "if runs == 1:\n"
        "    os.kill(int(open('pid').read()), signal.SIGKILL)\n"
        "    time.sleep(1)\n"
        f"if runs <= {failures}:\n"
        "    sys.exit(3)"
    )
    stack = session(tmp_path, code, [])
    async with service(tmp_path) as supervisor:
        assert supervisor._process is not None
        (tmp_path / "pid").write_text(str(supervisor._process.pid))
        stack._supervisors.append(supervisor)
        await stack.require("step", "load")
    assert runs(tmp_path) == failures + 1


async def test_a_step_that_fails_while_a_service_is_down_already_is_run_again(
    tmp_path: Path,
) -> None:
    stack = session(tmp_path, "if runs == 1: sys.exit(3)", [])
    async with service(tmp_path) as supervisor:
        assert supervisor._process is not None
        supervisor._process.kill()
        await supervisor._process.wait()
        stack._supervisors.append(supervisor)
        await stack.require("step", "load")
    assert runs(tmp_path) == 2
