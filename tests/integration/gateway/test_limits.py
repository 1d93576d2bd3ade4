"""Counting requests by caller: in one process by a clock of the test's own, and in a real Redis."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import replace

import pytest
import pytest_asyncio
import redis
from pydantic import RedisDsn

from services.common.optional_redis import OptionalRedis
from services.gateway.admission.limiters import (
    MAX_LOCAL_CALLERS,
    Limiter,
    LocalLimiter,
    Policy,
)
from services.gateway.admission.shared_limiter import SharedLimiter
from tests.support.redis_server import RedisAddress, RedisProcess
from tests.support.waiting import until

# One request a second, five at once; two that run.
POLICY = Policy(rate_per_minute=60, burst=5, max_concurrent=1_000, lease_s=30)
SLOW = replace(POLICY, rate_per_minute=1)
"""For a real clock: nothing comes back while a test runs."""

OpenLimiter = Callable[..., SharedLimiter]


class Clock:
    now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest_asyncio.fixture
async def shared() -> AsyncIterator[OpenLimiter]:
    """Limiters of replicas, closed at the end."""
    async with AsyncExitStack() as stack:

        def open_limiter(
            address: RedisAddress, policy: Policy = SLOW, timeout_ms: int = 20_000
        ) -> SharedLimiter:
            client = OptionalRedis(RedisDsn(address.url), timeout_ms=timeout_ms)
            stack.push_async_callback(client.aclose)
            return SharedLimiter(client, policy)

        yield open_limiter


@pytest.fixture
def caller() -> str:
    return f"key:{uuid.uuid4().hex}"


async def refusals(limiter: Limiter, caller: str, times: int) -> list[str | None]:
    return [(await limiter.admit(caller, uuid.uuid4().hex)).refusal for _ in range(times)]


async def test_after_the_burst_one_request_comes_back_at_a_time() -> None:
    clock = Clock()
    limiter = LocalLimiter(POLICY, clock)
    assert await refusals(limiter, "a", 7) == [None] * 5 + ["rate"] * 2
    for _ in range(20):
        clock.now += 1
        # Refusals cost nothing: asking on does not put off the next one.
        assert await refusals(limiter, "a", 3) == [None, "rate", "rate"]
    clock.now += 3_600
    assert await refusals(limiter, "a", 6) == [None] * 5 + ["rate"]


async def test_a_caller_is_told_what_is_left_and_when_to_come_again() -> None:
    clock = Clock()
    limiter = LocalLimiter(POLICY, clock)
    verdicts = [await limiter.admit("a", str(number)) for number in range(6)]
    assert [verdict.remaining for verdict in verdicts] == [4, 3, 2, 1, 0, 0]
    assert [round(verdict.full_after_s, 3) for verdict in verdicts] == [1, 2, 3, 4, 5, 5]
    assert verdicts[-1].retry_after_s == pytest.approx(1)
    clock.now += 0.25
    assert (await limiter.admit("a", "7")).retry_after_s == pytest.approx(0.75)


async def test_requests_that_run_are_counted_until_they_end(
    shared: OpenLimiter, redis_address: RedisAddress, caller: str
) -> None:
    policy = replace(POLICY, max_concurrent=2)
    for limiter in (LocalLimiter(policy), shared(redis_address, policy)):
        for lease in ("one", "two"):
            assert (await limiter.admit(caller, lease)).refusal is None
        refused = await limiter.admit(caller, "three")
        assert (refused.refusal, refused.retry_after_s) == ("concurrency", 1)
        # It took nothing from the bucket.
        assert refused.remaining == 3
        await limiter.release(caller, "one")
        await limiter.release(caller, "of nobody")
        assert (await limiter.admit(caller, "three")).refusal is None
        assert (await limiter.admit(caller, "four")).refusal == "concurrency"


async def test_requests_lost_with_their_replica_end_by_themselves(
    shared: OpenLimiter, redis_address: RedisAddress, caller: str
) -> None:
    policy = replace(POLICY, max_concurrent=1, lease_s=1)
    clock = Clock()
    local = LocalLimiter(policy, clock)
    assert await refusals(local, caller, 2) == [None, "concurrency"]
    clock.now += 1
    assert await refusals(local, caller, 1) == [None]

    limiter = shared(redis_address, replace(policy, rate_per_minute=600_000))
    assert await refusals(limiter, caller, 2) == [None, "concurrency"]

    async def admitted() -> bool:
        return (await refusals(limiter, caller, 1)) == [None]

    await until(admitted)


async def test_replicas_count_together_and_callers_apart(
    shared: OpenLimiter, redis_address: RedisAddress, caller: str
) -> None:
    replicas = [shared(redis_address) for _ in range(3)]
    verdicts = await asyncio.gather(
        *(
            replica.admit(caller, f"{number}-{place}")
            for number in range(10)
            for place, replica in enumerate(replicas)
        )
    )
    admitted = [verdict for verdict in verdicts if verdict.refusal is None]
    assert sorted(verdict.remaining for verdict in admitted) == [0, 1, 2, 3, 4]
    assert (await replicas[0].admit(f"{caller}-other", "1")).refusal is None


async def test_the_shared_bucket_refills_and_leaves_nothing_behind(
    shared: OpenLimiter, redis_address: RedisAddress, caller: str
) -> None:
    limiter = shared(redis_address, Policy(20, 2, 1_000, lease_s=0.3))  # one in three seconds
    verdicts = [await limiter.admit(caller, str(number)) for number in range(3)]
    assert [verdict.refusal for verdict in verdicts] == [None, None, "rate"]
    assert 0 < verdicts[-1].retry_after_s <= 3
    assert 3 < verdicts[1].full_after_s <= 6
    await asyncio.sleep(verdicts[-1].retry_after_s)  # the promise itself is under test
    assert (await limiter.admit(caller, "4")).refusal is None
    with redis.Redis(host=redis_address.host, port=redis_address.port) as client:
        await until(lambda: not client.keys(f"*{caller}*"))


async def test_without_redis_each_counts_for_itself_and_with_it_together_again(
    shared: OpenLimiter, own_redis: RedisProcess, caller: str
) -> None:
    # So slow a rate that nothing comes back while a busy machine asks.
    limiter = shared(own_redis.address, replace(POLICY, rate_per_minute=1))
    assert await refusals(limiter, caller, 2) == [None, None]
    own_redis.stop()
    assert await refusals(limiter, caller, 6) == [None] * 5 + ["rate"]
    own_redis.start()

    async def together() -> bool:
        return (await limiter.admit(uuid.uuid4().hex, "1")).refusal is None and bool(
            await _keys(own_redis.address)
        )

    await until(together)


async def _keys(address: RedisAddress) -> list[bytes]:
    def look() -> list[bytes]:
        with redis.Redis(host=address.host, port=address.port) as client:
            return list(client.keys("limit:*"))

    return await asyncio.to_thread(look)


async def test_a_frozen_redis_costs_one_time_out_and_no_more(
    shared: OpenLimiter, own_redis: RedisProcess, caller: str
) -> None:
    limiter = shared(own_redis.address, timeout_ms=2_000)
    await limiter.admit(caller, "1")
    with own_redis.paused():
        started = time.monotonic()
        assert await refusals(limiter, caller, 5) == [None] * 5
        for number in range(5):
            await limiter.release(caller, str(number))
        assert time.monotonic() - started < 18  # not ten time-outs


async def test_what_ended_while_redis_was_frozen_is_not_held_for_running(
    shared: OpenLimiter, own_redis: RedisProcess, caller: str
) -> None:
    limiter = shared(own_redis.address, replace(POLICY, burst=1_000), timeout_ms=100)
    await limiter.admit(caller, "before")
    with own_redis.paused():
        # Asked for, it is granted when Redis goes on: by then nobody waits for it.
        await limiter.admit(caller, "meanwhile")
        for lease in ("before", "meanwhile"):
            await limiter.release(caller, lease)

    async def nothing_runs() -> bool:
        await limiter.admit(caller, "after")
        await limiter.release(caller, "after")
        return not any(b"running" in key for key in await _keys(own_redis.address))

    await until(nothing_runs)


async def test_an_emptied_redis_locks_nobody_out(
    shared: OpenLimiter, own_redis: RedisProcess, caller: str
) -> None:
    limiter = shared(own_redis.address)
    assert await refusals(limiter, caller, 6) == [None] * 5 + ["rate"]
    own_redis.empty()
    assert await refusals(limiter, caller, 1) == [None]


async def test_a_stream_of_new_addresses_fills_no_memory() -> None:
    limiter = LocalLimiter(POLICY)
    for number in range(MAX_LOCAL_CALLERS + 500):
        await limiter.admit(f"address:{number}", "1")
    assert len(limiter._callers) == MAX_LOCAL_CALLERS


# Large enough for replicas to take requests ahead: 12 of them, and 5 leases.
LARGE = Policy(rate_per_minute=1, burst=100, max_concurrent=40, lease_s=30)


async def admitted_of(limiter: SharedLimiter, caller: str, times: int) -> int:
    admitted = 0
    for _ in range(times):
        lease = uuid.uuid4().hex
        admitted += (await limiter.admit(caller, lease)).refusal is None
        await limiter.release(caller, lease)
    return admitted


async def test_requests_taken_ahead_count_for_all_replicas(
    shared: OpenLimiter, redis_address: RedisAddress, caller: str
) -> None:
    replicas = [shared(redis_address, LARGE) for _ in range(3)]
    admitted = await asyncio.gather(*(admitted_of(one, caller, 60) for one in replicas))
    # Never more, and never fewer than what the other two may still have in hand.
    assert 100 - 2 * 12 <= sum(admitted) <= 100
    more = await asyncio.gather(*(admitted_of(one, caller, 60) for one in replicas))
    assert sum(admitted) + sum(more) <= 100


async def test_most_requests_of_a_caller_far_from_its_limits_ask_nobody(
    shared: OpenLimiter, own_redis: RedisProcess, caller: str
) -> None:
    limiter = shared(own_redis.address, LARGE, timeout_ms=60_000)
    verdicts = [await limiter.admit(caller, str(number)) for number in range(5)]
    assert [verdict.remaining for verdict in verdicts] == [99, 98, 97, 96, 95]
    with own_redis.paused():
        started = time.monotonic()
        assert (await limiter.admit(caller, "5")).remaining == 94
        assert time.monotonic() - started < 30  # no time-out


async def test_requests_taken_ahead_and_not_used_are_given_back(
    shared: OpenLimiter, redis_address: RedisAddress, caller: str
) -> None:
    limiter = shared(redis_address, LARGE)
    assert await admitted_of(limiter, caller, 1) == 1

    with redis.Redis(host=redis_address.host, port=redis_address.port) as client:
        rate, running = (f"limit:{{{caller}}}:{name}" for name in ("rate", "running"))
        assert client.zcard(running) == 5
        assert client.pttl(rate) > 12 * 60_000  # a minute for each request
        await until(lambda: client.zcard(running) == 0 and client.pttl(rate) <= 60_001)


async def test_requests_that_overlap_take_one_share_ahead_together(
    shared: OpenLimiter, redis_address: RedisAddress, caller: str
) -> None:
    limiter = shared(redis_address, LARGE)
    leases = [str(number) for number in range(8)]
    for _ in range(3):
        verdicts = await asyncio.gather(*(limiter.admit(caller, one) for one in leases))
        assert [verdict.refusal for verdict in verdicts] == [None] * 8
        await asyncio.gather(*(limiter.release(caller, one) for one in leases))

    with redis.Redis(host=redis_address.host, port=redis_address.port) as client:
        rate, running = (f"limit:{{{caller}}}:{name}" for name in ("rate", "running"))
        assert client.zcard(running) <= 5
        assert client.pttl(rate) <= (3 * 8 + 12) * 60_000  # a minute for each request


async def test_replicas_together_run_no_more_than_allowed_at_once(
    shared: OpenLimiter, redis_address: RedisAddress, caller: str
) -> None:
    policy = replace(LARGE, rate_per_minute=600_000, burst=10_000)
    replicas = [shared(redis_address, policy) for _ in range(3)]
    running = most = 0

    async def one(number: int) -> None:
        nonlocal running, most
        limiter, lease = replicas[number % 3], str(number)
        if (await limiter.admit(caller, lease)).refusal is None:
            running += 1
            most = max(most, running)
            await asyncio.sleep(0.01)
            running -= 1
            await limiter.release(caller, lease)

    await asyncio.gather(*(one(number) for number in range(300)))
    assert 20 <= most <= 40
