"""`make report`, during a run and after one."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest
import redis

from services.contracts.query_log import SEARCH, STREAM
from services.launcher.batch import batch
from services.launcher.folders import Folders, held
from services.launcher.preflight import CannotRun
from services.launcher.search_report import report
from services.launcher.settings import LauncherSettings
from tests.integration.pipeline.test_queries import search
from tests.support.redis_server import RedisProcess

ADD = f"""
import os, redis, sys
redis.Redis.from_url(os.environ["GATEWAY_REDIS_URL"]).xadd("{STREAM}", {{"{SEARCH}": sys.argv[1]}})
"""


@pytest.fixture
def settings(tmp_path: Path) -> LauncherSettings:
    return LauncherSettings(state_dir=tmp_path / "state")


def told(settings: LauncherSettings, capfd: pytest.CaptureFixture[str]) -> str:
    asyncio.run(report(settings, ["--days", "1"], lambda _: None))
    return capfd.readouterr().out


def test_queries_of_a_finished_run_are_reported(
    settings: LauncherSettings, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    store = Folders.of(settings).state
    with monkeypatch.context() as patch:
        patch.setenv("PIPELINE_ENCODER_URL", "http://encoder.invalid")  # none is needed
        command = (sys.executable, "-c", ADD, search("red mug"))
        asyncio.run(batch(settings, store, command, lambda _: None))
    assert "| red mug | 1 |" in told(settings, capfd)
    assert list((store / "queries").glob("*.parquet"))


def test_queries_of_a_running_run_are_reported(
    settings: LauncherSettings, own_redis: RedisProcess, capfd: pytest.CaptureFixture[str]
) -> None:
    folders = Folders.of(settings)
    folders.state.mkdir(parents=True)
    address = own_redis.address
    with redis.Redis(address.host, address.port, db=1) as client:
        client.xadd(STREAM, {SEARCH: search("red mug")})
    with held(folders.state):
        with pytest.raises(CannotRun, match="still starting"):
            told(settings, capfd)
        folders.write_feature_store(address.connection_string)
        assert "| red mug | 1 |" in told(settings, capfd)


def test_without_any_run_it_says_so(
    settings: LauncherSettings, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(CannotRun, match="nothing was served here yet"):
        told(settings, capfd)
