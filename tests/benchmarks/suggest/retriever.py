"""`python -m tests.benchmarks.suggest.retriever PRODUCTS FD`: the made-up shop, served.

The retriever's own routes over a catalogue that comes from no store, and has vectors of two floats.
"""

from __future__ import annotations

import socket
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

import numpy as np
import uvicorn
from fastapi import FastAPI

from services.common.app import create_service_app
from services.common.state import hold_state
from services.contracts.catalogue import CatalogueHead
from services.contracts.health import Dependency
from services.contracts.retriever import CatalogueInfo
from services.retriever.catalogue.catalogue import Catalogue
from services.retriever.catalogue.moments import Moments
from services.retriever.catalogue.product_table import ProductTable
from services.retriever.catalogue.products import Products
from services.retriever.index import ExactIndex, LiveIndex
from services.retriever.loading.follower import Follower
from services.retriever.loading.head import PublishedHead
from services.retriever.metrics import RetrieverMetrics
from services.retriever.routes import router
from services.retriever.searching.drift import QueryDrift
from services.retriever.searching.pool import SearchPool
from services.retriever.searching.recent_answers import RecentAnswers
from services.retriever.settings import RetrieverSettings
from services.retriever.state import RetrieverState
from services.retriever.words import ENGLISH, WordsBuild
from tests.benchmarks.suggest.made_up import made_up

MODEL = "benchmark@1"


def catalogue_of(products: int) -> Catalogue:
    """The shop in memory; prints what its words and completions take."""
    batches = made_up(products)
    build = WordsBuild(ENGLISH)
    for batch in batches:
        build.add(batch)
    words = build.finish()
    build.close()
    table = ProductTable.of(batches, [], ENGLISH, words)
    started = time.thread_time()
    completions = table.completions
    seconds = time.thread_time() - started
    print(
        f"words {words.nbytes / products:.0f} bytes a product; completions "
        f"{completions.nbytes / products:.0f} bytes a product, built in {seconds:.2f} s of a "
        "processor",
        flush=True,
    )
    rows = np.zeros((products, 4), np.float32)
    rows[:, 0] = 1
    return Catalogue(
        CatalogueInfo(version="made-up", model=MODEL, dimension=2, products=products),
        Products(table),
        LiveIndex(ExactIndex(rows), table.ids),
        Moments.of(rows[:1_000]),
    )


async def _no_dependencies() -> dict[str, Dependency]:
    return {}


class _MadeUp:
    """A `CatalogueSource` of one version."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue

    def head(self) -> PublishedHead:
        info = self._catalogue.info
        return PublishedHead(
            version=info.version,
            model_id=info.model,
            dimension=info.dimension,
            shards=1,
            products=info.products,
        )

    def load(self, head: CatalogueHead, *, serving: bool) -> Catalogue:
        return self._catalogue

    def update(self, catalogue: Catalogue, head: CatalogueHead) -> Catalogue:
        return catalogue

    def merged(self, catalogue: Catalogue) -> Catalogue:
        return catalogue.merged()

    def stop(self) -> None:
        pass

    def close(self) -> None:
        pass


def app_of(catalogue: Catalogue) -> FastAPI:
    """The retriever's routes over this catalogue."""
    metrics = RetrieverMetrics()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        pool = SearchPool(threads=2, max_queue=256)
        source = _MadeUp(catalogue)
        async with Follower(source, metrics, poll_interval_s=60.0, max_backoff_s=60.0) as follower:
            drift = QueryDrift(metrics.query_drift, partial(lambda: None))
            state = RetrieverState(follower, pool, metrics, drift, RecentAnswers(0), None)
            with hold_state(app, state):
                yield
        await pool.aclose()

    return create_service_app(
        name="retriever",
        description="The made-up shop.",
        settings=RetrieverSettings(),
        metrics=metrics,
        lifespan=lifespan,
        dependencies=_no_dependencies,
        routers=[router],
    )


if __name__ == "__main__":
    app = app_of(catalogue_of(int(sys.argv[1])))
    with socket.socket(fileno=int(sys.argv[2])) as listener:
        uvicorn.Server(uvicorn.Config(app, log_level="warning")).run(sockets=[listener])
