"""Nothing grows without bound, and nothing that is needed is removed."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from services.contracts.catalogue import CHANGE_VIEW, HEAD_VIEW, METADATA_VIEW
from services.pipeline.catalogue.changes import delete, roll_back
from services.pipeline.catalogue.offline_store import OfflineStore
from services.pipeline.catalogue.online_store import OnlineStore
from services.pipeline.catalogue.schemas import SCHEMAS
from services.pipeline.catalogue.store_work import rebuild, sweep, verify_stores
from services.pipeline.catalogue.stores import open_stores
from services.pipeline.cli import main
from services.pipeline.errors import GateClosed
from services.pipeline.feeds import open_feed
from services.pipeline.load import load as load_feed
from services.pipeline.settings import PipelineSettings
from services.retriever.loading.reader import CatalogueReader
from services.retriever.loading.store import FeastFeatures
from tests.integration.pipeline.conftest import Serve, load, titles, writing
from tests.integration.pipeline.test_changes import upsert
from tests.support.encoder_double import EncoderDouble
from tests.support.product_feed import product_rows, write_feed
from tests.support.waiting import until

MERGE = {"Content-Type": "application/merge-patch+json"}


def keys(settings: PipelineSettings) -> int:
    return len(set(OnlineStore(settings.feature_store).keys.all()))


def parts(settings: PipelineSettings) -> Counter[str]:
    offline = OfflineStore(settings.feature_store / "offline")
    return Counter({view: len(list(offline.parts(view))) for view in SCHEMAS})


def pictures(settings: PipelineSettings) -> int:
    return len(list(settings.media_dir.glob("??/*")))


async def patch_prices(writer: httpx.AsyncClient, ids: list[str], rounds: int) -> None:
    """Each round waits for the one before, so that each is a change of its own."""
    for number in range(rounds):
        answers = await asyncio.gather(
            *(
                writer.patch(f"/products/{one}", json={"price": number + 1.25}, headers=MERGE)
                for one in ids
            )
        )
        assert {answer.status_code for answer in answers} == {200}, answers[0].text


async def test_a_writer_that_changes_prices_for_long_leaves_what_a_fresh_load_would(
    settings: PipelineSettings, tmp_path: Path, serve: Serve
) -> None:
    rows = product_rows(10)
    await asyncio.to_thread(load, write_feed(tmp_path / "feed.csv", rows), settings)
    fresh_keys, fresh_parts = keys(settings), parts(settings)
    most = 0
    async with writing(settings, sweep_pause_s=0.2) as writer:
        for _ in range(4):
            await patch_prices(writer, [row["product_id"] for row in rows], rounds=20)
            most = max(most, parts(settings).total())
        assert (await writer.delete("/products/p-007")).status_code == 200

        async def is_tidy() -> bool:
            now = await asyncio.to_thread(keys, settings)
            return now <= 1.5 * fresh_keys and parts(settings).total() <= 1.5 * fresh_parts.total()

        await until(is_tidy)
    assert most < 5 * 40, "parts are merged while changes go on"
    catalogue = await asyncio.to_thread(serve)
    assert catalogue.info.products == 9
    assert {catalogue.get(row["product_id"]) is None for row in rows} == {True, False}
    product = catalogue.get("p-001")
    assert product is not None
    assert product.price == 20.25
    assert not (await asyncio.to_thread(verify_stores, settings)).faults


def test_a_retriever_goes_on_from_folded_changes_without_reading_them(
    settings: PipelineSettings, tmp_path: Path, serve: Serve
) -> None:
    rows = product_rows(12)
    load(write_feed(tmp_path / "feed.csv", rows), settings)
    reader = CatalogueReader(FeastFeatures(settings.feature_store, timeout_s=60), batch=500)
    start = reader.load(reader.head())
    delete(["p-001"], settings)
    current = reader.update(start, reader.head())
    upsert(tmp_path, [rows[2] | {"title": "Two"}, rows[3] | {"title": "Three"}], settings)
    lagging = current
    current = reader.update(current, reader.head())
    sweep(settings)
    head = reader.head()
    assert (head.base, head.folded, head.sequence) == (2, 3, 3)
    for catalogue in (current, lagging, start):
        after = reader.update(catalogue, head)
        assert (after.base, after.sequence) == (2, 3)
        assert titles(after, "p-001", "p-002", "p-003") == [None, "Two", "Three"]
    upsert(tmp_path, [rows[1] | {"title": "One again"}], settings)
    for catalogue in (current, lagging, start):
        after = reader.update(catalogue, reader.head())
        assert titles(after, "p-001", "p-002", "p-003") == ["One again", "Two", "Three"]
        assert after.info == serve().info
    # Later the changes themselves are gone: who lacks them reads the whole version.
    sweep(settings, grace_s=0)
    after = reader.update(lagging, reader.head())
    assert titles(after, "p-001", "p-002", "p-003") == ["One again", "Two", "Three"]
    reader.close()


def test_what_comes_and_goes_leaves_no_change_behind(
    settings: PipelineSettings, tmp_path: Path, serve: Serve
) -> None:
    rows = product_rows(6)
    load(write_feed(tmp_path / "feed.csv", rows[:5]), settings)
    upsert(tmp_path, [rows[5]], settings)
    delete(["p-005", "never-there"], settings)
    upsert(tmp_path, [rows[1] | {"title": "Otherwise"}], settings)
    upsert(tmp_path, [rows[1]], settings)
    sweep(settings, grace_s=0)
    head = CatalogueReader(FeastFeatures(settings.feature_store, timeout_s=60), batch=9).head()
    assert head.base == head.sequence
    assert titles(serve(), "p-001", "p-005") == ["Product 1", None]
    assert not verify_stores(settings).faults


def test_a_clock_that_was_days_ahead_once_does_not_keep_every_version(
    settings: PipelineSettings, tmp_path: Path, serve: Serve
) -> None:
    rows = product_rows(8)

    def version(name: str) -> None:
        feed = write_feed(tmp_path / "f.csv", [row | {"title": name} for row in rows])
        load(feed, settings)

    version("First")
    with open_stores(settings.feature_store) as stores:
        stores.clock.has_seen(datetime.now(UTC) + timedelta(days=400))
        stores.publisher_of(stores.head()).change([("p-000", "", "")])
    version("Second")
    version("Third")
    after_three = keys(settings)
    for number in range(3):
        version(f"Later {number}")
    assert keys(settings) == after_three
    assert titles(serve(), "p-000", "p-007") == ["Later 2", "Later 2"]
    assert not verify_stores(settings).faults
    roll_back(settings)
    assert titles(serve(), "p-000") == ["Later 1"]


def test_the_version_before_stays_whole_and_the_one_before_that_goes(
    settings: PipelineSettings, tmp_path: Path, serve: Serve
) -> None:
    rows = product_rows(8)
    for version in ("First", "Second", "Third"):
        feed = write_feed(tmp_path / "f.csv", [row | {"title": version} for row in rows])
        load(feed, settings)
    upsert(tmp_path, [rows[0] | {"title": "Changed"}], settings)
    before = keys(settings)
    swept = sweep(settings, grace_s=0)
    assert swept.keys["product_metadata"] == 9
    assert keys(settings) < before
    assert titles(serve(), "p-000", "p-001") == ["Changed", "Third"]
    roll_back(settings)
    assert titles(serve(), "p-000") == ["Second"]
    roll_back(settings)
    assert titles(serve(), "p-000", "p-001") == ["Changed", "Third"]
    rebuild(settings, lambda _: None, everything=True)
    assert titles(serve(), "p-000", "p-001") == ["Changed", "Third"]


def test_a_dry_run_shows_what_would_go_and_removes_nothing(
    settings: PipelineSettings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("PIPELINE_FEATURE_STORE", str(settings.feature_store))
    monkeypatch.setenv("PIPELINE_MEDIA_DIR", str(settings.media_dir))
    rows = product_rows(4)
    load(write_feed(tmp_path / "feed.csv", rows), settings)
    picture = {"image_path": rows[1]["image_path"]}
    upsert(tmp_path, [rows[0] | picture, rows[2] | {"price": "9.50"}], settings)
    before = (keys(settings), parts(settings), pictures(settings))
    assert main(["sweep", "--dry-run", "--grace", "0"]) == 0
    said = capsys.readouterr().out
    assert "would be removed" in said
    assert "2 × product_metadata" in said
    assert "pictures: 1," in said
    assert (keys(settings), parts(settings), pictures(settings)) == before
    assert main(["sweep", "--grace", "0"]) == 0
    assert "2 × product_metadata" in capsys.readouterr().out
    assert pictures(settings) == 3
    assert parts(settings).total() == len(SCHEMAS)
    assert main(["verify"]) == 0


def test_a_load_that_was_not_published_encodes_nothing_again_after_a_sweep(
    settings: PipelineSettings, encoder: EncoderDouble, tmp_path: Path
) -> None:
    rows = product_rows(8)
    load(write_feed(tmp_path / "feed.csv", rows), settings)
    feed = write_feed(tmp_path / "few.csv", [row | {"title": "New"} for row in rows[:2]])
    with pytest.raises(GateClosed):
        load(feed, settings)
    sweep(settings, grace_s=0)
    asked = encoder.requests
    summary = load_feed(open_feed(feed), settings, force=True)
    assert summary.counts.encoded == 0
    assert encoder.requests == asked
    assert not verify_stores(settings).faults


async def test_a_row_that_only_redis_has_does_not_count(
    settings: PipelineSettings, tmp_path: Path, serve: Serve
) -> None:
    """Redis restored from an old snapshot has rows that were swept from Parquet long ago."""
    rows = product_rows(3)
    await asyncio.to_thread(load, write_feed(tmp_path / "feed.csv", rows), settings)
    online = OnlineStore(settings.feature_store)
    client = online.keys._client
    old = {key: client.dump(key) for key in online.keys.all()}
    await asyncio.to_thread(upsert, tmp_path, [rows[0] | {"title": "Other"}], settings)
    await asyncio.to_thread(sweep, settings, grace_s=0)
    for key, value in old.items():
        if not client.exists(key):
            client.restore(key, 0, value)
    async with writing(settings) as writer:
        body = {"title": "Product 0", "description": "The description\nof number 0."}
        body |= {"category": "Kitchen > Mugs", "price": 0.5, "currency": "EUR"}  # type: ignore[dict-item]
        assert (await writer.put("/products/p-000", json=body)).status_code == 200
    await asyncio.to_thread(rebuild, settings, lambda _: None, everything=True)
    assert titles(await asyncio.to_thread(serve), "p-000") == ["Product 0"]


def test_rolling_back_to_a_changed_version_takes_no_number_twice(
    settings: PipelineSettings, tmp_path: Path, serve: Serve
) -> None:
    rows = product_rows(4)
    feed = write_feed(tmp_path / "feed.csv", rows)
    load(feed, settings)
    delete(["p-000"], settings)
    load_feed(open_feed(feed), settings, undo_changes=True)
    delete(["p-001"], settings)
    roll_back(settings)
    assert titles(serve(), "p-000", "p-001") == [None, "Product 1"]
    delete(["p-002"], settings)
    delete(["p-003"], settings)
    roll_back(settings)
    assert titles(serve(), "p-000", "p-001", "p-002") == ["Product 0", None, "Product 2"]
    sweep(settings, grace_s=0)
    roll_back(settings)
    assert titles(serve(), "p-000", "p-001", "p-003") == [None, "Product 1", None]
    counts = parts(settings)
    assert counts[HEAD_VIEW] + counts[CHANGE_VIEW] + counts[METADATA_VIEW] < 8
