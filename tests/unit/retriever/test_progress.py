"""Waiting for a change: who waits wakes the follower, and is answered once the change is served."""

from __future__ import annotations

import asyncio
import time

from services.retriever.errors import StoreUnavailable
from services.retriever.loading.follower import Follower
from services.retriever.metrics import RetrieverMetrics
from tests.support.waiting import until
from tests.unit.retriever.doubles import ScriptedSource

SELDOM_S = 60.0


def seldom_looking(source: ScriptedSource) -> Follower:
    return Follower(
        source, RetrieverMetrics(), poll_interval_s=SELDOM_S, max_backoff_s=2 * SELDOM_S
    )


async def served_at(source: ScriptedSource, follower: Follower, moment_us: int) -> None:
    source.version, source.published_us = "v1", moment_us
    assert await follower.serves(moment_us, 20)


async def test_a_change_that_is_served_needs_no_wait_and_no_look() -> None:
    source = ScriptedSource()
    async with seldom_looking(source) as follower:
        await served_at(source, follower, 5)
        heads = source.heads
        assert await follower.serves(5, 0)
        assert await follower.serves(4, 0)
        assert source.heads == heads


async def test_whoever_waits_wakes_a_follower_that_looks_once_a_minute() -> None:
    source = ScriptedSource()
    async with seldom_looking(source) as follower:
        await served_at(source, follower, 5)
        source.sequence, source.published_us = 1, 6
        started = time.monotonic()
        assert await follower.serves(6, 20)
        assert follower.catalogue is not None
        assert follower.catalogue.sequence == 1
        assert time.monotonic() - started < SELDOM_S / 10


async def test_a_head_that_changes_nothing_counts_as_served_too() -> None:
    source = ScriptedSource()
    async with seldom_looking(source) as follower:
        await served_at(source, follower, 5)
        source.published_us = 6  # the same version, sequence and ranking
        assert await follower.serves(6, 20)
        assert source.loads == ["v1"]


async def test_a_change_that_comes_while_requests_wait_answers_each_of_them() -> None:
    source = ScriptedSource()
    async with seldom_looking(source) as follower:
        await served_at(source, follower, 5)
        waiting = [asyncio.create_task(follower.serves(moment, 20)) for moment in (6, 7, 8, 8)]
        heads = source.heads
        await until(lambda: source.heads > heads + 2)
        source.sequence, source.published_us = 2, 7
        assert await waiting[0]
        assert await waiting[1]
        assert not waiting[2].done()
        source.sequence, source.published_us = 3, 8
        assert await asyncio.gather(*waiting) == [True] * 4


async def test_a_change_that_never_comes_costs_its_own_time_and_no_flood_of_looks() -> None:
    source = ScriptedSource()
    async with seldom_looking(source) as follower:
        await served_at(source, follower, 5)
        heads = source.heads
        never = [follower.serves(10**17, 0.3) for _ in range(200)]
        assert await asyncio.gather(*never) == [False] * 200
        assert source.heads - heads < 40
        looked = source.heads
        await asyncio.sleep(0.15)
        assert source.heads <= looked + 1, "nobody waits any more"


async def test_a_change_is_not_served_before_its_version_is_loaded() -> None:
    source = ScriptedSource()
    async with seldom_looking(source) as follower:
        await served_at(source, follower, 5)
        source.may_load.clear()
        source.version, source.published_us = "v2", 6
        assert not await follower.serves(6, 0.2)
        source.may_load.set()
        assert await follower.serves(6, 20)
        assert source.loads == ["v1", "v2"]


async def test_waiting_goes_on_while_the_store_is_unavailable_and_ends_soon_after() -> None:
    source = ScriptedSource()
    async with seldom_looking(source) as follower:
        await served_at(source, follower, 5)
        source.head_error = StoreUnavailable("Redis is away")
        waiting = asyncio.create_task(follower.serves(6, 20))
        await until(lambda: follower.store_trouble is not None)
        source.sequence, source.published_us, source.head_error = 1, 6, None
        started = time.monotonic()
        assert await waiting
        assert time.monotonic() - started < SELDOM_S / 10
