"""The feature store as the cluster's manifests have it: the registry in a database."""

from __future__ import annotations

import asyncio
import gc
import time
import uuid
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from services.pipeline.errors import DependencyAway
from services.pipeline.settings import PipelineSettings
from services.retriever.catalogue.catalogue import Catalogue
from tests.integration.pipeline.conftest import load, writing
from tests.integration.pipeline.test_sweeping import MERGE
from tests.integration.retriever.conftest import running_retriever
from tests.support.postgres_server import PROGRAMS, postgres_server
from tests.support.product_feed import product_rows, write_feed
from tests.support.redis_server import RedisAddress
from tests.support.waiting import until

Serve = Callable[[], Catalogue]


def use_database(settings: PipelineSettings, cache_ttl_s: int = 60) -> None:
    """The file that images and clusters use; the environment fills in the rest."""
    text = Path("feature_repo/feature_store.yaml").read_text("utf-8")
    text = text.replace("project: multimodal_search", f"project: test_{uuid.uuid4().hex}")
    text = text.replace("cache_ttl_seconds: 60", f"cache_ttl_seconds: {cache_ttl_s}")
    (settings.feature_store / "feature_store.yaml").write_text(text, "utf-8")


# Feast leaves its pool of connections to the garbage collector.
@pytest.mark.filterwarnings(
    "ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"
)
@pytest.mark.usefixtures("encoder")
@pytest.mark.parametrize(
    "database",
    [
        "sqlite",
        pytest.param(
            "postgresql",
            marks=pytest.mark.skipif(PROGRAMS is None, reason="there is no PostgreSQL here"),
        ),
    ],
)
def test_a_catalogue_is_loaded_and_served_over_a_registry_in_a_database(
    settings: PipelineSettings,
    redis_address: RedisAddress,
    tmp_path: Path,
    serve: Serve,
    monkeypatch: pytest.MonkeyPatch,
    database: str,
) -> None:
    with ExitStack() as running:
        registry = f"sqlite:///{tmp_path / 'registry.sqlite'}"
        if database == "postgresql":
            registry = running.enter_context(postgres_server()).address
        monkeypatch.setenv("FEAST_REGISTRY", registry)
        monkeypatch.setenv("REDIS_ADDRESS", redis_address.connection_string)
        monkeypatch.setenv("FEAST_REGISTRY_TYPE", "sql")
        use_database(settings)
        summary = load(write_feed(tmp_path / "feed.csv", product_rows(5)), settings)
        assert summary.counts.loaded == 5
        assert serve().info.version == summary.publication.head.version
        assert not (settings.feature_store / "registry.db").exists()
        gc.collect()


@pytest.mark.filterwarnings(
    "ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"
)
@pytest.mark.skipif(PROGRAMS is None, reason="there is no PostgreSQL here")
async def test_a_registry_that_is_away_stops_changes_at_most_and_searches_never(
    settings: PipelineSettings,
    redis_address: RedisAddress,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with postgres_server() as registry:
        # Both look into the registry again and again while it is away.
        use_database(settings, cache_ttl_s=1)
        monkeypatch.setenv("FEAST_REGISTRY", registry.address)
        monkeypatch.setenv("FEAST_REGISTRY_TYPE", "sql")
        monkeypatch.setenv("REDIS_ADDRESS", redis_address.connection_string)
        feed = write_feed(tmp_path / "feed.csv", product_rows(5))
        await asyncio.to_thread(load, feed, settings)
        store = settings.feature_store
        async with writing(settings) as writer, running_retriever(store) as retriever:
            await until(retriever.is_current)
            assert await price(writer, 1.5) == 200
            registry.stop()
            away_until = time.monotonic() + 3
            answers = set()
            while time.monotonic() < away_until:
                assert (await retriever.http.get("/products/p-001")).status_code == 200
                answers.add(await price(writer, 2.5))
            assert answers <= {200, 503}
            with pytest.raises(DependencyAway):
                await asyncio.to_thread(load, feed, settings)
            registry.start()

            async def changed() -> bool:
                if await price(writer, 3.5) != 200:
                    return False
                product = await retriever.http.get("/products/p-001")
                return product.status_code == 200 and bool(product.json()["price"] == 3.5)

            await until(changed)
            await until(retriever.is_current)
        await asyncio.to_thread(load, feed, settings)
        gc.collect()


async def price(writer: httpx.AsyncClient, value: float) -> int:
    answer = await writer.patch("/products/p-001", json={"price": value}, headers=MERGE)
    return answer.status_code
