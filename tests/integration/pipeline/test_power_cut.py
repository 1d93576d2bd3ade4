"""A loss of power at any moment loses nothing that was acknowledged.

Everything is killed at one instant, files and folders go back to their last sync, and Redis comes
back as it was, as it was some time before, or empty.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import pytest

from services.pipeline.catalogue.changes import delete
from services.pipeline.catalogue.store_work import rebuild, sweep, verify_stores
from services.pipeline.pictures.media import stored_picture
from services.pipeline.settings import PipelineSettings
from tests.integration.pipeline.conftest import load, read_catalogue
from tests.integration.pipeline.test_changes import upsert
from tests.integration.pipeline.test_killed_while_tidying import Snapshot
from tests.support.feast_repository import write_feature_repo
from tests.support.killed_at import killed_at
from tests.support.power_cut import Disk
from tests.support.product_feed import product_rows, write_feed
from tests.support.redis_server import RedisProcess


@pytest.fixture
def loaded(settings: PipelineSettings, own_redis: RedisProcess, tmp_path: Path) -> PipelineSettings:
    """All that must survive is in one folder, pictures too."""
    repo = write_feature_repo(tmp_path / "own", own_redis.address)
    loaded = settings.model_copy(update={"feature_store": repo, "media_dir": repo / "media"})
    load(write_feed(tmp_path / "feed.csv", product_rows(4)), loaded)
    return loaded


def state(settings: PipelineSettings) -> dict[str, object]:
    catalogue = read_catalogue(settings.feature_store)
    return {one: catalogue.get(one) for one in (f"p-{number:03}" for number in range(8))}


def work_of(settings: PipelineSettings, folder: Path) -> list[Callable[[], object]]:
    """Changes, with new folders and pictures, and a sweep between them."""
    rows = product_rows(8)
    return [
        lambda: upsert(folder, [rows[0] | {"title": "Changed"}, rows[5]], settings),
        lambda: delete(["p-001"], settings),
        lambda: sweep(settings, grace_s=0),
        lambda: upsert(folder, [rows[6]], settings),
    ]


@pytest.mark.parametrize("every", [11, pytest.param(1, marks=pytest.mark.long)])
def test_nothing_acknowledged_is_lost_with_the_power(
    loaded: PipelineSettings, own_redis: RedisProcess, tmp_path: Path, every: int
) -> None:
    steps_of_work = work_of(loaded, tmp_path)
    acknowledged = tmp_path / "acknowledged"
    before = Snapshot(loaded, tmp_path)
    folder, copy = loaded.feature_store, tmp_path / "copy"
    shutil.copytree(folder, copy)
    states = [state(loaded)]
    for work in steps_of_work:
        work()
        states.append(state(loaded))

    def everything() -> None:
        for work in steps_of_work:
            work()
            with acknowledged.open("ab") as out:
                out.write(b".")

    step, survived = 1, set()
    while True:
        own_redis.empty()
        shutil.rmtree(folder)
        shutil.copytree(copy, folder)
        before.restore()
        acknowledged.write_bytes(b"")
        disk = Disk(folder, tmp_path / f"notes-{step}")
        if not killed_at(step, everything, disk):
            break
        done = len(acknowledged.read_bytes())
        disk.after_power_cut(tmp_path / "left", names=step % 2 == 0)
        disk.close()
        shutil.rmtree(folder)
        (tmp_path / "left").rename(folder)
        if step % 3 == 1:
            own_redis.empty()
        elif step % 3 == 2:
            before.restore_redis()
        rebuild(loaded, lambda _: None)
        now = state(loaded)
        assert now in states[done : done + 2], f"step {step}, {done} acknowledged"
        assert not verify_stores(loaded).faults, f"step {step}"
        _check_pictures(loaded, now)
        survived.add(done)
        step += every
    assert survived == {0, 1, 2, 3}
    assert step > 50


@pytest.mark.parametrize(
    "steps",
    [
        pytest.param((1, 3, 5, 7, 19, 39), id="some"),
        pytest.param((*range(1, 9), *range(9, 60, 10)), id="more", marks=pytest.mark.long),
    ],
)
def test_the_first_load_survives_though_a_process_was_killed_before(
    settings: PipelineSettings, own_redis: RedisProcess, tmp_path: Path, steps: Sequence[int]
) -> None:
    """Folders that the first process made and did not sync are synced by the next one."""
    feed = write_feed(tmp_path / "feed.csv", product_rows(3))
    for step in steps:
        own_redis.empty()
        repo = write_feature_repo(tmp_path / f"own-{step}", own_redis.address)
        mine = settings.model_copy(update={"feature_store": repo, "media_dir": repo / "media"})
        disk = Disk(repo, tmp_path / f"notes-{step}")
        assert killed_at(step, partial(load, feed, mine), disk)
        assert not killed_at(10_000, partial(load, feed, mine), disk)
        disk.after_power_cut(tmp_path / "left")
        disk.close()
        shutil.rmtree(repo)
        (tmp_path / "left").rename(repo)
        own_redis.empty()
        rebuild(mine, lambda _: None)
        assert read_catalogue(repo).info.products == 3, f"step {step}"


def _check_pictures(settings: PipelineSettings, products: dict[str, object]) -> None:
    for product in products.values():
        url = getattr(product, "image_url", None)
        picture = stored_picture(url) if url else None
        if picture is not None:
            assert (settings.media_dir / picture.name).stat().st_size > 0, url
