"""A search that asks for the meaning of its text gets products only if that is just its words."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from fastapi import Request

from services.contracts.retriever import (
    CHECK_MEANING_HEADER,
    QueryTerm,
    RetrievalRequest,
    RetrievalResponse,
)
from services.retriever.loading.follower import Follower
from services.retriever.metrics import RetrieverMetrics
from services.retriever.routes import search
from services.retriever.searching.drift import QueryDrift
from services.retriever.searching.pool import SearchPool
from services.retriever.searching.recent_answers import RecentAnswers
from services.retriever.state import RetrieverState
from services.retriever.understanding.understand import understand
from tests.unit.retriever.doubles import MODEL, ScriptedSource
from tests.unit.retriever.test_words import catalogue

ROWS = {
    f"p{number}": {"title": f"{colour} mug", "attributes": {"color": colour}}
    for number, colour in enumerate(("red", "blue", "green"))
}


class Counting(QueryDrift):
    """Remembers the searches."""

    def __init__(self, searches: list[RetrievalRequest]) -> None:
        super().__init__(RetrieverMetrics().query_drift, lambda: None)
        self._searches = searches

    def asked(self, request: RetrievalRequest) -> None:
        self._searches.append(request)


@pytest.fixture
async def state() -> AsyncIterator[RetrieverState]:
    metrics = RetrieverMetrics()
    pool = SearchPool(threads=1, max_queue=10)
    follower = Follower(ScriptedSource(), metrics, poll_interval_s=1, max_backoff_s=1)
    drift = QueryDrift(metrics.query_drift, lambda: None)
    yield RetrieverState(follower, pool, metrics, drift, RecentAnswers(10_000), None)
    await pool.aclose()


async def found(state: RetrieverState, text: str, *, check: bool) -> RetrievalResponse:
    headers = [(CHECK_MEANING_HEADER.lower().encode(), b"1")] if check else []
    body = RetrievalRequest(model=MODEL, terms=[QueryTerm(vector=[1, 0], text=text)], k=5)
    request = Request({"type": "http", "headers": headers})
    answer = await search(body, state, catalogue(ROWS), request)
    return RetrievalResponse.model_validate_json(bytes(answer.body))


async def test_a_text_that_means_its_words_is_searched(state: RetrieverState) -> None:
    checked = await found(state, "red mug", check=True)
    assert checked.meaning == understand(catalogue(ROWS), "red mug")
    plain = await found(state, "red mug", check=False)
    assert plain.meaning is None
    assert checked.model_copy(update={"meaning": None}) == plain
    assert plain.results[0].product_id == "p0"


@pytest.mark.parametrize("text", ["mug not blue", "red mugg"])
async def test_a_text_that_means_more_finds_nothing_but_its_meaning(
    state: RetrieverState, text: str
) -> None:
    checked = await found(state, text, check=True)
    assert checked.meaning == understand(catalogue(ROWS), text)
    assert (checked.results, checked.found) == ([], 0)
    assert (await found(state, text, check=False)).results != []


async def test_a_text_that_was_not_searched_is_no_query_for_the_drift(
    state: RetrieverState,
) -> None:
    asked = list[RetrievalRequest]()
    counting = replace(state, drift=Counting(asked))
    for text in ("red mugg", "red mug"):
        await found(counting, text, check=True)
    assert [one.texts for one in asked] == [["red mug"]]
