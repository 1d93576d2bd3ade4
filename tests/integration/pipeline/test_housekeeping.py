"""The writer tidies up while changes go on, and never removes what another process published."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pytest

from services.common.client import ServiceClient
from services.common.context import Deadline
from services.contracts.catalogue import (
    CHANGE_VIEW,
    METADATA_VIEW,
    PRODUCT_KEY,
    SHARD_VIEW,
    VECTOR_VIEW,
)
from services.pipeline.catalogue.compaction import ROWS_PER_PART, small_parts
from services.pipeline.catalogue.kept import KEY_COLUMNS
from services.pipeline.catalogue.offline_store import OfflineStore
from services.pipeline.catalogue.schemas import SCHEMAS
from services.pipeline.catalogue.store_work import verify_stores
from services.pipeline.catalogue.stores import Stores, open_stores
from services.pipeline.settings import PipelineSettings
from services.writer.change import Change, answer_of
from services.writer.housekeeping import MERGE_AT, Housekeeper
from services.writer.keeper import StoreKeeper
from services.writer.settings import WriterSettings
from services.writer.writer import LiveWriter
from tests.integration.pipeline.conftest import Serve, load, titles
from tests.integration.pipeline.test_changes import upsert
from tests.support.product_feed import product_rows, write_feed
from tests.support.waiting import until

ENOUGH_FOR_A_SWEEP = 5_000
"""Rows written, after which a sweep is due although changes never pause."""


def change(keeper: StoreKeeper, housekeeper: Housekeeper, stores: Stores, rows: int = 1) -> None:
    """A change of one product, reported as one of so many."""
    entry = ("p-001", *keeper.entries()["p-001"])
    published = stores.publisher_of(keeper.ledger.served().head).change([entry])
    keeper.wrote(published, [entry])
    housekeeper.wrote(published, [entry] * rows)


def write_full_parts(offline: OfflineStore, view: str) -> set[Path]:
    """Parts that merges filled with rows that a sweep removes, too many and all below 256 kB."""
    before = set(offline.parts(view))
    for _ in range(MERGE_AT):
        rows: list[dict[str, object]] = [
            {name: f"gone-{uuid.uuid4().hex}" for name in KEY_COLUMNS[view]}
            | {"product_ids": [], "vector_fingerprints": [], "metadata_fingerprints": []}
            | {"event_timestamp": datetime.now(UTC)}
            for _ in range(ROWS_PER_PART[view])
        ]
        offline.write(view, pa.Table.from_pylist(rows, SCHEMAS[view]))
    assert len(offline.small_parts(view)) >= MERGE_AT
    return set(offline.parts(view)) - before


@pytest.mark.parametrize("view", [CHANGE_VIEW, SHARD_VIEW])
def test_a_sweep_begins_and_ends_while_changes_never_pause_and_small_parts_are_full(
    settings: PipelineSettings, tmp_path: Path, view: str
) -> None:
    load(write_feed(tmp_path / "feed.csv", product_rows(4)), settings)
    keeper = StoreKeeper(settings.feature_store, timeout_s=60)
    housekeeper = Housekeeper(keeper, settings, pause_s=0.0)
    full = write_full_parts(keeper.offline, view)
    with keeper.writing() as stores:
        for _ in range(3):
            change(keeper, housekeeper, stores)
            housekeeper.step(stores)
        assert full <= set(keeper.offline.parts(view)), "full parts are not written again"
        change(keeper, housekeeper, stores, rows=ENOUGH_FOR_A_SWEEP)
        housekeeper.step(stores)
        assert housekeeper.is_sweeping
        steps = 0
        while housekeeper.is_sweeping:
            change(keeper, housekeeper, stores)
            housekeeper.step(stores)
            steps += 1
            assert steps < 300
        assert full.isdisjoint(keeper.offline.parts(view))
        assert len(small_parts(keeper.offline, view)) < MERGE_AT
    assert not verify_stores(settings).faults


def test_a_due_sweep_begins_before_a_merge(settings: PipelineSettings, tmp_path: Path) -> None:
    load(write_feed(tmp_path / "feed.csv", product_rows(4)), settings)
    keeper = StoreKeeper(settings.feature_store, timeout_s=60)
    housekeeper = Housekeeper(keeper, settings, pause_s=0.0)
    with keeper.writing() as stores:
        for _ in range(MERGE_AT):
            change(keeper, housekeeper, stores, rows=ENOUGH_FOR_A_SWEEP)
        assert len(small_parts(keeper.offline, CHANGE_VIEW)) >= MERGE_AT
        housekeeper.step(stores)
        assert housekeeper.is_sweeping
        housekeeper.step(stores)
        assert len(small_parts(keeper.offline, CHANGE_VIEW)) < MERGE_AT


@contextmanager
def damaged_part(offline: OfflineStore, view: str) -> Iterator[None]:
    """A part that cannot be read, until the end."""
    part = offline.folder / view / "part-99999999T000000-damaged.parquet"
    part.write_bytes(b"PAR1")
    try:
        yield
    finally:
        part.unlink(missing_ok=True)


@pytest.mark.parametrize("view", SCHEMAS)
@pytest.mark.parametrize("sweeping", [False, True])
def test_a_step_that_meets_a_damaged_part_logs_it_and_a_later_one_succeeds(
    settings: PipelineSettings,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    view: str,
    sweeping: bool,
) -> None:
    load(write_feed(tmp_path / "feed.csv", product_rows(4)), settings)
    keeper = StoreKeeper(settings.feature_store, timeout_s=60)
    housekeeper = Housekeeper(keeper, settings, pause_s=0.0)
    with keeper.writing() as stores:
        for _ in range(3 if sweeping else 0):
            housekeeper.step(stores)
    assert housekeeper.is_sweeping == sweeping
    upsert(tmp_path, product_rows(5)[4:], settings)  # the writer gives up its sweep
    with keeper.writing() as stores:
        with damaged_part(keeper.offline, view):
            for _ in range(60):
                housekeeper.step(stores)
                housekeeper.due()
                # Two, since the next step must begin again.
                if caplog.text.count("the stores were not tidied up") >= 2:
                    break
            assert "the stores were not tidied up" in caplog.text
        for _ in range(60):
            housekeeper.step(stores)
    assert not verify_stores(settings).faults


def test_a_load_between_two_steps_survives_though_the_writer_wrote_after_it(
    settings: PipelineSettings, tmp_path: Path, serve: Serve
) -> None:
    rows = product_rows(6)
    for title in ("Before", "Now"):
        feed = [row | {"title": title} for row in rows[:4]]
        load(write_feed(tmp_path / "feed.csv", feed), settings)
    keeper = StoreKeeper(settings.feature_store, timeout_s=60)
    housekeeper = Housekeeper(keeper, settings, pause_s=0.0)
    with keeper.writing() as stores:
        for _ in range(3):
            housekeeper.step(stores)
    assert housekeeper.is_sweeping
    upsert(tmp_path, rows[4:], settings)
    with keeper.writing() as stores:
        housekeeper.look()
        change(keeper, housekeeper, stores)
        for _ in range(200):
            housekeeper.step(stores)
    assert not verify_stores(settings).faults
    assert titles(serve(), "p-001", "p-004", "p-005") == ["Now", "Product 4", "Product 5"]


@pytest.mark.parametrize("before", [0, 4])
def test_a_load_that_is_published_during_a_look_is_no_trouble(
    settings: PipelineSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, before: int
) -> None:
    if before:
        load(write_feed(tmp_path / "feed.csv", product_rows(before)), settings)
    keeper = StoreKeeper(settings.feature_store, timeout_s=60)
    keeper.check()
    refresh = keeper.ledger.refresh

    def look_at_the_offline_store() -> None:
        refresh()
        monkeypatch.undo()
        load(write_feed(tmp_path / "feed.csv", product_rows(before + 1)), settings)

    monkeypatch.setattr(keeper.ledger, "refresh", look_at_the_offline_store)
    keeper.check()
    assert keeper.trouble is None
    assert keeper.ledger.served().head.products == before + 1


async def test_the_running_writer_gives_up_its_sweep_before_it_writes_after_another_process(
    settings: PipelineSettings, tmp_path: Path
) -> None:
    """The other process publishes while a sweep waits for its next step, and a change waits too."""
    await asyncio.to_thread(load, write_feed(tmp_path / "feed.csv", product_rows(4)), settings)
    own = WriterSettings(encoder_wait_s=60, sweep_pause_s=0.05)
    async with (
        ServiceClient("encoder", settings.encoder_url, timeout_s=60) as encoder,
        LiveWriter(own, settings, encoder) as writer,
    ):
        await until(lambda: writer.checked)
        housekeeper = writer._housekeeper
        while True:
            await writer.make(_price("p-003"))  # so that a sweep is due
            await until(lambda: housekeeper.is_sweeping and _knows_changes(housekeeper))
            opening = open_stores(settings.feature_store, mend=False)
            stores = await asyncio.to_thread(opening.__enter__)
            try:
                if not housekeeper.is_sweeping:  # it ended before the lock was taken
                    continue
                await asyncio.to_thread(_publish, stores)
                ours = _price("p-002")
                writer.enqueue([ours])
                await until(lambda: writer._waiting.bulk == 0)
            finally:
                await asyncio.to_thread(opening.__exit__, None, None, None)
            await answer_of(ours)
            break
        await until(lambda: not housekeeper.is_sweeping)
    assert not (await asyncio.to_thread(verify_stores, settings)).faults


def _price(product_id: str) -> Change:
    return Change(product_id, Deadline.after_ms(60_000), patch={"price": 3.5})


def _knows_changes(housekeeper: Housekeeper) -> bool:
    """True if the sweep has read what is kept, so that it must learn of later changes."""
    sweep = housekeeper._sweep
    return sweep is not None and bool(sweep._kept_keys)


def _publish(stores: Stores) -> None:
    """A product that another process adds, with rows of its own."""
    ledger = stores.ledger()
    published = ledger.head()
    assert published is not None
    stores.clock.has_seen(published.timestamp)
    for view in (VECTOR_VIEW, METADATA_VIEW):
        row = stores.offline.read(view, [stores.offline.index(view).latest["p-001"]])
        row = row.set_column(0, row.schema.field(PRODUCT_KEY), [["p-new"]])
        stores.offline.write(view, row)
        stores.online.write(view, row)
    entry = ("p-new", *ledger.entries(published.head)["p-001"])
    stores.publisher_of(published.head).change([entry])
