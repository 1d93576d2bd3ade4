"""Cache and limits that rewriters share in a real Redis, which may freeze, stop or hold rubbish."""

from __future__ import annotations

import asyncio
import time
import uuid

import pytest
import redis

from services.common.metrics import Metrics
from services.rewriter.cache import RewriteCache
from services.rewriter.prompt import PROMPT_VERSION
from tests.support.gemini_server import GeminiRequest, Reply, failed, written
from tests.support.redis_server import RedisProcess
from tests.support.running_rewriter import running_rewriter
from tests.support.waiting import until

QUERY = "I am looking for something warm to put my coffee in"


@pytest.fixture
def model() -> str:
    """A model's id of this test's own, so that its keys are its own."""
    return f"gemini-{uuid.uuid4().hex}"


async def test_a_query_is_paid_for_once_however_it_is_written(
    own_redis: RedisProcess, model: str
) -> None:
    shared = {"redis_url": own_redis.address.url, "gemini_model": model}
    async with (
        running_rewriter(written("coffee mug"), **shared) as one,
        running_rewriter(written("something else"), **shared) as other,
    ):
        assert (await one.rewrite(QUERY)).source == "gemini"
        for replica in (one, other):
            for query in (QUERY, f"  {QUERY.upper()} ", QUERY.replace(" ", "\u00a0")):
                answer = await replica.rewrite(query)
                assert (answer.rewritten_query, answer.source) == ("coffee mug", "cache")
                assert (answer.query, answer.model) == (query, model)
        assert len(one.gemini.requests) == 1
        assert other.gemini.requests == []
        metrics = await other.metrics()
    assert 'rewriter_rewrites_total{source="cache"} 3.0' in metrics
    assert 'rewriter_cache_lookups_total{outcome="hit"} 3.0' in metrics


async def test_another_query_model_or_prompt_is_asked_anew(
    own_redis: RedisProcess, model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = own_redis.address.url
    async with running_rewriter(written("mug"), redis_url=url, gemini_model=model) as it:
        await it.rewrite(QUERY)
        assert (await it.rewrite(f"{QUERY}, red")).source == "gemini"
    async with running_rewriter(written("cup"), redis_url=url, gemini_model=f"{model}x") as it:
        assert (await it.rewrite(QUERY)).rewritten_query == "cup"
    monkeypatch.setattr("services.rewriter.app.PROMPT_VERSION", f"{PROMPT_VERSION}-next")
    async with running_rewriter(written("beaker"), redis_url=url, gemini_model=model) as it:
        assert (await it.rewrite(QUERY)).rewritten_query == "beaker"


async def test_what_was_not_rewritten_is_not_kept(own_redis: RedisProcess, model: str) -> None:
    replies = [failed(500, "INTERNAL"), written("<b>no</b>"), written("coffee mug")]
    async with running_rewriter(
        lambda _: replies.pop(0), redis_url=own_redis.address.url, gemini_model=model
    ) as it:
        sources = [(await it.rewrite(QUERY)).source for _ in range(4)]
    assert sources == ["error", "rejected", "gemini", "cache"]


async def test_rubbish_in_redis_is_not_searched_for(own_redis: RedisProcess, model: str) -> None:
    address = own_redis.address
    with redis.Redis(host=address.host, port=address.port) as client:
        for rubbish in (b"<script>alert(1)</script>", b"\xff\xfe", b"", b"Here is the mug"):
            async with running_rewriter(
                written("coffee mug"), redis_url=address.url, gemini_model=model
            ) as it:
                await it.rewrite(QUERY)
                (key,) = client.keys("rewrite:*")
                client.set(key, rubbish)
                answer = await it.rewrite(QUERY)
                assert (answer.rewritten_query, answer.source) == ("coffee mug", "gemini")
        client.delete(key)
        client.rpush(key, "a key of another type")
        async with running_rewriter(
            written("coffee mug"), redis_url=address.url, gemini_model=model
        ) as it:
            assert (await it.rewrite(QUERY)).rewritten_query == "coffee mug"


async def test_every_key_goes_by_itself(own_redis: RedisProcess, model: str) -> None:
    address = own_redis.address
    async with running_rewriter(
        written("mug"), redis_url=address.url, gemini_model=model, cache_ttl_s=50
    ) as it:
        await it.rewrite(QUERY)
    with redis.Redis(host=address.host, port=address.port) as client:
        lives = {key: client.ttl(key) for key in client.keys("*")}
    assert len(lives) == 3
    assert all(0 < ttl <= 2 * 86_400 for ttl in lives.values())


async def test_the_limit_of_a_minute_is_one_for_all_replicas(
    own_redis: RedisProcess, model: str
) -> None:
    shared = {
        "redis_url": own_redis.address.url,
        "gemini_model": model,
        "calls_per_minute": 1_000,
        "calls_per_day": 7,
    }
    async with (
        running_rewriter(written("mug"), **shared) as one,
        running_rewriter(written("mug"), **shared) as other,
    ):
        answers = await asyncio.gather(
            *(
                replica.rewrite(f"I want the mug of number {2 * number + offset}")
                for number in range(10)
                for offset, replica in enumerate((one, other))
            )
        )
        sources = [answer.source for answer in answers]
        assert sources.count("gemini") == 7
        assert sources.count("error") == 13
        assert len(one.gemini.requests) + len(other.gemini.requests) == 7
        assert all(
            answer.rewritten_query == answer.query for answer in answers if answer.source == "error"
        )
        # A cached answer costs nothing.
        paid = next(answer.query for answer in answers if answer.source == "gemini")
        assert (await other.rewrite(paid)).source == "cache"
        metrics = await one.metrics() + await other.metrics()
    assert 'rewriter_gemini_not_asked_total{reason="day"}' in metrics


async def test_an_emptied_redis_forgets_nothing_that_was_spent(
    own_redis: RedisProcess, model: str
) -> None:
    async with running_rewriter(
        written("mug"), redis_url=own_redis.address.url, gemini_model=model, calls_per_day=2
    ) as it:
        for number in range(2):
            assert (await it.rewrite(f"I want mug {number}")).source == "gemini"
        own_redis.empty()
        assert (await it.rewrite("I want mug 3")).source == "error"


async def test_without_redis_each_counts_its_own(model: str) -> None:
    async with running_rewriter(written("mug"), gemini_model=model, calls_per_day=2) as it:
        sources = [(await it.rewrite(f"I want mug {number}")).source for number in range(4)]
    assert sources == ["gemini", "gemini", "error", "error"]


async def test_a_redis_that_stops_and_starts_again_costs_no_answer(
    own_redis: RedisProcess, model: str
) -> None:
    async with running_rewriter(
        written("mug"), redis_url=own_redis.address.url, gemini_model=model
    ) as it:
        assert (await it.rewrite(QUERY)).source == "gemini"
        own_redis.stop()
        assert (await it.rewrite(QUERY)).source == "gemini"
        own_redis.start()

        async def cached() -> bool:
            return (await it.rewrite(QUERY)).source == "cache"

        await until(cached)
        assert "unavailable" in await it.metrics()


async def test_a_frozen_redis_costs_one_time_out_and_no_more(
    own_redis: RedisProcess, model: str
) -> None:
    async with running_rewriter(
        written("mug"), redis_url=own_redis.address.url, gemini_model=model, redis_timeout_ms=2_000
    ) as it:
        await it.rewrite(QUERY)
        with own_redis.paused():
            started = time.monotonic()
            answers = [await it.rewrite(f"{QUERY} {number}") for number in range(5)]
            took_s = time.monotonic() - started
        assert [answer.source for answer in answers] == ["gemini"] * 5
        # Two commands a query would be ten time-outs.
        assert took_s < 18


async def test_an_answer_that_came_too_late_is_there_the_next_time(
    own_redis: RedisProcess, model: str
) -> None:
    def slow(_: GeminiRequest) -> Reply:
        return Reply(written("coffee mug").body, after_s=0.3)

    async with running_rewriter(
        slow, redis_url=own_redis.address.url, gemini_model=model, rewrite_deadline_ms=100
    ) as it:
        assert (await it.rewrite(QUERY)).source == "timeout"

        async def cached() -> bool:
            return (await it.rewrite(QUERY)).source == "cache"

        await until(cached)
        assert len(it.gemini.requests) == 1


async def test_who_asks_the_same_at_once_shares_one_call(model: str) -> None:
    def slow(_: GeminiRequest) -> Reply:
        # Long enough for all to come on a busy machine.
        return Reply(written("coffee mug").body, after_s=3)

    async with running_rewriter(slow, gemini_model=model) as it:
        answers = await asyncio.gather(*(it.rewrite(QUERY) for _ in range(20)))
        assert {(one.rewritten_query, one.source) for one in answers} == {("coffee mug", "gemini")}
        assert len(it.gemini.requests) == 1


async def test_an_address_where_nobody_listens_costs_no_answer(model: str) -> None:
    async with running_rewriter(
        written("mug"), gemini_model=model, redis_url="redis://127.0.0.1:1/0"
    ) as it:
        assert (await it.rewrite(QUERY)).source == "gemini"


def test_keys_hold_nothing_of_a_query() -> None:
    cache = RewriteCache(None, prompt_version="v1", model="m", ttl_s=1, metrics=Metrics("rewriter"))
    assert "secret" not in cache._key("a secret wish")
