"""Acknowledged changes stay, whatever happens to Redis; refused ones are never applied."""

from __future__ import annotations

import asyncio
import shutil
import threading
import time
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import httpx
import pytest

from services.contracts.catalogue import CHANGE_VIEW, HEAD_VIEW, METADATA_VIEW, VECTOR_VIEW
from services.pipeline.catalogue.offline_store import OfflineStore
from services.pipeline.catalogue.online_store import OnlineStore
from services.pipeline.cli import main
from services.pipeline.settings import PipelineSettings
from services.retriever.catalogue.catalogue import Catalogue
from services.retriever.errors import CatalogueError
from services.writer.app import create_app
from services.writer.settings import WriterSettings
from tests.integration.pipeline.conftest import load, read_catalogue
from tests.support.encoder_double import EncoderDouble
from tests.support.feast_repository import write_feature_repo
from tests.support.lifespan import LifespanManager
from tests.support.product_feed import product_rows, write_feed
from tests.support.redis_server import RedisProcess
from tests.support.waiting import until, within

STORE_TIMEOUT_MS = 1_500
MUG = {"title": "A new mug", "price": 4.5, "currency": "EUR", "attributes": {"color": "red"}}


@pytest.fixture
def mine(settings: PipelineSettings, own_redis: RedisProcess, tmp_path: Path) -> PipelineSettings:
    """Settings of a store in a Redis that this test may kill, with four products loaded."""
    repo = write_feature_repo(tmp_path / "own", own_redis.address)
    mine = settings.model_copy(update={"feature_store": repo})
    load(write_feed(tmp_path / "feed.csv", product_rows(4)), mine)
    return mine


@pytest.fixture
async def writer(mine: PipelineSettings) -> AsyncIterator[httpx.AsyncClient]:
    app = create_app(WriterSettings(encoder_wait_s=60, store_timeout_ms=STORE_TIMEOUT_MS), mine)
    async with (
        LifespanManager(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://writer") as client,
    ):
        await until(partial(is_ready, client))
        yield client


async def is_ready(writer: httpx.AsyncClient) -> bool:
    return (await writer.get("/ready")).status_code == 200


def served(mine: PipelineSettings) -> Catalogue | None:
    try:
        return read_catalogue(mine.feature_store)
    except CatalogueError:
        return None


async def test_redis_that_comes_back_empty_is_filled_again_with_changes_in_order(
    mine: PipelineSettings, writer: httpx.AsyncClient, own_redis: RedisProcess
) -> None:
    for number in range(3):
        answer = await writer.put("/products/mug", json=MUG | {"title": f"Mug {number}"})
        assert answer.status_code == 200, answer.text
    assert (await writer.delete("/products/p-001")).status_code == 200
    before = await asyncio.to_thread(served, mine)
    assert before is not None
    for how in ("flushed", "killed"):
        if how == "flushed":
            own_redis.empty()
        else:
            own_redis.stop(at_once=True)
            shutil.rmtree(own_redis.folder / "appendonlydir", ignore_errors=True)
            (own_redis.folder / "appendonly.aof").unlink(missing_ok=True)
            own_redis.start()

        async def is_back() -> bool:
            after = await asyncio.to_thread(served, mine)
            return after is not None and after.sequence == before.sequence

        await until(is_back)
        after = await asyncio.to_thread(served, mine)
        assert after is not None
        assert after.info == before.info
        mug = after.get("mug")
        assert mug is not None
        assert mug.title == "Mug 2"
        assert after.get("p-001") is None
    await until(partial(is_ready, writer))
    assert (await writer.put("/products/cup", json=MUG)).status_code == 200


async def test_rows_that_redis_evicted_are_put_back(
    mine: PipelineSettings, writer: httpx.AsyncClient
) -> None:
    online = OnlineStore(mine.feature_store)
    keys = [key for key in online.keys.all() if "content" in (online.keys.join_keys(key) or {})]
    online.keys.delete(keys[:3])

    async def is_whole() -> bool:
        return await asyncio.to_thread(served, mine) is not None

    await until(is_whole)


async def test_a_frozen_redis_costs_seconds_and_a_refused_change_is_never_applied(
    mine: PipelineSettings, writer: httpx.AsyncClient, own_redis: RedisProcess
) -> None:
    with own_redis.paused():
        started = time.monotonic()
        refused = await writer.put("/products/refused", json=MUG)
        assert refused.status_code in (503, 504)
        assert (await writer.get("/ready")).status_code == 503
        assert time.monotonic() - started < 60

        async def again(_: int) -> float:
            started = time.monotonic()
            assert (await writer.put("/products/refused", json=MUG)).status_code == 503
            return time.monotonic() - started

        assert await within(STORE_TIMEOUT_MS / 1000, again)
    await until(partial(is_ready, writer))
    assert (await writer.put("/products/taken", json=MUG)).status_code == 200
    catalogue = await asyncio.to_thread(served, mine)
    assert catalogue is not None
    assert catalogue.get("taken") is not None
    assert catalogue.get("refused") is None


async def test_a_change_whose_deadline_passes_in_the_queue_is_never_applied(
    mine: PipelineSettings, writer: httpx.AsyncClient, encoder: EncoderDouble
) -> None:
    is_encoding, may_go_on = threading.Event(), threading.Event()

    def hold(_: int) -> None:
        is_encoding.set()
        may_go_on.wait(30)

    encoder.before_each = hold
    slow = asyncio.create_task(writer.put("/products/slow", json=MUG | {"title": "Another"}))
    await until(is_encoding.is_set)
    late = await writer.put("/products/late", json=MUG, headers={"X-Deadline-Ms": "600"})
    assert late.status_code == 504
    may_go_on.set()
    assert (await slow).status_code == 200
    assert (await writer.delete("/products/p-002")).status_code == 200
    catalogue = await asyncio.to_thread(served, mine)
    assert catalogue is not None
    assert catalogue.get("late") is None
    assert catalogue.get("slow") is not None


async def test_a_disk_that_takes_nothing_refuses_changes_and_says_so(
    mine: PipelineSettings, writer: httpx.AsyncClient
) -> None:
    drafts = mine.feature_store / "offline" / ".drafts"
    shutil.rmtree(drafts, ignore_errors=True)
    drafts.symlink_to("/proc")  # even root can write no file there
    refused = await writer.put("/products/refused", json=MUG)
    assert refused.status_code == 503
    assert "offline store cannot be written" in refused.json()["detail"]
    drafts.unlink()
    await until(partial(is_ready, writer))
    assert (await writer.put("/products/taken", json=MUG)).status_code == 200
    catalogue = await asyncio.to_thread(served, mine)
    assert catalogue is not None
    assert (catalogue.get("refused"), catalogue.get("taken") is None) == (None, False)


async def test_a_second_writer_with_another_offline_store_is_refused(
    mine: PipelineSettings, writer: httpx.AsyncClient, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    await asyncio.to_thread(shutil.copytree, mine.feature_store, other)
    assert (await writer.put("/products/mug", json=MUG)).status_code == 200
    app = create_app(WriterSettings(), mine.model_copy(update={"feature_store": other}))
    async with (
        LifespanManager(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://second") as second,
    ):
        refused = await second.put("/products/mug", json=MUG | {"title": "Not this"})
    assert refused.status_code == 503
    assert "newer" in refused.json()["detail"]
    catalogue = await asyncio.to_thread(served, mine)
    assert catalogue is not None
    mug = catalogue.get("mug")
    assert mug is not None
    assert mug.title == MUG["title"]


@pytest.fixture
def command(mine: PipelineSettings, monkeypatch: pytest.MonkeyPatch) -> PipelineSettings:
    monkeypatch.setenv("PIPELINE_FEATURE_STORE", str(mine.feature_store))
    monkeypatch.setenv("PIPELINE_MEDIA_DIR", str(mine.media_dir))
    return mine


def test_verify_finds_what_differs_and_rebuild_mends_it(
    command: PipelineSettings, own_redis: RedisProcess, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["delete", "p-003"]) == 0
    assert main(["verify"]) == 0
    assert "the stores agree" in capsys.readouterr().out
    own_redis.empty()
    assert main(["verify"]) == 5
    said = capsys.readouterr().out
    for view in (HEAD_VIEW, CHANGE_VIEW, METADATA_VIEW, VECTOR_VIEW):
        assert f"× {view}" in said
    assert main(["rebuild"]) == 0
    assert main(["verify"]) == 0
    assert main(["rebuild", "--all"]) == 0
    assert main(["verify"]) == 0
    catalogue = served(command)
    assert catalogue is not None
    assert (catalogue.info.products, catalogue.get("p-003")) == (3, None)


def test_rebuild_from_an_older_offline_store_must_be_forced(
    command: PipelineSettings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["delete", "p-000"]) == 0
    offline = command.feature_store / "offline"
    shutil.copytree(offline, tmp_path / "backup")
    assert main(["delete", "p-001"]) == 0
    shutil.rmtree(offline)
    shutil.copytree(tmp_path / "backup", offline)
    assert main(["rebuild"]) == 5
    assert "--force" in capsys.readouterr().err
    assert main(["rebuild", "--force"]) == 0
    assert main(["verify"]) == 0
    catalogue = served(command)
    assert catalogue is not None
    assert catalogue.get("p-000") is None
    assert catalogue.get("p-001") is not None


def test_a_torn_part_is_named(
    command: PipelineSettings, capsys: pytest.CaptureFixture[str]
) -> None:
    part = next(OfflineStore(command.feature_store / "offline").parts(HEAD_VIEW))
    part.write_bytes(part.read_bytes()[:-20])
    assert main(["verify"]) == 5
    assert part.name in capsys.readouterr().out
    assert main(["delete", "p-000"]) == 3
    assert part.name in capsys.readouterr().err
