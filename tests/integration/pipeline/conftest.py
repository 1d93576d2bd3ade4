"""Fixtures of the pipeline's tests: an encoder double, settings, and a catalogue reader."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from ipaddress import ip_network
from pathlib import Path

import httpx
import pyarrow.parquet as pq
import pytest
from feast import FeatureStore, FeatureView

from feature_repo import definitions
from services.contracts.catalogue import HEAD_VIEW, RANKING
from services.pipeline.feeds import open_feed
from services.pipeline.load import load as load_feed
from services.pipeline.settings import PipelineSettings
from services.pipeline.summary import LoadSummary
from services.retriever.catalogue.catalogue import Catalogue
from services.retriever.loading.reader import CatalogueReader
from services.retriever.loading.store import FeastFeatures
from services.writer.app import create_app as create_writer
from services.writer.settings import WriterSettings
from tests.support.encoder_double import EncoderDouble
from tests.support.lifespan import LifespanManager
from tests.support.picture_server import PictureServer
from tests.support.product_feed import product_rows, write_feed

Serve = Callable[[], Catalogue]


@pytest.fixture
def encoder() -> Iterator[EncoderDouble]:
    with EncoderDouble().running() as double:
        yield double


@pytest.fixture
def settings(encoder: EncoderDouble, feature_repo_dir: Path, tmp_path: Path) -> PipelineSettings:
    return settings_of(encoder, feature_repo_dir, tmp_path / "media")


@pytest.fixture
def serve(feature_repo_dir: Path) -> Serve:
    """Read the published catalogue as the retriever does, every row checked."""
    return lambda: read_catalogue(feature_repo_dir)


@pytest.fixture
def online(settings: PipelineSettings) -> PipelineSettings:
    """Fetches links, from this machine too."""
    return settings.model_copy(
        update={"download_pictures": True, "download_networks": (ip_network("127.0.0.0/8"),)}
    )


@pytest.fixture
def server() -> Iterator[PictureServer]:
    with PictureServer().running() as one:
        yield one


@pytest.fixture
async def writer(settings: PipelineSettings) -> AsyncIterator[httpx.AsyncClient]:
    async with writing(settings, max_queue=40) as client:
        yield client


@pytest.fixture
async def catalogue(settings: PipelineSettings, tmp_path: Path) -> Path:
    """A feed of four products, loaded."""
    feed = write_feed(tmp_path / "feed.csv", product_rows(4))
    await asyncio.to_thread(load, feed, settings)
    return feed


def settings_of(encoder: EncoderDouble, feature_store: Path, media: Path) -> PipelineSettings:
    """Small batches, so that a few products need several."""
    return PipelineSettings(
        encoder_url=encoder.url,
        encoder_wait_s=60,
        feature_store=feature_store,
        media_dir=media,
        download_pictures=False,
        batch_products=10,
        text_batch=4,
        image_batch=4,
    )


@asynccontextmanager
async def writing(settings: PipelineSettings, **own: float) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a writer in this process, patient: a busy machine is no failure."""
    patient = {"encoder_wait_s": 60, "deadline_ms": 120_000}
    app = create_writer(WriterSettings.model_validate(patient | own), settings)
    async with (
        LifespanManager(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://writer") as client,
    ):
        yield client


def load(
    path: Path,
    settings: PipelineSettings,
    rejects_path: Path | None = None,
    *,
    force: bool = False,
    report_path: Path | None = None,
) -> LoadSummary:
    """Load the file at `path`."""
    return load_feed(open_feed(path), settings, rejects_path, force=force, report_path=report_path)


def as_before_rankings(folder: Path) -> None:
    """Registry and Parquet as they were left when heads had no ranking."""
    now = definitions.catalogue_head
    before = FeatureView(
        name=HEAD_VIEW,
        entities=[definitions.catalogue],
        ttl=now.ttl,
        schema=[field for field in now.schema if field.name != RANKING],
        source=definitions.catalogue_head_source,
        online=True,
        description=now.description,
    )
    FeatureStore(repo_path=str(folder)).apply([definitions.catalogue, before])
    for part in (folder / "offline" / HEAD_VIEW).iterdir():
        pq.write_table(pq.read_table(part, partitioning=None).drop_columns([RANKING]), part)


def read_catalogue(folder: Path) -> Catalogue:
    reader = CatalogueReader(FeastFeatures(folder, timeout_s=60), batch=500)
    try:
        return reader.load(reader.head())
    finally:
        reader.close()


def titles(catalogue: Catalogue, *product_ids: str) -> list[str | None]:
    found = [catalogue.get(product_id) for product_id in product_ids]
    return [None if product is None else product.title for product in found]
