"""A sweep, a change or a load that is killed at any of its steps loses nothing."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from services.pipeline.catalogue.changes import delete
from services.pipeline.catalogue.ledger import Ledger
from services.pipeline.catalogue.offline_store import OfflineStore
from services.pipeline.catalogue.online_store import OnlineStore
from services.pipeline.catalogue.store_work import rebuild, sweep, verify_stores
from services.pipeline.settings import PipelineSettings
from tests.integration.pipeline.conftest import load, read_catalogue
from tests.integration.pipeline.test_changes import upsert
from tests.support.feast_repository import write_feature_repo
from tests.support.killed_at import killed_at
from tests.support.product_feed import product_rows, write_feed
from tests.support.redis_server import RedisProcess

EVERY = pytest.mark.parametrize("every", [7, pytest.param(1, marks=pytest.mark.long)])
"""Killed at every seventh step, or at each."""


@pytest.fixture
def changed(
    settings: PipelineSettings, own_redis: RedisProcess, tmp_path: Path
) -> PipelineSettings:
    """Three versions and some changes: each kind of row has something to be removed."""
    repo = write_feature_repo(tmp_path / "own", own_redis.address)
    changed = settings.model_copy(update={"feature_store": repo})
    rows = product_rows(9)
    for version in ("First", "Second"):
        feed = write_feed(tmp_path / "feed.csv", [row | {"title": version} for row in rows])
        load(feed, changed)
    for number in range(3):
        upsert(tmp_path, [rows[number] | {"title": f"Changed {number}"}], changed)
    delete(["p-005", "p-006"], changed)
    return changed


class Snapshot:
    """Both stores as they are now, to begin again from."""

    def __init__(self, settings: PipelineSettings, folder: Path) -> None:
        self._offline = settings.feature_store / "offline"
        self._copy = folder / "snapshot"
        shutil.copytree(self._offline, self._copy)
        self._client = OnlineStore(settings.feature_store).keys._client
        self._keys = {key: self._client.dump(key) for key in self._client.scan_iter()}

    def restore(self) -> None:
        shutil.rmtree(self._offline)
        shutil.copytree(self._copy, self._offline)
        self.restore_redis()

    def restore_redis(self) -> None:
        self._client.flushall()
        with self._client.pipeline() as pipe:
            for key, value in self._keys.items():
                pipe.restore(key, 0, value)
            pipe.execute()


def products(settings: PipelineSettings) -> dict[str, object]:
    catalogue = read_catalogue(settings.feature_store)
    ids = [f"p-{number:03}" for number in range(20)]
    return {one: catalogue.get(one) for one in ids}


def entries(settings: PipelineSettings) -> dict[str, object]:
    """The rows of each head in Parquet, as a rebuild would read them."""
    ledger = Ledger(OfflineStore(settings.feature_store / "offline"))
    ledger.refresh()
    return {name: ledger.entries(one.head) for name, one in ledger.heads()}


@EVERY
def test_a_sweep_killed_at_any_step_loses_nothing(
    changed: PipelineSettings, own_redis: RedisProcess, tmp_path: Path, every: int
) -> None:
    wanted, listed = products(changed), entries(changed)
    snapshot = Snapshot(changed, tmp_path)
    steps = 1
    while killed_at(steps, lambda: sweep(changed, grace_s=0)):
        assert entries(changed) == listed, f"step {steps}"
        assert products(changed) == wanted, f"step {steps}"
        if steps % max(10, 2 * every) == 1:
            sweep(changed, grace_s=0)
            assert not verify_stores(changed).faults
            own_redis.empty()
            rebuild(changed, lambda _: None)
            assert products(changed) == wanted, f"rebuilt after step {steps}"
        snapshot.restore()
        steps += every
    assert steps > 20


@pytest.mark.parametrize(
    ("command", "every"),
    [
        ("delete", 7),
        ("load", 13),
        *(pytest.param(command, 1, marks=pytest.mark.long) for command in ("delete", "load")),
    ],
)
def test_a_change_killed_at_any_step_is_made_as_a_whole_or_not_at_all(
    changed: PipelineSettings, own_redis: RedisProcess, tmp_path: Path, command: str, every: int
) -> None:
    rows = product_rows(9)
    feed = write_feed(tmp_path / "third.csv", [row | {"title": "Third"} for row in rows])

    def work() -> object:
        return delete(["p-000", "p-001"], changed) if command == "delete" else load(feed, changed)

    snapshot = Snapshot(changed, tmp_path)
    before = products(changed)
    work()
    after = products(changed)
    snapshot.restore()
    steps = 1
    outcomes = []
    while killed_at(steps, work):
        committed = next(iter(entries(changed).values()))
        # The next command repairs Redis, as a writer does.
        rebuild(changed, lambda _: None)
        now = products(changed)
        assert now in (before, after), f"step {steps}"
        outcomes.append(now == after)
        steps += every
        assert not verify_stores(changed).faults, f"step {steps}"
        assert next(iter(entries(changed).values())) == committed
        snapshot.restore()
    assert steps > 10
    assert outcomes == sorted(outcomes), "once it is committed it stays so"
    assert {True, False} == set(outcomes)
