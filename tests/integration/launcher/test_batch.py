from __future__ import annotations

import asyncio
import contextlib
import sys
from pathlib import Path

import pytest

from services.launcher.batch import batch
from services.launcher.preflight import CannotRun
from services.launcher.settings import LauncherSettings
from tests.support.waiting import until

ASK_BOTH = """
import os, pathlib, sys, urllib.request, redis, yaml
store = pathlib.Path(os.environ["PIPELINE_FEATURE_STORE"])
address = yaml.safe_load((store / "feature_store.yaml").read_text())["online_store"]
host, port = address["connection_string"].split(":")
redis.Redis(host, int(port)).set("told", "yes")
# Its socket listens already, so this waits until it is up.
model = urllib.request.urlopen(os.environ["PIPELINE_ENCODER_URL"] + "/model", timeout=60)
pathlib.Path(sys.argv[1]).write_text(model.read().decode())
"""


@pytest.fixture
def settings(tmp_path: Path) -> LauncherSettings:
    return LauncherSettings(state_dir=tmp_path / "state")


def _run(settings: LauncherSettings, store: Path | None, *command: str) -> list[str]:
    said: list[str] = []
    asyncio.run(batch(settings, store, command, said.append))
    return said


def test_a_batch_command_has_an_encoder_and_a_store_that_end_with_it(
    settings: LauncherSettings, tmp_path: Path
) -> None:
    answer, store = tmp_path / "model.json", tmp_path / "store"

    _run(settings, store, sys.executable, "-c", ASK_BOTH, str(answer))

    assert "mini-clip" in answer.read_text()
    # Redis saves when it is stopped: the next command finds what this one stored.
    assert (store / "redis" / "dump.rdb").stat().st_size > 0


def test_an_encoder_and_a_store_that_the_environment_names_are_used(
    settings: LauncherSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIPELINE_ENCODER_URL", "http://encoder.invalid")
    monkeypatch.setenv("PIPELINE_FEATURE_STORE", "elsewhere")
    told = tmp_path / "told"
    tell = (
        "import os, pathlib, sys; pathlib.Path(sys.argv[1]).write_text("
        "os.environ['PIPELINE_ENCODER_URL'] + ' ' + os.environ['PIPELINE_FEATURE_STORE'])"
    )

    said = _run(settings, tmp_path / "store", sys.executable, "-c", tell, str(told))

    assert told.read_text() == "http://encoder.invalid elsewhere"
    assert said == []


def test_a_batch_command_that_fails_gives_its_own_exit_code(
    settings: LauncherSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIPELINE_ENCODER_URL", "http://encoder.invalid")

    with pytest.raises(CannotRun) as failure:
        _run(settings, None, sys.executable, "-c", "raise SystemExit(7)")

    assert failure.value.exit_code == 7


async def test_a_batch_command_that_is_stopped_ends_with_what_its_shell_runs(
    settings: LauncherSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIPELINE_ENCODER_URL", "http://encoder.invalid")
    noted = tmp_path / "pid"
    step = f"sh -c 'echo $$ > {noted}.part; mv {noted}.part {noted}; exec sleep 300'; true"
    running = asyncio.create_task(batch(settings, None, ["sh", "-c", step], lambda _: None))
    await until(noted.is_file)
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running
    await until(lambda: not _runs(int(noted.read_text())))


def _runs(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"
