"""Faults of disk, clock, registry and Redis, with the real thing where the machine allows it."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import httpx
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import redis

from services.contracts.catalogue import CHANGE_VIEW, HEAD_VIEW, METADATA_VIEW
from services.pipeline.catalogue.changes import delete
from services.pipeline.catalogue.lock import only_writer
from services.pipeline.catalogue.offline_store import OfflineStore
from services.pipeline.catalogue.store_work import sweep, verify_stores
from services.pipeline.settings import PipelineSettings
from services.retriever.catalogue.catalogue import Catalogue
from services.retriever.errors import CatalogueError
from services.writer.writer import CHECK_IN_TROUBLE_S
from tests.integration.pipeline.conftest import load, read_catalogue, titles, writing
from tests.integration.pipeline.test_sweeping import MERGE
from tests.support.feast_repository import write_feature_repo
from tests.support.product_feed import product_rows, write_feed
from tests.support.redis_server import RedisProcess
from tests.support.waiting import until

FAKETIME = next(iter(Path("/usr/lib").glob("*/faketime/libfaketime.so.1")), None)

DELETE_AND_SWEEP = """
import sys
from services.pipeline.cli import main
sys.exit(main(["delete", sys.argv[1]]) or main(["sweep"]))
"""


@pytest.fixture
def mine(settings: PipelineSettings, own_redis: RedisProcess, tmp_path: Path) -> PipelineSettings:
    """Six products in a store of the test's own."""
    repo = write_feature_repo(tmp_path / "own", own_redis.address)
    mine = settings.model_copy(update={"feature_store": repo})
    load(write_feed(tmp_path / "feed.csv", product_rows(6)), mine)
    return mine


@pytest.fixture
def small_disk(mine: PipelineSettings) -> Iterator[Path]:
    """The offline store on a file system of its own, of 1 MB."""
    offline = mine.feature_store / "offline"
    kept = mine.feature_store / "kept"
    offline.rename(kept)
    offline.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(offline)]
    if subprocess.run(command, check=False, capture_output=True).returncode != 0:
        pytest.skip("no file system can be mounted here")
    shutil.copytree(kept, offline, dirs_exist_ok=True)
    yield offline
    subprocess.run(["umount", "-l", str(offline)], check=True)


def fill(file: Path) -> None:
    """Write until the disk takes no more."""
    with suppress(OSError), file.open("wb", buffering=0) as out:
        while True:
            out.write(bytes(4_096))


async def remount(folder: Path, how: str) -> None:
    """Read-only is refused for as long as somebody writes."""

    async def is_done() -> bool:
        command = ["mount", "-o", f"remount,{how}", str(folder)]
        done = await asyncio.to_thread(subprocess.run, command, check=False, capture_output=True)
        return done.returncode == 0

    await until(is_done)


def served(settings: PipelineSettings) -> Catalogue | None:
    try:
        return read_catalogue(settings.feature_store)
    except CatalogueError:
        return None


def told(server: RedisProcess, **settings: str) -> None:
    with closing(redis.Redis(host=server.address.host, port=server.address.port)) as client:
        for name, value in settings.items():
            client.config_set(name.replace("_", "-"), value)


def used(server: RedisProcess) -> int:
    with closing(redis.Redis(host=server.address.host, port=server.address.port)) as client:
        told: Any = client.info("memory")
        return int(told["used_memory"])


async def is_ready(writer: httpx.AsyncClient) -> bool:
    return (await writer.get("/ready")).status_code == 200


async def stays_unready(writer: httpx.AsyncClient) -> None:
    """For as long as three looks of the writer at its stores take."""
    until_s = time.monotonic() + 3 * CHECK_IN_TROUBLE_S
    while time.monotonic() < until_s:
        assert (await writer.get("/ready")).status_code == 503
        await asyncio.sleep(0.05)


async def put(writer: httpx.AsyncClient, product_id: str, title: str = "A mug") -> int:
    return (await writer.put(f"/products/{product_id}", json={"title": title})).status_code


async def agrees(settings: PipelineSettings, *, there: set[str], missing: set[str]) -> None:
    """The stores agree, what was acknowledged is there, and what was refused is not."""
    report = await asyncio.to_thread(verify_stores, settings)
    assert not report.faults
    catalogue = await asyncio.to_thread(served, settings)
    assert catalogue is not None
    assert {one for one in there if catalogue.get(one) is None} == set()
    assert {one for one in missing if catalogue.get(one) is not None} == set()


async def test_a_full_disk_refuses_changes_until_there_is_room(
    mine: PipelineSettings, small_disk: Path
) -> None:
    async with writing(mine) as writer:
        assert await put(writer, "first") == 200
        filler = small_disk / "filler"
        await asyncio.to_thread(fill, filler)
        refused = set()
        for number in range(5):
            assert await put(writer, f"refused-{number}") == 503
            refused.add(f"refused-{number}")
        await stays_unready(writer)
        assert "No space" in (await writer.get("/ready")).text
        filler.unlink()
        await until(lambda: is_ready(writer))
        assert await put(writer, "last") == 200
    await agrees(mine, there={"first", "last"}, missing=refused)


async def test_a_disk_that_turns_read_only_refuses_changes(
    mine: PipelineSettings, small_disk: Path
) -> None:
    async with writing(mine) as writer:
        assert await put(writer, "first") == 200
        await remount(small_disk, "ro")
        assert await put(writer, "refused") == 503
        await stays_unready(writer)
        await remount(small_disk, "rw")
        await until(lambda: is_ready(writer))
        assert await put(writer, "last") == 200
    await agrees(mine, there={"first", "last"}, missing={"refused"})


async def test_an_error_that_nobody_foresaw_does_not_end_the_writer(
    mine: PipelineSettings, caplog: pytest.LogCaptureFixture
) -> None:
    heads = OfflineStore(mine.feature_store / "offline")
    async with writing(mine) as writer:
        assert await put(writer, "first") == 200
        part = list(heads.parts(HEAD_VIEW))[-1]
        table = pq.read_table(part, partitioning=None)
        ranking = pa.array(["no ranking"] * len(table), table.schema.field("ranking").type)
        place = table.schema.get_field_index("ranking")
        unreadable = part.with_name("unreadable.parquet")
        pq.write_table(table.set_column(place, "ranking", ranking), unreadable)
        await until(lambda: "broke the writer's round" in caplog.text)
        assert await put(writer, "refused") == 500
        unreadable.unlink()
        assert (await writer.get("/health")).status_code == 200
        assert await put(writer, "last") == 200
    await agrees(mine, there={"first", "last"}, missing={"refused"})


async def test_redis_out_of_memory_refuses_changes_and_applies_none_of_them_later(
    mine: PipelineSettings, own_redis: RedisProcess
) -> None:
    async with writing(mine) as writer:
        assert await put(writer, "first") == 200
        told(own_redis, maxmemory_policy="noeviction", maxmemory=str(used(own_redis) // 2))
        assert await put(writer, "refused") == 503
        await stays_unready(writer)
        assert "maxmemory" in (await writer.get("/ready")).text
        told(own_redis, maxmemory="0")
        await until(lambda: is_ready(writer))
        assert await put(writer, "last") == 200
    await agrees(mine, there={"first", "last"}, missing={"refused"})


async def test_redis_that_became_a_replica_refuses_changes_and_says_so(
    mine: PipelineSettings, own_redis: RedisProcess
) -> None:
    with closing(redis.Redis(host=own_redis.address.host, port=own_redis.address.port)) as client:
        async with writing(mine) as writer:
            assert await put(writer, "first") == 200
            client.replicaof("127.0.0.1", 1)
            assert await put(writer, "refused") == 503
            await stays_unready(writer)
            assert "read only replica" in (await writer.get("/ready")).text
            client.replicaof("NO", "ONE")
            await until(lambda: is_ready(writer))
            assert await put(writer, "last") == 200
    await agrees(mine, there={"first", "last"}, missing={"refused"})


async def test_a_writer_is_ready_as_soon_as_redis_is_though_a_load_holds_the_lock(
    mine: PipelineSettings, own_redis: RedisProcess
) -> None:
    with closing(redis.Redis(host=own_redis.address.host, port=own_redis.address.port)) as client:
        async with writing(mine) as writer:
            client.replicaof("127.0.0.1", 1)
            assert await put(writer, "refused") == 503
            with only_writer(mine.feature_store / "offline"):
                await stays_unready(writer)
                client.replicaof("NO", "ONE")
                await until(lambda: is_ready(writer))
            assert await put(writer, "last") == 200
    await agrees(mine, there={"last"}, missing={"refused"})


async def test_rows_that_redis_evicts_come_back_as_soon_as_there_is_room(
    mine: PipelineSettings, own_redis: RedisProcess
) -> None:
    async with writing(mine) as writer:
        assert await put(writer, "first") == 200
        told(own_redis, maxmemory_policy="allkeys-random", maxmemory=str(used(own_redis) // 2))
        await put(writer, "perhaps")
        told(own_redis, maxmemory="0", maxmemory_policy="noeviction")
        await until(lambda: is_ready(writer))
        assert await put(writer, "last") == 200
    await agrees(mine, there={"first", "last"}, missing=set())


async def test_two_writers_on_one_store_take_turns(mine: PipelineSettings) -> None:
    async with writing(mine) as one, writing(mine) as other:
        await until(lambda: is_ready(one))
        await until(lambda: is_ready(other))
        answers = await asyncio.gather(
            *(
                put(writer, f"{name}-{number}")
                for number in range(8)
                for name, writer in (("one", one), ("other", other))
            )
        )
        acknowledged = {
            f"{name}-{number}"
            for (number, name), status in zip(
                ((number, name) for number in range(8) for name in ("one", "other")),
                answers,
                strict=True,
            )
            if status == 200
        }
        assert len(acknowledged) > 8, answers
        for writer in (one, other):
            patched = await writer.patch("/products/one-0", json={"price": 2}, headers=MERGE)
            assert patched.status_code == 200, patched.text
    await agrees(mine, there=acknowledged, missing=set())


async def is_stored(writer: httpx.AsyncClient, product_id: str) -> bool:
    return await put(writer, product_id) == 200


@pytest.mark.parametrize("left", [None, b"", bytes(4_096), "half"])
async def test_a_registry_that_is_lost_or_torn_is_written_again(
    mine: PipelineSettings, left: bytes | str | None
) -> None:
    """Feast does not sync its file, so a loss of power can leave any part of it."""
    registry = mine.feature_store / "registry.db"
    async with writing(mine) as writer:
        assert await put(writer, "first") == 200
        if left is None:
            registry.unlink()
        else:
            whole = registry.read_bytes()
            registry.write_bytes(whole[: len(whole) // 2] if isinstance(left, str) else left)
        assert await put(writer, "second") in (200, 503)
        if left is not None:
            await until(lambda: is_stored(writer, "third"))
    async with writing(mine) as writer:
        await until(lambda: is_ready(writer))
        assert await put(writer, "last") == 200
    await agrees(mine, there={"first", "last"}, missing=set())


@pytest.mark.skipif(FAKETIME is None, reason="libfaketime is not installed")
@pytest.mark.parametrize(
    "jumps", [("+1h", "-1h"), pytest.param(("-1h", "+0", "+1h"), marks=pytest.mark.long)]
)
def test_a_clock_that_jumps_loses_nothing(mine: PipelineSettings, jumps: tuple[str, ...]) -> None:
    for number, jump in enumerate(jumps):
        environment = {
            **os.environ,
            "LD_PRELOAD": str(FAKETIME),
            "FAKETIME": jump,
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "PIPELINE_FEATURE_STORE": str(mine.feature_store),
            "PIPELINE_MEDIA_DIR": str(mine.media_dir),
        }
        done = subprocess.run(
            [sys.executable, "-c", DELETE_AND_SWEEP, f"p-00{number}"],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
    delete(["p-005"], mine)
    sweep(mine)
    gone = {f"p-00{number}" for number in range(len(jumps))} | {"p-005"}
    catalogue = served(mine)
    assert catalogue is not None
    assert {f"p-00{n}" for n in range(6) if catalogue.get(f"p-00{n}") is None} == gone
    assert not verify_stores(mine).faults
    assert titles(catalogue, "p-004") == ["Product 4"]


async def test_what_is_acknowledged_would_survive_a_loss_of_power(
    mine: PipelineSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each part and then each folder with a new name was synced before the answer.

    A power cut of the device itself is not simulated here.
    """
    synced: list[int] = []
    fsync = os.fsync

    def noted(descriptor: int) -> None:
        fsync(descriptor)
        synced.append(os.fstat(descriptor).st_ino)

    monkeypatch.setattr(os, "fsync", noted)
    offline = OfflineStore(mine.feature_store / "offline")
    before = {view: set(offline.parts(view)) for view in (METADATA_VIEW, CHANGE_VIEW, HEAD_VIEW)}
    async with writing(mine) as writer:
        assert await put(writer, "first") == 200
        for view, known in before.items():
            new = set(offline.parts(view)) - known
            assert len(new) == 1
            part = synced.index(new.pop().stat().st_ino)
            assert (offline.folder / view).stat().st_ino in synced[part:], view
