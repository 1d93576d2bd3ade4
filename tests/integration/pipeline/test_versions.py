"""Versions lie beside one another: loading one disturbs no other, and going back is one command."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from services.contracts.catalogue import METADATA_VIEW
from services.pipeline.catalogue.changes import delete, roll_back
from services.pipeline.cli import main
from services.pipeline.errors import EncoderBroken, NothingToLoad, StoreIncomplete
from services.pipeline.settings import PipelineSettings
from services.retriever.catalogue.catalogue import Catalogue
from services.retriever.loading.reader import CatalogueReader
from services.retriever.loading.store import FeastFeatures
from tests.integration.pipeline.conftest import load
from tests.support.encoder_double import EncoderDouble
from tests.support.feast_repository import write_feature_repo
from tests.support.product_feed import product_rows, write_feed
from tests.support.redis_server import RedisProcess

Serve = Callable[[], Catalogue]


def test_a_version_can_be_read_whole_after_another_took_its_place(
    settings: PipelineSettings, tmp_path: Path
) -> None:
    old = product_rows(12)
    new = [row | {"title": "New " + row["title"], "price": "1"} for row in old]
    before = load(write_feed(tmp_path / "feed.csv", old), settings).publication.head
    load(write_feed(tmp_path / "feed.csv", new), settings)
    reader = CatalogueReader(FeastFeatures(settings.feature_store, timeout_s=60), batch=5)
    product = reader.load(before).get("p-003")
    assert product is not None
    assert (product.title, product.price) == ("Product 3", 3.5)
    reader.close()


def test_a_run_that_fails_leaves_the_served_version_whole(
    settings: PipelineSettings, encoder: EncoderDouble, tmp_path: Path, serve: Serve
) -> None:
    # Batches are of ten: the first is written with new words before the second one fails.
    old = product_rows(20)
    load(write_feed(tmp_path / "feed.csv", old), settings)
    new = [row | {"title": "New " + row["title"]} for row in old]
    feed = write_feed(tmp_path / "feed.csv", new)
    first_batch = encoder.requests + 6  # four texts, and four pictures, a request

    def break_later(request: int) -> None:
        encoder.scale = 0.0 if request > first_batch else 1.0

    encoder.before_each = break_later
    with pytest.raises(EncoderBroken):
        load(feed, settings)
    encoder.before_each, encoder.scale = lambda _: None, 1.0
    product = serve().get("p-003")
    assert product is not None
    assert product.title == "Product 3"
    assert load(feed, settings).counts.encoded == 10


def test_rolling_back_serves_the_version_before_and_again_undoes_it(
    settings: PipelineSettings, encoder: EncoderDouble, tmp_path: Path, serve: Serve
) -> None:
    feed = write_feed(tmp_path / "feed.csv", product_rows(12))
    first = load(feed, settings).publication.head
    encoder.model, encoder.dimension = "double@2", 8
    second = load(feed, settings).publication.head
    asked = encoder.requests
    assert roll_back(settings)[0] == first
    assert (serve().info.version, serve().info.model) == (first.version, "double@1")
    assert roll_back(settings)[0] == second
    assert (serve().info.version, serve().info.dimension) == (second.version, 8)
    assert encoder.requests == asked


def test_rollback_is_a_command(
    settings: PipelineSettings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("PIPELINE_FEATURE_STORE", str(settings.feature_store))
    first = load(write_feed(tmp_path / "feed.csv", product_rows(3)), settings).publication.head
    assert main(["rollback"]) == 2
    assert "no earlier version" in capsys.readouterr().err
    delete(["p-001"], settings)
    load(write_feed(tmp_path / "feed.csv", product_rows(4)), settings)
    assert main(["rollback"]) == 0
    out = capsys.readouterr().out
    assert first.version in out
    assert "2 products" in out  # without the one that was deleted live


def test_a_version_that_is_not_whole_is_not_gone_back_to(
    own_redis: RedisProcess, settings: PipelineSettings, tmp_path: Path
) -> None:
    repo = write_feature_repo(tmp_path / "own", own_redis.address)
    mine = settings.model_copy(update={"feature_store": repo})
    with pytest.raises(NothingToLoad):
        roll_back(mine)
    load(write_feed(tmp_path / "feed.csv", product_rows(3)), mine)
    load(write_feed(tmp_path / "feed.csv", product_rows(4)), mine)
    own_redis.empty()
    assert roll_back(mine)[1] == 3  # Parquet has it
    own_redis.empty()
    for part in (repo / "offline" / METADATA_VIEW).iterdir():
        part.unlink()
    with pytest.raises(StoreIncomplete, match="product_metadata"):
        roll_back(mine)
