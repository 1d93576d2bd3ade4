"""Redis emptied, or a run that ended between the two stores: Parquet has it all."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from services.common import light_feast
from services.contracts.ranking import Ranking
from services.pipeline.catalogue.feature_writer import FeatureWriter
from services.pipeline.catalogue.offline_store import OfflineStore
from services.pipeline.catalogue.online_store import EventClock, OnlineStore
from services.pipeline.catalogue.product import CatalogueProduct, ProductVectors
from services.pipeline.catalogue.publication import Publisher
from services.pipeline.catalogue.ranking import publish_ranking
from services.pipeline.catalogue.stores import Stores
from services.pipeline.errors import DependencyAway, StoreIncomplete
from services.pipeline.feeds.validation import FeedProduct
from services.pipeline.settings import PipelineSettings
from services.retriever.catalogue.catalogue import Catalogue
from tests.integration.pipeline.conftest import as_before_rankings, load, read_catalogue
from tests.support.encoder_double import EncoderDouble
from tests.support.feast_repository import write_feature_repo
from tests.support.product_feed import product_rows, write_feed
from tests.support.redis_server import RedisProcess

MODEL = "double@1"


@pytest.fixture
def feature_repo_dir(tmp_path: Path, own_redis: RedisProcess) -> Path:
    """With a Redis that the test may empty."""
    return write_feature_repo(tmp_path / "feature_repo_dir", own_redis.address)


def same(one: Catalogue, other: Catalogue) -> bool:
    """True if both answer with the same whole products and the same scores."""
    numbers = np.arange(one.info.products)
    return (
        one.info == other.info
        and one.products.values(numbers.tolist()) == other.products.values(numbers.tolist())
        and np.array_equal(one.index.rows(numbers), other.index.rows(numbers))
    )


def test_an_emptied_redis_is_filled_from_parquet_and_nothing_is_encoded(
    settings: PipelineSettings,
    encoder: EncoderDouble,
    own_redis: RedisProcess,
    tmp_path: Path,
    serve: Callable[[], Catalogue],
) -> None:
    feed = write_feed(tmp_path / "feed.csv", product_rows(25))
    load(feed, settings)
    before = serve()
    rows = [
        settings.feature_store / "offline" / name
        for name in ("product_vectors", "product_metadata")
    ]
    parts = [sorted(folder.iterdir()) for folder in rows]
    own_redis.empty()
    encoder.texts.clear()
    summary = load(feed, settings)
    # All of it is put back before the load begins, so there is nothing left for it to do.
    assert (summary.counts.unchanged, summary.counts.encoded) == (25, 0)
    assert encoder.texts == []
    assert same(serve(), before)
    assert [sorted(folder.iterdir()) for folder in rows] == parts  # none was written again


def test_feast_materialize_alone_restores_an_emptied_redis(
    settings: PipelineSettings,
    own_redis: RedisProcess,
    tmp_path: Path,
    serve: Callable[[], Catalogue],
) -> None:
    rows = product_rows(25)
    rows[3]["image_path"] = ""
    load(write_feed(tmp_path / "feed.csv", rows), settings)
    as_before_rankings(settings.feature_store)
    publish_ranking(Ranking(name="learned"), settings)
    rows[4]["title"] = "New"  # Parquet now holds two rows of this product
    load(write_feed(tmp_path / "feed.csv", rows), settings)
    before = serve()
    own_redis.empty()
    until = datetime.now(UTC) + timedelta(days=1)
    # Feast's own command, without the checks at its import that take three seconds.
    program = f"import {light_feast.__name__}, feast.cli.cli; feast.cli.cli.cli()"
    feast = [sys.executable, "-c", program, "-c", str(settings.feature_store)]
    done = subprocess.run(
        [*feast, "materialize", "2020-01-01T00:00:00", f"{until:%Y-%m-%dT%H:%M:%S}"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert same(serve(), before)
    assert serve().ranking.name == "learned"


def products(count: int, title: str) -> list[CatalogueProduct]:
    return [
        CatalogueProduct.of(
            FeedProduct(n, f"p-{n:02}", f"{title} {n}", "", "", "", None, "", "", None, "", {}),
            None,
            MODEL,
        )
        for n in range(count)
    ]


def encoded(products: Sequence[CatalogueProduct]) -> dict[str, ProductVectors]:
    unit, none = np.array([1, 0], np.float32), np.zeros(0, np.float32)
    return {product.product_id: ProductVectors(unit, none) for product in products}


class Dying(OnlineStore):
    """Ends, as by a kill, at the moment of its first write."""

    def write(self, view: str, table: pa.Table) -> None:
        raise KeyboardInterrupt


@pytest.fixture
def stores(feature_repo_dir: Path) -> tuple[OnlineStore, OfflineStore]:
    online = OnlineStore(feature_repo_dir)
    assert online.apply()
    return online, OfflineStore(feature_repo_dir / "offline")


def test_rows_that_reached_parquet_only_are_pushed_and_not_encoded_again(
    stores: tuple[OnlineStore, OfflineStore], feature_repo_dir: Path
) -> None:
    online, offline = stores
    for title in ("old", "new"):
        wanted = products(5, title)
        dying = FeatureWriter(Stores(Dying(feature_repo_dir), offline, EventClock()), MODEL)
        survey = dying.survey(wanted)
        assert len(survey.encode) == 5
        with pytest.raises(KeyboardInterrupt):
            dying.write(survey, encoded(wanted))
        again = FeatureWriter(Stores(online, offline, EventClock()), MODEL)
        survey = again.survey(wanted)
        assert (len(survey.push_vectors), survey.encode, survey.copy) == (5, [], [])
        again.write(survey, {})
        assert (
            FeatureWriter(Stores(online, offline, EventClock()), MODEL).survey(wanted).unchanged
            == 5
        )


def test_a_catalogue_in_several_shards_is_read_back(
    stores: tuple[OnlineStore, OfflineStore], feature_repo_dir: Path
) -> None:
    online, offline = stores
    wanted = products(25, "shards")
    writer = FeatureWriter(Stores(online, offline, EventClock()), MODEL)
    writer.write(writer.survey(wanted), encoded(wanted))
    entries = [product.entry for product in reversed(wanted)]
    publisher = Publisher(
        online, offline, EventClock(), model_id=MODEL, dimension=2, products_per_shard=10
    )
    publication = publisher.publish(entries)
    assert (publication.head.shards, publication.head.products) == (3, 25)
    assert read_catalogue(feature_repo_dir).info.version == publication.head.version
    assert not publisher.publish(entries).is_new


def test_rows_missing_at_the_last_look_keep_the_old_version_published(
    stores: tuple[OnlineStore, OfflineStore],
) -> None:
    online, offline = stores
    publisher = Publisher(online, offline, EventClock(), model_id=MODEL, dimension=2)
    entries = [product.entry for product in products(3, "never written")]
    with pytest.raises(StoreIncomplete, match=r"3 × vectors, 3 × metadata"):
        publisher.publish(entries)
    assert online.head() == (None, None)


def test_definitions_are_registered_once(
    stores: tuple[OnlineStore, OfflineStore], feature_repo_dir: Path
) -> None:
    assert not stores[0].apply()
    assert not OnlineStore(feature_repo_dir).apply()


def test_a_redis_that_is_away_is_told_in_one_line(
    settings: PipelineSettings, own_redis: RedisProcess, tmp_path: Path
) -> None:
    feed = write_feed(tmp_path / "feed.csv", product_rows(1))
    own_redis.stop()
    with pytest.raises(DependencyAway, match="the feature store does not answer") as away:
        load(feed, settings)
    assert "\n" not in str(away.value)


def test_a_folder_that_is_no_feast_repository_is_told(
    settings: PipelineSettings, tmp_path: Path
) -> None:
    feed = write_feed(tmp_path / "feed.csv", product_rows(1))
    with pytest.raises(DependencyAway, match=r"holds no feature_store\.yaml"):
        load(feed, settings.model_copy(update={"feature_store": tmp_path / "nowhere"}))


def test_a_store_without_its_variables_says_how_to_name_the_one_of_make_run(
    settings: PipelineSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("REDIS_ADDRESS", "FEAST_REGISTRY", "FEAST_REGISTRY_TYPE"):
        monkeypatch.delenv(name, raising=False)
    feed = write_feed(tmp_path / "feed.csv", product_rows(1))
    with pytest.raises(DependencyAway, match=r"REDIS_ADDRESS .*PIPELINE_FEATURE_STORE"):
        load(feed, settings.model_copy(update={"feature_store": Path("feature_repo")}))
