"""Requests that are asked again are answered from memory, as if they were searched."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from fastapi import Request

from services.contracts.retriever import (
    CHECK_MEANING_HEADER,
    LINES_MEDIA_TYPE,
    QueryTerm,
    RetrievalRequest,
)
from services.retriever.catalogue.catalogue import Catalogue
from services.retriever.loading.follower import Follower
from services.retriever.metrics import RetrieverMetrics
from services.retriever.routes import search
from services.retriever.searching.drift import QueryDrift
from services.retriever.searching.pool import SearchPool
from services.retriever.searching.recent_answers import RecentAnswers
from services.retriever.state import RetrieverState
from tests.unit.retriever.doubles import MODEL, ScriptedSource, empty_catalogue
from tests.unit.retriever.test_checked_meaning import ROWS, Counting
from tests.unit.retriever.test_words import catalogue

LINES = (b"accept", LINES_MEDIA_TYPE.encode())
CHECKED = (CHECK_MEANING_HEADER.lower().encode(), b"1")
MUG = RetrievalRequest(model=MODEL, terms=[QueryTerm(vector=[1, 0], text="red mug")], k=5)
REQUESTS = [
    MUG,
    MUG.model_copy(update={"k": 1}),
    MUG.model_copy(update={"facets": ["category"]}),
    MUG.model_copy(update={"terms": [QueryTerm(vector=[0, 1], text="red mug")]}),
    MUG.model_copy(update={"terms": [QueryTerm(vector=[1, 0], text="blue mug")]}),
    RetrievalRequest(model=MODEL, terms=[], k=5),
]


@pytest.fixture
async def state() -> AsyncIterator[RetrieverState]:
    metrics = RetrieverMetrics()
    pool = SearchPool(threads=1, max_queue=10)
    follower = Follower(ScriptedSource(), metrics, poll_interval_s=1, max_backoff_s=1)
    yield RetrieverState(follower, pool, metrics, Counting([]), RecentAnswers(100_000), None)
    await pool.aclose()


async def asked(
    state: RetrieverState,
    served: Catalogue,
    body: RetrievalRequest = MUG,
    headers: list[tuple[bytes, bytes]] | None = None,
) -> bytes:
    request = Request({"type": "http", "headers": headers or []})
    return bytes((await search(body, state, served, request)).body)


def repeated(state: RetrieverState) -> float:
    return state.metrics.registry.get_sample_value("retriever_repeated_searches_total") or 0.0


async def test_the_same_request_has_the_same_answer_and_every_other_its_own(
    state: RetrieverState,
) -> None:
    served = catalogue(ROWS)
    ways = [[], [LINES], [CHECKED], [LINES, CHECKED]]
    first = [await asked(state, served, body, way) for body in REQUESTS for way in ways]
    assert repeated(state) == 0
    again = [await asked(state, served, body, way) for body in REQUESTS for way in ways]
    assert again == first
    assert repeated(state) == len(first)


async def test_another_catalogue_is_searched(state: RetrieverState) -> None:
    full, empty = catalogue(ROWS), empty_catalogue("v2")
    before = await asked(state, full)
    after = await asked(state, empty)
    assert b'"results":[]' in after
    assert await asked(state, full) == before
    assert repeated(state) == 0


async def test_an_answer_of_an_older_catalogue_is_not_kept() -> None:
    answers = RecentAnswers(1_000)
    old, new = empty_catalogue("v1"), empty_catalogue("v2")
    key = ("mug", False, False)
    assert answers.get(old, key) is None
    assert answers.get(new, key) is None
    answers.add(old, key, b"old")
    assert answers.get(new, key) is None


async def test_a_repeated_search_counts_for_the_drift(state: RetrieverState) -> None:
    counting: list[RetrievalRequest] = []
    drift = Counting(counting)
    watched = RetrieverState(
        state.follower, state.pool, state.metrics, drift, state.answers, engine=None
    )
    served = catalogue(ROWS)
    for _ in range(3):
        await asked(watched, served)
    assert (len(counting), repeated(state)) == (3, 2)


async def test_a_text_that_means_more_is_not_kept(state: RetrieverState) -> None:
    body = MUG.model_copy(update={"terms": [QueryTerm(vector=[1, 0], text="mug not blue")]})
    served = catalogue(ROWS)
    first = await asked(state, served, body, [CHECKED])
    assert await asked(state, served, body, [CHECKED]) == first
    assert repeated(state) == 0


def test_the_answers_that_were_not_asked_for_longest_go_first() -> None:
    served = empty_catalogue("v1")
    answers = RecentAnswers(300)
    keys = [(name, False, False) for name in "abcd"]
    answers.get(served, keys[0])
    for key in keys[:2]:
        answers.add(served, key, b"x" * 99)
    assert answers.get(served, keys[0]) is not None
    answers.add(served, keys[2], b"x" * 99)
    answers.add(served, keys[3], b"x" * 99)
    kept = [key[0] for key in keys if answers.get(served, key) is not None]
    assert kept == ["a", "c", "d"]
    answers.add(served, ("e", False, False), b"x" * 300)
    assert answers.get(served, ("e", False, False)) is None
    assert answers.get(served, keys[3]) is not None


async def test_without_memory_every_request_is_searched(state: RetrieverState) -> None:
    searched = RetrieverState(
        *(state.follower, state.pool, state.metrics, QueryDrift(state.metrics.query_drift, _none)),
        *(RecentAnswers(0), None),
    )
    served = catalogue(ROWS)
    assert await asked(searched, served) == await asked(searched, served)
    assert repeated(state) == 0


def _none() -> None:
    return None
