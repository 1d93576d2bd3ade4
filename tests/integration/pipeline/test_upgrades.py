"""The state of an earlier release is opened and serves; one of a newer release is refused."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import httpx
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from feast import FeatureStore, FeatureView, Field
from feast.types import String

from feature_repo import definitions
from services.contracts.catalogue import CATALOGUE, CURRENT_FORMAT, FORMAT, HEAD_VIEW
from services.contracts.synonyms import Synonyms
from services.pipeline.catalogue.backup import MANIFEST, Manifest, backup, restore
from services.pipeline.catalogue.changes import delete, roll_back
from services.pipeline.catalogue.ledger import Ledger
from services.pipeline.catalogue.offline_store import OfflineStore
from services.pipeline.catalogue.online_store import OnlineStore
from services.pipeline.catalogue.schemas import SCHEMAS, head_table
from services.pipeline.catalogue.store_work import sweep, verify_stores
from services.pipeline.catalogue.stores import published_head
from services.pipeline.cli import main
from services.pipeline.errors import NewerFormat, NothingToLoad, OfflineDamaged
from services.pipeline.judging.stored_rows import entries_of
from services.pipeline.judging.stored_rows import product_rows as product_rows_of
from services.pipeline.settings import PipelineSettings
from services.pipeline.tracking.registry import ranking_in_force
from services.pipeline.training.published import published_products
from services.writer.keeper import StoreKeeper
from tests.integration.pipeline.conftest import load, read_catalogue, titles, writing
from tests.integration.pipeline.test_changes import upsert
from tests.integration.pipeline.test_sweeping import MERGE
from tests.integration.retriever.conftest import running_retriever
from tests.support.encoder_double import EncoderDouble
from tests.support.feast_repository import write_feature_repo
from tests.support.old_state import unpack
from tests.support.product_feed import product_rows, write_feed
from tests.support.redis_server import RedisProcess
from tests.support.waiting import until

STATES = sorted((Path(__file__).parent / "states").glob("*.tar.gz"))
NEWER = CURRENT_FORMAT + 1


@pytest.fixture(params=STATES, ids=lambda path: path.name.partition(".")[0])
def old(
    request: pytest.FixtureRequest,
    encoder: EncoderDouble,
    own_redis: RedisProcess,
    tmp_path: Path,
) -> PipelineSettings:
    """State that this commit left, with the keys that it wrote to Redis."""
    folder = unpack(request.param, tmp_path / "old", own_redis.address)
    return PipelineSettings(
        encoder_url=encoder.url,
        encoder_wait_s=60,
        feature_store=folder,
        media_dir=folder / "media",
        download_pictures=False,
    )


def test_it_serves_before_any_command_and_is_migrated_once(
    old: PipelineSettings, tmp_path: Path
) -> None:
    before = read_catalogue(old.feature_store)
    assert before.info.products == 11
    assert titles(before, "p-002", "p-003", "p-005") == ["Product 2", "Renamed", None]
    assert before.ranking.name == "learned"
    rows = product_rows(14)
    upsert(tmp_path, [rows[12]], old)
    registry = (old.feature_store / "registry.db").read_bytes()
    parts = set(OfflineStore(old.feature_store / "offline").parts(HEAD_VIEW))
    for part in parts:
        assert pq.read_schema(part).names == SCHEMAS[HEAD_VIEW].names
    assert not verify_stores(old).faults
    upsert(tmp_path, [rows[13]], old)
    assert (old.feature_store / "registry.db").read_bytes() == registry
    assert parts < set(OfflineStore(old.feature_store / "offline").parts(HEAD_VIEW))
    after = read_catalogue(old.feature_store)
    assert titles(after, "p-003", "p-005", "p-012", "p-013") == [
        "Renamed",
        None,
        "Product 12",
        "Product 13",
    ]
    backup(old, tmp_path / "backup")
    sweep(old, grace_s=0)
    assert not verify_stores(old).faults
    roll_back(old)
    restore(old, tmp_path / "backup")
    assert titles(read_catalogue(old.feature_store), "p-003", "p-013") == ["Renamed", "Product 13"]


@pytest.mark.filterwarnings("ignore")  # MLflow's own
def test_commands_that_only_read_the_head_work_before_any_that_migrates(
    old: PipelineSettings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    registry = (old.feature_store / "registry.db").read_bytes()
    monkeypatch.setenv("PIPELINE_FEATURE_STORE", str(old.feature_store))
    monkeypatch.setenv("PIPELINE_TRACKING", "true")
    monkeypatch.setenv("PIPELINE_TRACKING_URI", f"sqlite:///{tmp_path / 'mlflow.db'}")
    assert main(["registry", "show"]) == 0
    assert main(["registry", "promote"]) == NothingToLoad.exit_code
    assert main(["registry", "rollback"]) == NothingToLoad.exit_code
    ranking = ranking_in_force(old)
    assert ranking is not None
    assert ranking.name == "learned"
    online = OnlineStore(old.feature_store)
    head = published_head(online)
    assert (head.products, head.ranking, head.synonyms) == (12, ranking, Synonyms())
    assert len(product_rows_of(online, head.model_id, entries_of(online, head)).ids) == 11
    assert len(published_products(offline_of(old)).ids) == 11
    assert (old.feature_store / "registry.db").read_bytes() == registry


async def test_a_writer_and_a_retriever_serve_it_also_when_redis_lost_it(
    old: PipelineSettings, own_redis: RedisProcess
) -> None:
    own_redis.empty()
    async with writing(old) as writer, running_retriever(old.feature_store) as retriever:
        await until(retriever.is_current)
        answer = await writer.patch("/products/p-003", json={"price": 77.5}, headers=MERGE)
        assert answer.status_code == 200, answer.text

        async def changed() -> bool:
            product = await retriever.http.get("/products/p-003")
            return bool(product.json()["price"] == 77.5)

        await until(changed)
    assert titles(read_catalogue(old.feature_store), "p-003", "p-005") == ["Renamed", None]


@pytest.fixture
def feature_repo_dir(tmp_path: Path, own_redis: RedisProcess) -> Path:
    """With a Redis that no other test uses."""
    return write_feature_repo(tmp_path / "own", own_redis.address)


def as_newer(settings: PipelineSettings) -> None:
    """Publish the served head as a release of the next format would."""
    online, offline = OnlineStore(settings.feature_store), OfflineStore(offline_of(settings))
    ledger = Ledger(offline)
    ledger.refresh()
    published = ledger.head()
    assert published is not None
    row = with_format(head_table(published.head, CATALOGUE, datetime.now(UTC)))
    offline.write(HEAD_VIEW, row)
    online.write(HEAD_VIEW, row)


def with_format(heads: pa.Table) -> pa.Table:
    place = heads.schema.get_field_index(FORMAT)
    return heads.set_column(place, heads.schema.field(place), [[NEWER] * len(heads)])


def offline_of(settings: PipelineSettings) -> Path:
    return settings.feature_store / "offline"


def files(settings: PipelineSettings) -> dict[Path, int]:
    every = settings.feature_store.rglob("*.*")
    return {path: path.stat().st_mtime_ns for path in every if path.name != ".lock"}


def test_every_command_refuses_a_newer_format_in_one_line(
    settings: PipelineSettings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    feed = write_feed(tmp_path / "feed.csv", product_rows(3))
    load(feed, settings)
    backup(settings, tmp_path / "older")
    as_newer(settings)
    before = files(settings)
    for name in ("feature_store", "media_dir", "encoder_url"):
        monkeypatch.setenv(f"PIPELINE_{name.upper()}", str(getattr(settings, name)))
    monkeypatch.setenv("PIPELINE_REJECTS_PATH", str(tmp_path / "rejects.csv"))
    commands = [
        ["load", str(feed)],
        ["upsert", str(feed)],
        ["delete", "p-001"],
        ["rollback"],
        ["rebuild"],
        ["rebuild", "--force"],
        ["verify"],
        ["sweep"],
        ["backup", str(tmp_path / "newer")],
        ["restore", str(tmp_path / "older")],
    ]
    for command in commands:
        capsys.readouterr()
        assert main(command) == 3, command
        said = capsys.readouterr().err
        assert f"format {NEWER}, and this release reads formats up to {CURRENT_FORMAT}" in said
        assert "Use the release that wrote it, or a newer one" in said
        assert said.count("\n") == 1, said
    with pytest.raises(NewerFormat):
        published_products(offline_of(settings))
    assert files(settings) == before


def register_newer(settings: PipelineSettings) -> None:
    """Register a definition that only the next release has."""
    now = definitions.catalogue_head
    newer = FeatureView(
        name=HEAD_VIEW,
        entities=[definitions.catalogue],
        ttl=now.ttl,
        schema=[*now.schema, Field(name="invented_later", dtype=String)],
        source=definitions.catalogue_head_source,
        online=True,
        description=now.description,
    )
    FeatureStore(repo_path=str(settings.feature_store)).apply([definitions.catalogue, newer])


def lose_offline(offline: Path) -> None:
    shutil.rmtree(offline)


def lose_heads(offline: Path) -> None:
    shutil.rmtree(offline / HEAD_VIEW)


def damage_heads(offline: Path) -> None:
    for part in (offline / HEAD_VIEW).iterdir():
        part.write_bytes(b"PAR1")


@pytest.mark.parametrize("harm", [lose_offline, lose_heads, damage_heads])
def test_newer_definitions_stay_also_when_parquet_is_lost_or_damaged(
    settings: PipelineSettings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    harm: Callable[[Path], None],
) -> None:
    feed = write_feed(tmp_path / "feed.csv", product_rows(3))
    load(feed, settings)
    as_newer(settings)
    register_newer(settings)
    harm(offline_of(settings))
    registry = (settings.feature_store / "registry.db").read_bytes()
    for name in ("feature_store", "media_dir", "encoder_url"):
        monkeypatch.setenv(f"PIPELINE_{name.upper()}", str(getattr(settings, name)))
    monkeypatch.setenv("PIPELINE_REJECTS_PATH", str(tmp_path / "rejects.csv"))
    for command in (["load", str(feed)], ["rebuild"], ["verify"], ["sweep"], ["ranking", "show"]):
        assert main(command) == 3, command
    keeper = StoreKeeper(settings.feature_store, timeout_s=60)
    keeper.check()
    assert isinstance(keeper.trouble, NewerFormat | OfflineDamaged)
    assert (settings.feature_store / "registry.db").read_bytes() == registry


def test_a_backup_of_a_newer_format_is_refused(settings: PipelineSettings, tmp_path: Path) -> None:
    load(write_feed(tmp_path / "feed.csv", product_rows(3)), settings)
    backup(settings, tmp_path / "backup")
    delete(["p-001"], settings)
    before = read_catalogue(settings.feature_store)
    for part in OfflineStore(tmp_path / "backup" / "offline").parts(HEAD_VIEW):
        pq.write_table(with_format(pq.read_table(part, partitioning=None)), part)
    listed = tmp_path / "backup" / MANIFEST
    manifest = Manifest.model_validate_json(listed.read_bytes())
    digests = [
        sha256((tmp_path / "backup" / one.path).read_bytes()).hexdigest() for one in manifest.files
    ]
    files = [
        one.model_copy(update={"sha256": digest})
        for one, digest in zip(manifest.files, digests, strict=True)
    ]
    listed.write_text(manifest.model_copy(update={"files": files}).model_dump_json())
    with pytest.raises(NewerFormat):
        restore(settings, tmp_path / "backup")
    assert read_catalogue(settings.feature_store).info == before.info


async def test_a_retriever_goes_on_with_what_it_has_and_a_writer_refuses_changes(
    settings: PipelineSettings, tmp_path: Path
) -> None:
    await asyncio.to_thread(load, write_feed(tmp_path / "feed.csv", product_rows(3)), settings)
    async with running_retriever(settings.feature_store) as retriever:
        await until(retriever.is_current)
        await asyncio.to_thread(as_newer, settings)

        async def says_so() -> bool:
            return f"format {NEWER}" in (await retriever.http.get("/ready")).text

        await until(says_so)
        assert (await retriever.http.get("/products/p-001")).status_code == 200
        async with writing(settings) as writer:
            answer = await writer.patch("/products/p-001", json={"price": 1.5}, headers=MERGE)
            assert answer.status_code == 503
            assert f"has format {NEWER}" in answer.json()["detail"]
            assert f"format {NEWER}" in (await writer.get("/ready")).text
    async with running_retriever(settings.feature_store) as late:
        await until(lambda: _refuses(late.http))


async def _refuses(http: httpx.AsyncClient) -> bool:
    answer = await http.get("/ready")
    return answer.status_code == 503 and f"format {NEWER}" in answer.text
