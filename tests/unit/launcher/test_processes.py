"""Real processes: started again, given up, stopped, and never outliving their parent."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from services.launcher import processes as launcher_processes
from services.launcher.processes import Program, Supervisor, last_line
from tests.support.launcher import processes
from tests.support.waiting import until


def program(folder: Path, code: str) -> Program:
    return Program("test", [sys.executable, "-c", code], {}, folder / "test.log")


def lines(folder: Path) -> list[str]:
    log = folder / "test.log"
    return log.read_text().splitlines() if log.exists() else []


async def test_a_program_that_ends_is_started_again_and_says_so(tmp_path: Path) -> None:
    said: list[str] = []
    code = "import time; print('up', flush=True); time.sleep(600)"
    supervisor = Supervisor(program(tmp_path, code), said.append)
    await supervisor.start()
    try:
        await until(lambda: len(lines(tmp_path)) == 1)
        # Ours alone: another run of this test may have the same program at the same time.
        victim = next(
            pid
            for pid, (parent, line) in processes().items()
            if parent == os.getpid() and code in line
        )
        os.kill(victim, signal.SIGKILL)
        await until(lambda: len(lines(tmp_path)) == 2)
    finally:
        await supervisor.stop()
    assert said == ["test ended with code -9; restart in 0.5 s"]


async def test_a_program_that_cannot_be_started_again_is_tried_again(tmp_path: Path) -> None:
    code = "import time; print('up', flush=True); time.sleep(600)"
    logs = tmp_path / "logs"
    said: list[str] = []
    supervisor = Supervisor(program(logs, code), said.append)
    await supervisor.start()
    try:
        await until(lambda: len(lines(logs)) == 1)
        # As on a disk that turned read-only: its log cannot be opened.
        logs.rename(tmp_path / "before")
        logs.write_text("")
        victim = next(
            pid
            for pid, (parent, line) in processes().items()
            if parent == os.getpid() and code in line
        )
        os.kill(victim, signal.SIGKILL)
        await until(lambda: len(said) == 2)
        logs.unlink()
        await until(lambda: len(lines(logs)) == 1)
        assert supervisor.is_up
    finally:
        await supervisor.stop()


async def test_the_end_of_a_program_is_reported_before_it_starts_again(tmp_path: Path) -> None:
    seen: list[int] = []
    code = "print('up', flush=True); import time; time.sleep(0.2)"
    quick = program(tmp_path, code)
    watched = replace(quick, when_down=lambda: seen.append(len(lines(tmp_path))))
    supervisor = Supervisor(watched, lambda _: None)
    await supervisor.start()
    try:
        await until(lambda: len(lines(tmp_path)) >= 2)
    finally:
        await supervisor.stop()
    assert seen[0] == 1


async def test_a_program_that_never_holds_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(launcher_processes, "_FIRST_PAUSE_S", 0.001)
    supervisor = Supervisor(
        program(tmp_path, "print('no use'); raise SystemExit(3)"), lambda _: None
    )
    await supervisor.start()
    async with asyncio.timeout(120):
        await supervisor.given_up.wait()
    await supervisor.stop()
    assert lines(tmp_path) == ["no use"] * 6
    assert last_line(tmp_path / "test.log") == "no use"


async def test_a_program_whose_settings_cannot_be_used_is_given_up_at_once(tmp_path: Path) -> None:
    said: list[str] = []
    supervisor = Supervisor(
        program(tmp_path, "print('bad setting'); raise SystemExit(2)"), said.append
    )
    await supervisor.start()
    async with asyncio.timeout(120):
        await supervisor.given_up.wait()
    await supervisor.stop()
    assert (lines(tmp_path), said) == (["bad setting"], [])


@pytest.mark.parametrize(
    ("code", "steady_s"),
    [
        ("import os; os.kill(os.getpid(), 9)", 60.0),
        (
            "import os, time; time.sleep(0 if os.path.exists('held') else 1); "
            "open('held', 'w').close(); raise SystemExit(3)",
            0.5,
        ),
    ],
    ids=["killed from outside", "held once"],
)
async def test_other_programs_are_started_again_for_as_long_as_it_takes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: str, steady_s: float
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(launcher_processes, "_FIRST_PAUSE_S", 0.001)
    monkeypatch.setattr(launcher_processes, "_LONGEST_PAUSE_S", 0.002)
    monkeypatch.setattr(launcher_processes, "_STEADY_S", steady_s)
    said: list[str] = []
    supervisor = Supervisor(program(tmp_path, f"print('up', flush=True); {code}"), said.append)
    await supervisor.start()
    try:
        await until(lambda: len(lines(tmp_path)) > 10)
    finally:
        await supervisor.stop()
    assert not supervisor.given_up.is_set()
    assert {line.rpartition("; ")[2] for line in said} <= {
        "restart in 0.001 s",
        "restart in 0.002 s",
    }


async def test_a_program_that_will_not_stop_is_killed_with_all_it_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(launcher_processes, "STOP_PATIENCE_S", 0.2)
    code = (
        "import signal, subprocess, sys, time\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        "print(child.pid, flush=True)\n"
        "time.sleep(60)\n"
    )
    supervisor = Supervisor(program(tmp_path, code), lambda _: None)
    await supervisor.start()
    await until(lambda: len(lines(tmp_path)) == 1)
    child = int(lines(tmp_path)[0])
    await supervisor.stop()
    await until(lambda: child not in processes())


async def test_children_end_when_their_parent_is_killed(tmp_path: Path) -> None:
    code = (
        "import asyncio, pathlib, sys\n"
        "from services.launcher.processes import Program, start\n"
        "async def main():\n"
        "    sleeper = [sys.executable, '-c', 'import time; time.sleep(60)']\n"
        f"    log = pathlib.Path({str(tmp_path)!r}) / 'child.log'\n"
        "    process = await start(Program('sleeper', sleeper, {}, log))\n"
        "    print(process.pid, flush=True)\n"
        "    await asyncio.sleep(60)\n"
        "asyncio.run(main())\n"
    )
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, stdout=asyncio.subprocess.PIPE
    )
    assert parent.stdout is not None
    child = int(await parent.stdout.readline())
    assert child in processes()
    parent.kill()
    await parent.wait()
    await until(lambda: child not in processes())
