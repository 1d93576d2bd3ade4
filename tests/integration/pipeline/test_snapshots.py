"""A snapshot of the Parquet parts stays readable while they are changed, merged and swept."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from multiprocessing.synchronize import Event
from pathlib import Path

import numpy as np
import pytest

from services.contracts.synonyms import Synonym
from services.pipeline.catalogue.backup import backup, checked, restore
from services.pipeline.catalogue.changes import delete, roll_back
from services.pipeline.catalogue.ledger import Ledger
from services.pipeline.catalogue.lock import only_writer
from services.pipeline.catalogue.offline_store import OfflineStore
from services.pipeline.catalogue.snapshots import (
    _link_moment,
    remove_abandoned,
    snapshot,
    snapshot_folder,
)
from services.pipeline.catalogue.store_work import sweep
from services.pipeline.catalogue.synonyms import publish_synonyms, published_synonyms
from services.pipeline.settings import PipelineSettings
from services.pipeline.training.published import products_in, published_products, titles
from tests.integration.pipeline.conftest import load
from tests.integration.pipeline.test_changes import upsert
from tests.support.product_feed import product_rows, write_feed


@pytest.fixture
def changed(settings: PipelineSettings, tmp_path: Path) -> PipelineSettings:
    rows = product_rows(6)
    load(write_feed(tmp_path / "feed.csv", rows), settings)
    for number in range(3):
        upsert(tmp_path, [rows[number] | {"title": f"Changed {number}"}], settings)
    return settings


def test_training_reads_one_state_while_the_parts_are_swept_away(
    changed: PipelineSettings,
) -> None:
    offline = changed.feature_store / "offline"
    before = published_products(offline)
    with snapshot(offline) as store:
        delete(["p-001"], changed)
        sweep(changed, grace_s=0)
        during = products_in(store)
    assert during.ids == before.ids
    np.testing.assert_array_equal(during.text, before.text)
    assert "p-001" not in published_products(offline).ids
    assert not list(offline.glob(".snapshot-*"))


def test_backups_at_the_same_time_do_not_disturb_each_other(
    changed: PipelineSettings, tmp_path: Path
) -> None:
    offline = changed.feature_store / "offline"
    with snapshot(offline) as store:
        backup(changed, tmp_path / "one")
        sweep(changed, grace_s=0)
        during = products_in(store)
    assert during.ids == published_products(offline).ids
    assert checked(tmp_path / "one").products == 6


def test_nobody_who_only_reads_waits_for_a_load(changed: PipelineSettings) -> None:
    offline = changed.feature_store / "offline"
    with only_writer(offline):  # as a load does for its whole run
        with snapshot(offline, wait_s=0) as store:
            products_in(store)
        assert len(published_products(offline).ids) == 6
        assert titles(offline, ["p-001"]) == {"p-001": "Changed 1"}


class Interrupted(OfflineStore):
    """At one of its lists, another process works before the caller goes on."""

    def __init__(self, folder: Path, at: int, work: Callable[[], None]) -> None:
        super().__init__(folder)
        self.lists = 0
        self._at = at
        self._work = work

    def parts(self, view: str) -> Iterator[Path]:
        listed = list(super().parts(view))
        self.lists += 1
        if self.lists == self._at:
            self._work()
        yield from listed


def test_a_snapshot_is_whole_or_made_again_whenever_another_process_sweeps(
    changed: PipelineSettings, tmp_path: Path
) -> None:
    offline = changed.feature_store / "offline"
    again = 0
    for at in range(1, 11):

        def work(title: str = f"Interrupted {at}") -> None:
            upsert(tmp_path, [product_rows(1)[0] | {"title": title}], changed)
            sweep(changed, grace_s=0)

        store = Interrupted(offline, at, work)
        with snapshot_folder(offline) as folder:
            if not _link_moment(store, folder):
                again += 1
                assert _link_moment(store, folder)
            products = products_in(OfflineStore(folder))
        assert len(products.ids) == 6
    assert 0 < again < 10


def _write_and_sweep(settings: PipelineSettings, folder: Path, ended: Event) -> None:
    """Change, merge and sweep without rest, nothing spared."""
    rows = product_rows(6)
    number = 0
    while not ended.is_set():
        upsert(folder, [rows[number % 6] | {"title": f"Round {number}"}], settings)
        sweep(settings, grace_s=0)
        number += 1


def test_each_snapshot_is_whole_while_another_process_changes_and_sweeps(
    changed: PipelineSettings, tmp_path: Path
) -> None:
    offline = changed.feature_store / "offline"
    context = multiprocessing.get_context("spawn")
    ended = context.Event()
    process = context.Process(target=_write_and_sweep, args=(changed, tmp_path, ended))
    process.start()
    try:
        seen: set[datetime] = set()
        while len(seen) < 4 and process.is_alive():
            with snapshot(offline) as store:
                ledger = Ledger(store)
                ledger.refresh()
                head = ledger.head()
                products = products_in(store)
            assert head is not None
            assert len(products.ids) == 6
            seen.add(head.timestamp)
        assert process.is_alive()
    finally:
        ended.set()
        process.join(60)
    assert process.exitcode == 0
    assert not list(offline.glob(".snapshot-*"))


def test_a_sweep_spares_a_snapshot_that_is_being_made_and_one_that_is_ending(
    changed: PipelineSettings,
) -> None:
    offline = changed.feature_store / "offline"
    ended = threading.Event()

    def remove() -> None:
        while not ended.is_set():
            remove_abandoned(offline)

    with ThreadPoolExecutor(1) as pool:
        removing = pool.submit(remove)
        try:
            for _ in range(40):
                with snapshot_folder(offline) as folder:
                    (folder / "links").mkdir()
        finally:
            ended.set()
        removing.result()
    remove_abandoned(offline)
    assert not list(offline.glob(".snapshot-*"))


def test_a_sweep_removes_the_links_that_backups_of_an_earlier_release_left(
    changed: PipelineSettings,
) -> None:
    left = changed.feature_store / "offline" / ".backup-0123abcd"
    (left / "offline").mkdir(parents=True)
    (left / "offline" / "part.parquet").write_bytes(b"PAR1")
    with only_writer(left):
        sweep(changed)
        assert left.is_dir()
    sweep(changed)
    assert not left.exists()


def _hold(offline: Path, holding: Event) -> None:
    with snapshot_folder(offline):
        holding.set()
        os.kill(os.getpid(), signal.SIGKILL)


def test_the_links_of_a_killed_backup_are_swept(changed: PipelineSettings) -> None:
    offline = changed.feature_store / "offline"
    context = multiprocessing.get_context("fork")
    holding = context.Event()
    process = context.Process(target=_hold, args=(offline, holding))
    process.start()
    process.join(60)
    assert holding.is_set()
    assert list(offline.glob(".snapshot-*"))
    sweep(changed, dry_run=True)
    assert list(offline.glob(".snapshot-*"))
    sweep(changed)
    assert not list(offline.glob(".snapshot-*"))


def test_a_backup_brings_the_synonyms_back_and_a_rollback_leaves_them(
    changed: PipelineSettings, tmp_path: Path
) -> None:
    def words() -> list[list[str]]:
        return [one.words for one in published_synonyms(changed).all()]

    publish_synonyms([Synonym(words=["mug", "cup"])], changed)
    backup(changed, tmp_path / "backup")
    publish_synonyms([Synonym(words=["pot", "kettle"])], changed)
    restore(changed, tmp_path / "backup")
    assert words() == [["mug", "cup"]]
    roll_back(changed)
    assert words() == [["mug", "cup"]]
