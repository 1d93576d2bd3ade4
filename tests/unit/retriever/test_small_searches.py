"""Searches in the event loop: only short ones of small catalogues; others wait in the queue."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

import pytest
from fastapi import Request

from services.common.problems import Overloaded
from services.contracts.retriever import Exclusion, QueryTerm, RetrievalRequest
from services.contracts.understanding import UnderstandRequest
from services.retriever.loading.follower import Follower
from services.retriever.metrics import RetrieverMetrics
from services.retriever.routes import search, understand
from services.retriever.searching.drift import QueryDrift
from services.retriever.searching.pool import SearchPool
from services.retriever.searching.recent_answers import RecentAnswers
from services.retriever.state import RetrieverState
from tests.unit.retriever.doubles import MODEL, ScriptedSource, empty_catalogue

REQUEST = Request({"type": "http", "headers": []})


@pytest.fixture
async def full() -> AsyncIterator[RetrieverState]:
    """A retriever whose queue takes nothing: only what runs in the event loop is answered."""
    metrics = RetrieverMetrics()
    pool = SearchPool(threads=1, max_queue=0)
    follower = Follower(ScriptedSource(), metrics, poll_interval_s=1, max_backoff_s=1)
    drift = QueryDrift(metrics.query_drift, lambda: None)
    yield RetrieverState(follower, pool, metrics, drift, RecentAnswers(0), None)
    await pool.aclose()


def asked(texts: Sequence[str], excluded: Sequence[str] = ()) -> RetrievalRequest:
    return RetrievalRequest(
        model=MODEL,
        terms=[QueryTerm(vector=[1, 0], text=text) for text in texts],
        exclusions=[Exclusion(text=text) for text in excluded],
        k=5,
    )


async def test_short_texts_are_answered_in_the_event_loop(full: RetrieverState) -> None:
    catalogue = empty_catalogue("v1")
    for body in (asked(["red mug"]), asked(["m" * 100]), asked(["a" * 50], ["b" * 50])):
        assert (await search(body, full, catalogue, REQUEST)).status_code == 200
    answer = await understand(UnderstandRequest(queries=["m" * 100]), full, catalogue)
    assert len(answer.queries) == 1


@pytest.mark.parametrize(
    "body",
    [
        asked(["mug " * 2_000]),
        asked(["m" * 101]),
        asked(["red"] * 4 + ["mug " * 30]),
        asked(["mug " * 10] * 8),
        asked(["mug"], ["x" * 200]),
        asked(["mug"], ["x y " * 10] * 8),
    ],
)
async def test_long_texts_wait_in_the_queue(full: RetrieverState, body: RetrievalRequest) -> None:
    with pytest.raises(Overloaded):
        await search(body, full, empty_catalogue("v1"), REQUEST)


@pytest.mark.parametrize("queries", [["m" * 101], ["mgu " * 250], ["red", "mug"]])
async def test_long_queries_are_understood_in_the_queue(
    full: RetrieverState, queries: list[str]
) -> None:
    with pytest.raises(Overloaded):
        await understand(UnderstandRequest(queries=queries), full, empty_catalogue("v1"))
