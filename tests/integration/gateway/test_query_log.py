"""The query log: what is in Redis after a search, and that no search ever waits for it."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import cast

import pytest
import redis
from prometheus_client import CollectorRegistry, Counter
from pydantic import RedisDsn

from services.common.optional_redis import OptionalRedis
from services.contracts.query_log import (
    MEAN,
    QUERIES_PER_MEAN,
    SEARCH,
    STREAM,
    LoggedMean,
    LoggedSearch,
    keyed_hash,
    unpacked,
)
from services.contracts.retriever import QueryTerm, RetrievalRequest, RetrievalResponse
from services.gateway.query_log import past_queries
from services.gateway.query_log.log import MAX_WAITING, Bounds, QueryLog
from services.gateway.searching.found import Found
from services.gateway.searching.reporting import Answered
from tests.support.gateway_stack import CATALOGUE, JPEG, MODEL
from tests.support.redis_server import RedisAddress, RedisProcess
from tests.support.waiting import until
from tests.unit.gateway.conftest import RunStack

KEY = "a key for the tests, and for nothing else"
BOUNDS = Bounds(kept_s=3_600, entries=10_000)


class Log:
    """A log of a stream of its own, and what was counted."""

    def __init__(self, log: QueryLog, counter: Counter, stream: str) -> None:
        self.log = log
        self.stream = stream
        self._counter = counter

    def add(self, words: str, vector: list[float] | None = None, confidence: float = 0.9) -> None:
        term = QueryTerm(vector=vector or [1.0, 0.0])
        search = RetrievalRequest(model=MODEL, terms=[term], k=1)
        found = RetrievalResponse(results=[], found=0, confidence=confidence, catalogue=CATALOGUE)
        self.log.add(Answered(search, Found.of(found), words, None, [], 3.21))

    def counted(self, outcome: str) -> float:
        value: float = self._counter.labels(outcome)._value.get()
        return value


@asynccontextmanager
async def open_log(
    address: RedisAddress,
    bounds: Bounds = BOUNDS,
    key: bytes | None = None,
    timeout_ms: int = 2_000,
) -> AsyncIterator[Log]:
    counter = Counter("entries", "Of the log.", ["outcome"], registry=CollectorRegistry())
    client = OptionalRedis(RedisDsn(address.url), timeout_ms=2_000)
    stream = f"query-log-{uuid.uuid4().hex}"
    async with AsyncExitStack() as stack:
        stack.push_async_callback(client.aclose)
        log = QueryLog(client, bounds, key, counter, stream)
        await stack.enter_async_context(log.running())
        yield Log(log, counter, stream)


@pytest.fixture
def client(redis_address: RedisAddress) -> Iterator[redis.Redis]:
    with redis.Redis(redis_address.host, redis_address.port, decode_responses=True) as client:
        yield client


Fields = dict[str, str]


def entries(client: redis.Redis, stream: str = STREAM) -> list[Fields]:
    """All of the stream, the oldest first."""
    found = cast("list[tuple[str, Fields]]", client.xrange(stream))
    return [fields for _, fields in found]


async def logged(own_redis: RedisProcess, count: int) -> list[LoggedSearch]:
    """The searches in the stream of a whole gateway, once there are so many."""
    address = own_redis.address
    with redis.Redis(address.host, address.port, decode_responses=True) as client:
        await until(lambda: len(entries(client)) >= count)
        return [
            LoggedSearch.model_validate_json(fields[SEARCH])
            for fields in entries(client)
            if SEARCH in fields
        ]


async def test_a_search_in_words_is_logged_by_its_keyed_hash_and_never_by_its_words(
    run_stack: RunStack, own_redis: RedisProcess
) -> None:
    url = own_redis.address.url
    async with run_stack(redis_url=url, query_log="hashed", query_log_key=KEY) as stack:
        answer = await stack.predict(query="  Wedding  DRESS 17")
        (entry,) = await logged(own_redis, 1)
    assert entry.query == keyed_hash("wedding dress 17", KEY.encode())
    assert entry.query != keyed_hash("wedding dress 17", b"another key")
    assert (entry.kind, entry.best, entry.found) == ("words", "product-17", 2)
    assert (entry.rewritten, entry.confidence) == ("gemini", 0.9)
    with redis.Redis(own_redis.address.host, own_redis.address.port) as client:
        told = str(client.xrange(STREAM)).lower()
    assert "wedding" not in told
    assert answer.headers["X-Request-ID"] not in told  # by which a caller would be found


async def test_words_are_logged_only_where_that_is_asked_for(
    run_stack: RunStack, own_redis: RedisProcess
) -> None:
    async with run_stack(redis_url=own_redis.address.url, query_log="plain") as stack:
        body = {
            "query": "Red mug 1",
            "terms": [{"text": "stripes 2"}, {"text": "blue 3", "weight": -1}],
        }
        await stack.http.post("/search", json=body)
        (entry,) = await logged(own_redis, 1)
    assert (entry.query, entry.hashed, entry.kind) == (
        "red mug 1 + stripes 2 + -blue 3",
        False,
        "words",
    )


async def test_nothing_is_logged_unless_it_is_turned_on(
    run_stack: RunStack, own_redis: RedisProcess
) -> None:
    async with run_stack(redis_url=own_redis.address.url) as stack:
        await stack.predict(query="mug 1")
    with redis.Redis(own_redis.address.host, own_redis.address.port) as client:
        assert not client.exists(STREAM)


async def test_of_a_picture_only_how_it_went_is_logged(
    run_stack: RunStack, own_redis: RedisProcess
) -> None:
    async with run_stack(redis_url=own_redis.address.url, query_log="plain") as stack:
        await stack.http.post("/predict-image", files={"image": JPEG})
        (entry,) = await logged(own_redis, 1)
    assert (entry.kind, entry.query) == ("picture", None)


async def test_further_pages_and_likes_of_a_product_are_no_queries(
    run_stack: RunStack, own_redis: RedisProcess
) -> None:
    async with run_stack(redis_url=own_redis.address.url, query_log="plain") as stack:
        first = (await stack.http.post("/search", json={"query": "mug 1", "k": 1})).json()
        await stack.http.post("/search", json={"cursor": first["cursor"]})
        await stack.http.get("/products/product-1/similar")
        await stack.http.post("/search", json={"query": "mug 2"})
        found = await logged(own_redis, 2)
    assert [entry.query for entry in found] == ["mug 1", "mug 2"]


async def test_vectors_are_logged_as_the_mean_of_many_and_of_fewer_never(
    redis_address: RedisAddress, client: redis.Redis
) -> None:
    async with open_log(redis_address) as log:
        for number in range(QUERIES_PER_MEAN - 1):
            log.add("mug", [float(number % 2), 1.0])
        await until(lambda: len(entries(client, log.stream)) == QUERIES_PER_MEAN - 1)
        log.add("mug", [1.0, 1.0])
        await until(lambda: len(entries(client, log.stream)) == QUERIES_PER_MEAN + 1)
        log.add("mug", [1.0, 1.0])
    found = entries(client, log.stream)
    (mean,) = [LoggedMean.model_validate_json(one[MEAN]) for one in found if MEAN in one]
    assert (mean.kind, mean.queries) == ("words", QUERIES_PER_MEAN)
    assert unpacked(mean.vector) == [0.5, 1.0]
    assert len(found) == QUERIES_PER_MEAN + 2


async def test_the_stream_never_holds_more_than_it_may(
    redis_address: RedisAddress, client: redis.Redis
) -> None:
    async with open_log(redis_address, Bounds(kept_s=3_600, entries=300)) as log:
        for _ in range(5):
            for _ in range(MAX_WAITING // 2):
                log.add("mug")
            await until(lambda: log.log.waiting == 0)
    # Redis trims whole blocks of a stream, which hold 100 entries at most.
    assert 300 <= len(entries(client, log.stream)) <= 400


async def test_what_is_too_old_goes_with_the_next_entry_and_all_of_it_when_none_comes(
    redis_address: RedisAddress, client: redis.Redis
) -> None:
    async with open_log(redis_address, Bounds(kept_s=60, entries=1_000)) as log:
        an_hour_ago = round(time.time() * 1000) - 3_600_000
        client.xadd(log.stream, {SEARCH: "{}"}, id=f"{an_hour_ago}-0")
        log.add("mug")
        await until(lambda: log.counted("written") == 1)
        assert len(entries(client, log.stream)) == 1
        assert 0 < cast("int", client.pttl(log.stream)) <= 60_000


async def test_without_redis_entries_are_dropped_and_counted_and_come_again_with_it(
    own_redis: RedisProcess,
) -> None:
    async with open_log(own_redis.address) as log:
        log.add("mug")
        await until(lambda: log.counted("written") == 1)
        own_redis.stop(at_once=True)
        log.add("mug")
        await until(lambda: log.counted("away") == 1)
        own_redis.start()

        def written() -> bool:
            log.add("mug")
            return log.counted("written") > 1

        await until(written)


async def test_searches_are_answered_while_redis_is_frozen(
    run_stack: RunStack, own_redis: RedisProcess
) -> None:
    url = own_redis.address.url
    async with run_stack(redis_url=url, query_log="plain", redis_timeout_ms=20) as stack:
        await stack.predict(query="mug 1")
        with own_redis.paused():
            answers = await asyncio.gather(*(stack.predict(query=f"mug {n}") for n in range(50)))
            assert {answer.status_code for answer in answers} == {200}


async def test_a_full_queue_drops_what_comes_and_counts_it(own_redis: RedisProcess) -> None:
    async with open_log(own_redis.address) as log:
        log.add("mug")
        await until(lambda: log.counted("written") == 1)
        with own_redis.paused():
            for _ in range(3 * MAX_WAITING):
                log.add("mug")
            assert log.counted("full") >= MAX_WAITING
            assert log.log.waiting <= MAX_WAITING


async def test_what_waits_is_written_when_the_gateway_stops(
    redis_address: RedisAddress, client: redis.Redis
) -> None:
    async with open_log(redis_address) as log:
        for _ in range(700):
            log.add("mug")
    assert sum(SEARCH in fields for fields in entries(client, log.stream)) == 700


async def test_a_query_that_was_searched_for_three_times_completes_others(
    run_stack: RunStack, own_redis: RedisProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(past_queries, "READ_EVERY_S", 0.01)
    query = "Crème brûlée dish"
    async with run_stack(redis_url=own_redis.address.url, query_log="plain") as stack:

        async def suggested(typed: str) -> list[tuple[str, str, int]]:
            answer = (await stack.http.get("/suggest", params={"q": typed})).json()
            return [(one["text"], one["kind"], one["products"]) for one in answer["suggestions"]]

        async def is_suggested() -> bool:
            return (query.lower(), "query", 2) in await suggested("creme bru")

        for _ in range(2):
            assert (await stack.predict(query=query)).status_code == 200
        await stack.predict(query="another")
        await logged(own_redis, 3)
        await asyncio.sleep(0.1)
        assert not await is_suggested()
        await stack.predict(query=query)
        await until(is_suggested)
        assert await suggested("brulee") == [("brulee mug", "title", 2)]


async def test_hashed_queries_complete_nothing(
    run_stack: RunStack, own_redis: RedisProcess
) -> None:
    log = {"query_log": "hashed", "query_log_key": KEY}
    async with run_stack(redis_url=own_redis.address.url, **log) as stack:
        for _ in range(3):
            await stack.predict(query="mug 1")
        await logged(own_redis, 3)
        answer = (await stack.http.get("/suggest?q=mug")).json()
    assert [one["kind"] for one in answer["suggestions"]] == ["title"]
