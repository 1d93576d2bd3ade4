"""Wiring of the retriever."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING

from fastapi import FastAPI

from services.common.app import create_service_app
from services.common.state import find_state, get_state, hold_state
from services.contracts.health import MODEL, Dependency
from services.retriever.index import IndexChoice
from services.retriever.loading.aside import Aside
from services.retriever.loading.follower import Follower
from services.retriever.loading.memory import share_allocator
from services.retriever.loading.reader import CatalogueReader
from services.retriever.loading.store import FeastFeatures
from services.retriever.loading.workers import Processes
from services.retriever.metrics import RetrieverMetrics
from services.retriever.routes import DIRECT, router
from services.retriever.searching.drift import QueryDrift, Served
from services.retriever.searching.pool import SearchPool
from services.retriever.searching.recent_answers import RecentAnswers
from services.retriever.settings import RetrieverSettings
from services.retriever.state import RetrieverState
from services.retriever.understanding.dictionary import dictionary_of
from services.retriever.words import Analyser

if TYPE_CHECKING:
    from services.retriever.index.milvus import MilvusEngine


def create_app(settings: RetrieverSettings) -> FastAPI:
    """The retriever as an application. It starts with nothing there, and serves once it can."""
    metrics = RetrieverMetrics()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        share_allocator()
        # Takes .2 to 1.3 s, for which the first query would not wait.
        await asyncio.to_thread(dictionary_of, settings.language)
        engine = _engine(settings)
        source = _reader(settings, engine)
        pool = SearchPool(threads=settings.search_threads, max_queue=settings.max_queue)
        try:
            async with Follower(
                source,
                metrics,
                poll_interval_s=settings.poll_interval_ms / 1000,
                max_backoff_s=settings.max_backoff_ms / 1000,
            ) as follower:
                drift = QueryDrift(metrics.query_drift, partial(_served, follower))
                # Milvus holds its rows elsewhere, so a snapshot does not say all of an answer.
                kept = 0 if engine is not None else settings.answer_cache_bytes
                answers = RecentAnswers(kept)
                state = RetrieverState(follower, pool, metrics, drift, answers, engine)
                with hold_state(app, state):
                    yield
        finally:
            await pool.aclose()
            if engine is not None:
                await asyncio.to_thread(engine.close)

    async def dependencies() -> dict[str, Dependency]:
        state = get_state(app, RetrieverState)
        states = _dependencies(state.follower)
        if state.engine is not None:
            trouble = await asyncio.to_thread(state.engine.trouble)
            states["milvus"] = Dependency(
                status="ok" if trouble is None else "unavailable", detail=trouble
            )
        return states

    def alive() -> bool:
        state = find_state(app, RetrieverState)
        return state is None or state.follower.alive

    app = create_service_app(
        name="retriever",
        description="The catalogue in memory: a query vector in, scored products out.",
        settings=settings,
        metrics=metrics,
        lifespan=lifespan,
        routers=[router],
        direct=DIRECT,
        dependencies=dependencies,
        alive=alive,
    )
    return app


def _reader(settings: RetrieverSettings, engine: MilvusEngine | None) -> CatalogueReader:
    folder, timeout_s = settings.feature_store, settings.store_timeout_ms / 1000
    processes = aside = None
    if settings.reload_processes:
        processes = Processes(folder, timeout_s, settings.reload_processes)
        # A file of Milvus Lite is of one process.
        if "://" in (settings.milvus_uri or ""):
            aside = Aside(partial(_reader_aside, settings))
    return CatalogueReader(
        FeastFeatures(folder, timeout_s=timeout_s),
        batch=settings.read_batch,
        expected_model=settings.expected_model,
        filterable=settings.filterable_attributes,
        choice=IndexChoice(settings.index, settings.exact_up_to, engine),
        analyser=Analyser(settings.language),
        processes=processes,
        aside=aside,
    )


def _reader_aside(settings: RetrieverSettings) -> CatalogueReader:
    return _reader(settings, _engine(settings))


def _engine(settings: RetrieverSettings) -> MilvusEngine | None:
    if settings.milvus_uri is None:
        return None
    # Its client takes a second to import and is not installed where nobody asks for it.
    from services.retriever.index.milvus import MilvusEngine

    return MilvusEngine(
        settings.milvus_uri,
        settings.milvus_token.get_secret_value(),
        timeout_s=settings.milvus_timeout_ms / 1000,
    )


def _served(follower: Follower) -> Served | None:
    catalogue = follower.catalogue
    return None if catalogue is None else (catalogue.info.model, catalogue.moments)


def _dependencies(follower: Follower) -> dict[str, Dependency]:
    """Ready once there is a catalogue; from then on whatever is wrong only degrades."""
    catalogue, trouble = follower.catalogue, follower.trouble
    if catalogue is None:
        loading = follower.loading
        catalogue_state = Dependency(
            status="unavailable",
            detail=f"loading version {loading}" if loading else trouble or "not looked for yet",
        )
    elif trouble is not None:
        catalogue_state = Dependency(
            status="degraded", detail=f"stale, serving version {catalogue.info.version}: {trouble}"
        )
    else:
        catalogue_state = Dependency(
            status="ok",
            detail=f"version {catalogue.info.version}, {catalogue.info.products} products",
        )
    store_trouble = follower.store_trouble
    store_state = (
        Dependency(status="ok")
        if store_trouble is None
        else Dependency(
            status="unavailable" if catalogue is None else "degraded", detail=store_trouble
        )
    )
    states = {"catalogue": catalogue_state, "feature_store": store_state}
    if catalogue is not None:
        states[MODEL] = Dependency(status="ok", detail=catalogue.info.model)
    return states
