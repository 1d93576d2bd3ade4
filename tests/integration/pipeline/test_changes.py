"""Live changes: written through Feast, searchable at once, by every retriever."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

import pytest

from services.pipeline.catalogue.changes import delete, roll_back
from services.pipeline.catalogue.store_work import verify_stores
from services.pipeline.cli import main
from services.pipeline.errors import NothingToLoad, WrongModel
from services.pipeline.feeds import open_feed
from services.pipeline.load import load as load_feed
from services.pipeline.settings import PipelineSettings
from services.retriever.catalogue.catalogue import Catalogue
from services.retriever.errors import BrokenPublication
from services.retriever.loading.columns import Columns
from services.retriever.loading.reader import CatalogueReader
from services.retriever.loading.store import FeastFeatures
from tests.integration.pipeline.conftest import load, titles
from tests.integration.retriever.conftest import RetrieverClient, running_retriever
from tests.support.encoder_double import EncoderDouble
from tests.support.product_feed import product_rows, write_feed
from tests.support.waiting import until, within

Serve = Callable[[], Catalogue]


def upsert(folder: Path, rows: list[dict[str, str]], settings: PipelineSettings) -> None:
    load_feed(open_feed(write_feed(folder / "changes.csv", rows)), settings, live=True)


async def title(retriever: RetrieverClient, product_id: str) -> str | None:
    response = await retriever.http.get(f"/products/{product_id}")
    return response.json()["title"] if response.status_code == 200 else None


def test_what_is_put_in_and_taken_out_is_there_for_who_loads_the_whole(
    settings: PipelineSettings, encoder: EncoderDouble, tmp_path: Path, serve: Serve
) -> None:
    rows = product_rows(14)
    load(write_feed(tmp_path / "feed.csv", rows[:12]), settings)
    asked = encoder.requests
    upsert(tmp_path, [rows[3] | {"title": "Renamed"}, rows[13]], settings)
    assert encoder.requests > asked
    delete(["p-005", "never-there"], settings)
    catalogue = serve()
    assert catalogue.info.products == 12
    assert titles(catalogue, "p-003", "p-005", "p-013") == ["Renamed", None, "Product 13"]
    upsert(tmp_path, [rows[5]], settings)
    assert titles(serve(), "p-005") == ["Product 5"]


async def test_every_replica_sees_a_change_within_a_second_without_a_reload(
    settings: PipelineSettings, tmp_path: Path
) -> None:
    rows = product_rows(13)
    await asyncio.to_thread(load, write_feed(tmp_path / "feed.csv", rows[:12]), settings)
    store = settings.feature_store
    # At the interval that is shipped, not at that of the other tests.
    async with (
        running_retriever(store, poll_interval_ms=500) as one,
        running_retriever(store, poll_interval_ms=500) as two,
    ):
        for retriever in (one, two):
            await until(retriever.is_current)

        async def added_and_removed(_: int) -> float:
            await asyncio.to_thread(upsert, tmp_path, [rows[12]], settings)
            written = time.monotonic()
            for retriever in (one, two):
                await until(partial(_is, retriever, "p-012", "Product 12"))
            took_s = time.monotonic() - written
            await asyncio.to_thread(delete, ["p-012"], settings)
            written = time.monotonic()
            for retriever in (one, two):
                await until(partial(_is, retriever, "p-012", None))
                info = await retriever.catalogue()
                assert info is not None
                assert info.products == 12
            return max(took_s, time.monotonic() - written)

        assert await within(1, added_and_removed)


async def _is(retriever: RetrieverClient, product_id: str, wanted: str | None) -> bool:
    return await title(retriever, product_id) == wanted


def test_one_that_was_away_reads_only_what_it_missed(
    settings: PipelineSettings, tmp_path: Path, serve: Serve
) -> None:
    rows = product_rows(30)
    load(write_feed(tmp_path / "feed.csv", rows[:20]), settings)
    features = _Counting(settings.feature_store)
    reader = CatalogueReader(features, batch=500)
    before = reader.load(reader.head())
    for row in rows[20:24]:
        upsert(tmp_path, [row], settings)
    delete(["p-000"], settings)
    upsert(tmp_path, [rows[1] | {"title": "Renamed"}], settings)
    features.keys = 0
    after = reader.update(before, reader.head())
    # One head, six changes, and the two rows of each of five products.
    assert features.keys == 1 + 6 + 2 * 5
    whole = serve()
    assert (after.sequence, after.info) == (whole.sequence, whole.info)
    assert after.info.products == 23
    for row in rows:
        product_id = row["product_id"]
        assert after.get(product_id) == whole.get(product_id)
    # A reader of the old one still holds all of it.
    assert titles(before, "p-000", "p-001") == ["Product 0", "Product 1"]
    reader.close()


class _Counting(FeastFeatures):
    """Counts the keys that are read."""

    keys = 0

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, timeout_s=60)

    def read(
        self, view: str, features: Sequence[str], keys: Mapping[str, Sequence[str]]
    ) -> Columns:
        self.keys += len(next(iter(keys.values())))
        return super().read(view, features, keys)


def test_loading_the_same_file_again_keeps_what_was_changed_live(
    settings: PipelineSettings, tmp_path: Path, serve: Serve
) -> None:
    rows = product_rows(12)
    feed = write_feed(tmp_path / "feed.csv", rows)
    load(feed, settings)
    upsert(tmp_path, [rows[3] | {"title": "Renamed"}], settings)
    summary = load(feed, settings)
    assert not summary.publication.is_new
    assert "live changes to it are kept" in list(summary.lines())
    assert titles(serve(), "p-003") == ["Renamed"]


def test_live_changes_are_undone_by_another_file_or_when_asked_and_rolling_back_keeps_them(
    settings: PipelineSettings, tmp_path: Path, serve: Serve
) -> None:
    rows = product_rows(12)
    feed = write_feed(tmp_path / "feed.csv", rows)
    load(feed, settings)
    upsert(tmp_path, [rows[3] | {"title": "Renamed"}], settings)
    summary = load_feed(open_feed(feed), settings, undo_changes=True)
    assert summary.publication.is_new
    assert any(line.startswith("live changes are undone") for line in summary.lines())
    assert titles(serve(), "p-003") == ["Product 3"]
    roll_back(settings)
    assert titles(serve(), "p-003") == ["Renamed"]
    delete(["p-004"], settings)
    assert titles(serve(), "p-003", "p-004") == ["Renamed", None]
    assert load(write_feed(tmp_path / "feed.csv", rows[:11]), settings).publication.undone == 2
    assert titles(serve(), "p-003", "p-004", "p-011") == ["Product 3", "Product 4", None]
    roll_back(settings)
    assert titles(serve(), "p-003", "p-004") == ["Renamed", None]


def test_live_changes_go_on_when_the_same_file_is_loaded_for_another_model(
    settings: PipelineSettings, tmp_path: Path, encoder: EncoderDouble, serve: Serve
) -> None:
    rows = product_rows(14)
    feed = write_feed(tmp_path / "feed.csv", rows[:12])
    load(feed, settings)
    upsert(tmp_path, [rows[3] | {"title": "Renamed", "price": "7.50"}, rows[13]], settings)
    upsert(tmp_path, [rows[3] | {"title": "Renamed again"}], settings)
    delete(["p-005"], settings)
    for model in ("double@2", "double@3"):
        encoder.model = model
        summary = load(feed, settings)
        assert "live changes to 3 products are kept" in list(summary.lines())
        catalogue = serve()
        assert catalogue.info.model == model
        assert catalogue.info.products == 12
        assert titles(catalogue, "p-003", "p-005", "p-013") == ["Renamed again", None, "Product 13"]
        # And stay what they are: changes to the file's version.
        assert not load(feed, settings).publication.is_new
    assert verify_stores(settings).faults == []
    upsert(tmp_path, [rows[5]], settings)
    assert titles(serve(), "p-003", "p-005") == ["Renamed again", "Product 5"]
    load_feed(open_feed(feed), settings, undo_changes=True)
    assert titles(serve(), "p-003", "p-013") == ["Product 3", None]


def test_products_with_the_same_metadata_all_go_on_under_another_model(
    settings: PipelineSettings, tmp_path: Path, encoder: EncoderDouble, serve: Serve
) -> None:
    rows = product_rows(12)
    feed = write_feed(tmp_path / "feed.csv", rows)
    load(feed, settings)
    twins = [rows[2] | {"product_id": "twin-a"}, rows[2] | {"product_id": "twin-b"}]
    upsert(tmp_path, twins, settings)
    encoder.model = "double@2"
    lines = list(load(feed, settings).lines())
    assert [line for line in lines if "live changes" in line] == [
        "live changes to 2 products are kept"
    ]
    assert serve().info.products == 14
    assert titles(serve(), "p-002", "twin-a", "twin-b") == ["Product 2"] * 3


def test_a_carried_product_whose_picture_is_refused_by_now_is_found_by_its_words(
    settings: PipelineSettings, tmp_path: Path, encoder: EncoderDouble, serve: Serve
) -> None:
    rows = product_rows(14)
    write_feed(tmp_path / "feed.csv", rows)  # with all pictures, each different
    feed = write_feed(tmp_path / "feed.csv", rows[:12])
    load(feed, settings)
    upsert(tmp_path, rows[12:], settings)
    pictures = [
        hashlib.sha256((tmp_path / row["image_path"]).read_bytes()).hexdigest() for row in rows[12:]
    ]
    encoder.model = "double@2"
    encoder.refused_pictures.add(pictures[0])
    encoder.pictures.clear()
    encoder.texts.clear()
    load(feed, settings)
    assert titles(serve(), "p-012", "p-013") == ["Product 12", "Product 13"]
    assert verify_stores(settings).faults == []
    assert encoder.pictures.count(pictures[1]) == 1
    assert len(encoder.texts) == len(set(encoder.texts)) == 14


def test_live_changes_without_a_net_effect_are_not_reported_as_undone_by_another_model(
    settings: PipelineSettings, tmp_path: Path, encoder: EncoderDouble
) -> None:
    rows = product_rows(12)
    feed = write_feed(tmp_path / "feed.csv", rows)
    load(feed, settings)
    upsert(tmp_path, [rows[3] | {"title": "Renamed"}], settings)
    upsert(tmp_path, [rows[3]], settings)
    encoder.model = "double@2"
    assert not any("undone" in line for line in load(feed, settings).lines())


def test_live_changes_that_another_model_and_file_undo_are_not_promised_back(
    settings: PipelineSettings, tmp_path: Path, encoder: EncoderDouble
) -> None:
    rows = product_rows(12)
    load(write_feed(tmp_path / "feed.csv", rows), settings)
    upsert(tmp_path, [rows[3] | {"title": "Renamed"}], settings)
    encoder.model = "double@2"
    lines = list(load(write_feed(tmp_path / "feed.csv", rows[:11]), settings).lines())
    (told,) = (line for line in lines if "undone" in line)
    assert "live changes are undone: they belong to the version of double@1" in told
    assert "rollback" not in told


def test_a_change_without_its_rows_is_refused_as_a_whole(
    settings: PipelineSettings, tmp_path: Path
) -> None:
    load(write_feed(tmp_path / "feed.csv", product_rows(3)), settings)
    reader = CatalogueReader(FeastFeatures(settings.feature_store, timeout_s=60), batch=500)
    head = reader.head()
    catalogue = reader.load(head)
    with pytest.raises(BrokenPublication, match="change 1 is missing"):
        reader.update(catalogue, head.model_copy(update={"sequence": 1}))
    reader.close()


def test_a_change_needs_a_catalogue_and_the_model_it_was_made_with(
    settings: PipelineSettings, encoder: EncoderDouble, tmp_path: Path
) -> None:
    rows = product_rows(4)
    with pytest.raises(NothingToLoad, match="load one first"):
        delete(["p-001"], settings)
    with pytest.raises(NothingToLoad, match="load one first"):
        upsert(tmp_path, rows[:1], settings)
    load(write_feed(tmp_path / "feed.csv", rows), settings)
    encoder.model, encoder.dimension = "double@2", 8
    with pytest.raises(WrongModel, match=r"double@1.*double@2"):
        upsert(tmp_path, rows[:1], settings)


def test_upsert_and_delete_are_commands(
    settings: PipelineSettings,
    encoder: EncoderDouble,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    serve: Serve,
) -> None:
    monkeypatch.setenv("PIPELINE_FEATURE_STORE", str(settings.feature_store))
    monkeypatch.setenv("PIPELINE_MEDIA_DIR", str(settings.media_dir))
    monkeypatch.setenv("PIPELINE_ENCODER_URL", encoder.url)
    rows = product_rows(5)
    load(write_feed(tmp_path / "feed.csv", rows[:4]), settings)
    assert main(["upsert", str(write_feed(tmp_path / "more.csv", rows[4:]))]) == 0
    assert "change 1" in capsys.readouterr().out
    assert main(["delete", "p-000", "p-001"]) == 0
    assert "change 2" in capsys.readouterr().out
    assert titles(serve(), "p-000", "p-004") == [None, "Product 4"]
