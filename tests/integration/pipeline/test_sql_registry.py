"""The feature store as the cluster's manifests have it: the registry in a database."""

from __future__ import annotations

import gc
import uuid
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest

from services.pipeline.settings import PipelineSettings
from services.retriever.catalogue.catalogue import Catalogue
from tests.integration.pipeline.conftest import load
from tests.support.postgres_server import PROGRAMS, postgres_server
from tests.support.product_feed import product_rows, write_feed
from tests.support.redis_server import RedisAddress

Serve = Callable[[], Catalogue]


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
            registry = running.enter_context(postgres_server())
        monkeypatch.setenv("FEAST_REGISTRY", registry)
        monkeypatch.setenv("REDIS_ADDRESS", redis_address.connection_string)
        monkeypatch.setenv("FEAST_REGISTRY_TYPE", "sql")
        shared = Path("feature_repo/feature_store.yaml").read_text(encoding="utf-8")
        project = f"test_{uuid.uuid4().hex}"
        (settings.feature_store / "feature_store.yaml").write_text(
            shared.replace("project: multimodal_search", f"project: {project}"), encoding="utf-8"
        )
        summary = load(write_feed(tmp_path / "feed.csv", product_rows(5)), settings)
        assert summary.counts.loaded == 5
        assert serve().info.version == summary.publication.head.version
        assert not (settings.feature_store / "registry.db").exists()
        gc.collect()
