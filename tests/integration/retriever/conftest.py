"""A retriever over a real feature store, and somebody who publishes into it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from services.contracts.base import ModalityWeights
from services.contracts.health import Readiness
from services.contracts.retriever import (
    CatalogueInfo,
    QueryTerm,
    RetrievalRequest,
    RetrievalResponse,
)
from services.retriever.app import create_app
from services.retriever.settings import RetrieverSettings
from tests.integration.retriever.publishing import MODEL, Publisher, Version
from tests.support.lifespan import LifespanManager
from tests.support.waiting import until

WORDS = {"text": 1.0, "image": 0.0}


class RetrieverClient:
    """Asks one retriever over HTTP."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self.http = http

    async def search(self, version: Version, product_id: str, k: int = 5) -> RetrievalResponse:
        """Ask with the text vector that a version gives a product; raises on an error."""
        response = await self.http.post("/search", json=query(version, product_id, k))
        response.raise_for_status()
        return RetrievalResponse.model_validate_json(response.content)

    async def readiness(self) -> tuple[int, Readiness]:
        response = await self.http.get("/ready")
        return response.status_code, Readiness.model_validate_json(response.content)

    async def catalogue(self) -> CatalogueInfo | None:
        response = await self.http.get("/catalogue")
        if response.status_code != httpx.codes.OK:
            return None
        return CatalogueInfo.model_validate_json(response.content)

    async def serves(self, version: Version) -> bool:
        info = await self.catalogue()
        return info is not None and info.version == version.name

    async def is_stale(self) -> bool:
        """By `/ready`, which must agree with the metric."""
        code, readiness = await self.readiness()
        state = readiness.dependencies["catalogue"]
        stale = state.status == "degraded" and (state.detail or "").startswith("stale")
        return code == httpx.codes.OK and stale and await self.stale_metric() == 1

    async def is_current(self) -> bool:
        code, readiness = await self.readiness()
        fine = all(state.status == "ok" for state in readiness.dependencies.values())
        return code == httpx.codes.OK and fine and await self.stale_metric() == 0

    async def stale_metric(self) -> float:
        text = (await self.http.get("/metrics")).text
        return next(
            sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
            if sample.name == "retriever_catalogue_stale"
        )

    async def until_serving(self, version: Version) -> None:
        await until(lambda: self.serves(version))


def query(
    version: Version, product_id: str, k: int = 5, weights: Mapping[str, float] = WORDS
) -> dict[str, Any]:
    """A search request as JSON."""
    request = RetrievalRequest(
        model=MODEL,
        terms=[
            QueryTerm(
                vector=version.vector(product_id, "text").tolist(),
                weights=ModalityWeights(**weights),
            )
        ],
        k=k,
        cutoff="off",
    )
    return request.model_dump()


@asynccontextmanager
async def running_retriever(
    feature_store: Path, **changes: object
) -> AsyncIterator[RetrieverClient]:
    """A retriever in this process, asked through ASGI."""
    values: dict[str, Any] = {"poll_interval_ms": 20, "max_backoff_ms": 100, **changes}
    app = create_app(RetrieverSettings(feature_store=feature_store, **values))
    async with (
        LifespanManager(app),
        httpx.AsyncClient(
            transport=httpx.ASGITransport(app), base_url="http://retriever", timeout=20
        ) as http,
    ):
        yield RetrieverClient(http)


@pytest.fixture
def publisher(feature_repo_dir: Path) -> Publisher:
    return Publisher(feature_repo_dir)
