from __future__ import annotations

import asyncio
import math
import os
import sys
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager

import pytest

from services.common.context import Deadline
from services.common.problems import DeadlineExceeded, Overloaded, ServiceError
from services.encoder.batcher import BULK_EVERY, MicroBatcher
from tests.support.waiting import until

Forward = Callable[[Sequence[int]], Sequence[int]]
Known = Callable[[Sequence[int]], Awaitable[Sequence[int | None]]]


class Doubling:
    """A model that doubles numbers, holds still on demand, and remembers its batches."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.go = threading.Event()
        self.go.set()
        self.entered = threading.Event()

    def __call__(self, items: Sequence[int]) -> list[int]:
        self.entered.set()
        assert self.go.wait(60)
        self.batches.append(list(items))
        if 13 in items:
            raise ValueError("unlucky")
        return [2 * item for item in items]


@asynccontextmanager
async def running(
    forward: Forward,
    *,
    known: Known | None = None,
    **options: int | float | Callable[[int, float], None],
) -> AsyncIterator[MicroBatcher[int, int]]:
    settings = {
        "max_batch": 8,
        "max_bulk_batch": 2,
        "max_queue": 100,
        "max_wait_s": 60.0,
        "stuck_after_s": 10.0,
        "known": known,
        **options,
    }
    batcher = MicroBatcher[int, int]("test", forward, **settings)  # type: ignore[arg-type]
    batcher.start()
    try:
        yield batcher
    finally:
        await batcher.stop()


@asynccontextmanager
async def held(
    model: Doubling, batcher: MicroBatcher[int, int]
) -> AsyncIterator[asyncio.Task[list[int]]]:
    """While inside, a pass (of the item 0) is under way and everything else queues."""
    model.go.clear()
    model.entered.clear()
    first = asyncio.create_task(batcher.submit([0], None))
    await asyncio.to_thread(model.entered.wait, 60)
    try:
        yield first
    finally:
        model.go.set()


async def queued(batcher: MicroBatcher[int, int], count: int, *, bulk: bool = False) -> None:
    async with asyncio.timeout(60):
        while batcher.queued(bulk=bulk) < count:  # noqa: ASYNC110 - a test has no event to wait for
            await asyncio.sleep(0)


async def test_each_of_many_callers_gets_its_own_answer() -> None:
    model = Doubling()
    async with running(model) as batcher:
        answers = await asyncio.gather(
            *(batcher.submit([n, n + 1000], None) for n in range(40) if n != 13)
        )
    assert answers == [[2 * n, 2 * n + 2000] for n in range(40) if n != 13]


async def test_a_lone_request_goes_at_once_and_what_queues_meanwhile_shares_a_pass() -> None:
    model = Doubling()
    async with running(model) as batcher:
        async with held(model, batcher) as first:
            others = [asyncio.create_task(batcher.submit([n], None)) for n in range(1, 6)]
            await queued(batcher, 5)
        assert await first == [0]
        assert await asyncio.gather(*others) == [[2], [4], [6], [8], [10]]
    assert model.batches == [[0], [1, 2, 3, 4, 5]]


@pytest.mark.skipif(sys.platform != "linux", reason="threads have no priority of their own")
async def test_a_pass_gives_way_to_the_thread_that_answers_requests() -> None:
    def priority(items: Sequence[int]) -> list[int]:
        return [os.getpriority(os.PRIO_PROCESS, threading.get_native_id())] * len(items)

    async with running(priority) as batcher:
        (of_pass,) = await batcher.submit([1], None)
    assert of_pass > os.getpriority(os.PRIO_PROCESS, threading.get_native_id())


async def test_what_does_not_fit_a_pass_is_taken_by_the_next_the_oldest_first() -> None:
    model = Doubling()
    async with running(model, max_batch=3) as batcher:
        async with held(model, batcher):
            others = [asyncio.create_task(batcher.submit([n], None)) for n in (50, 1, 51, 2, 52)]
            await queued(batcher, 5)
        assert await asyncio.gather(*others) == [[100], [2], [102], [4], [104]]
    assert model.batches == [[0], [50, 1, 51], [2, 52]]


async def test_a_failed_pass_fails_its_own_callers_and_the_next_is_served() -> None:
    async with running(Doubling()) as batcher:
        with pytest.raises(ServiceError) as failure:
            await batcher.submit([13], None)
        assert isinstance(failure.value.__cause__, ValueError)
        assert await batcher.submit([1], None) == [2]
        assert batcher.alive()


async def test_what_is_known_needs_no_pass_and_is_asked_for_once_a_batch() -> None:
    model, asked = Doubling(), list[list[int]]()

    async def known(items: Sequence[int]) -> list[int | None]:
        asked.append(list(items))
        return [-item if item > 100 else None for item in items]

    async with running(model, known=known) as batcher:
        async with held(model, batcher):
            others = [asyncio.create_task(batcher.submit(some, None)) for some in ([1, 101], [102])]
            await queued(batcher, 3)
        assert await asyncio.gather(*others) == [[2, -101], [-102]]
        assert await batcher.submit([103], None) == [-103]
    assert asked == [[0], [1, 101, 102], [103]]
    assert model.batches == [[0], [1]]


async def test_a_caller_who_leaves_while_results_are_looked_up_needs_no_pass() -> None:
    model, looking, go = Doubling(), asyncio.Event(), asyncio.Event()

    async def known(items: Sequence[int]) -> list[int | None]:
        looking.set()
        await go.wait()
        return [None] * len(items)

    async with running(model, known=known) as batcher:
        gone = asyncio.create_task(batcher.submit([1], None))
        await looking.wait()
        gone.cancel()
        await asyncio.wait([gone])
        go.set()
        assert await batcher.submit([2], None) == [4]
    assert model.batches == [[2]]


async def test_a_stuck_lookup_shows_in_alive() -> None:
    looking, go = asyncio.Event(), asyncio.Event()

    async def known(items: Sequence[int]) -> list[int | None]:
        looking.set()
        await go.wait()
        return [None] * len(items)

    async with running(Doubling(), known=known, stuck_after_s=0.0) as batcher:
        waiting = asyncio.create_task(batcher.submit([1], None))
        await looking.wait()
        assert not batcher.alive()
        go.set()
        assert await waiting == [2]
        await until(batcher.alive)


async def test_time_to_look_results_up_counts_in_the_wait_but_not_in_the_pass() -> None:
    passes = list[float]()

    async def known(items: Sequence[int]) -> list[int | None]:
        await asyncio.sleep(1)
        return [None] * len(items)

    def observe(_: int, seconds: float) -> None:
        passes.append(seconds)

    model = Doubling()
    async with running(model, known=known, observe_pass=observe, max_wait_s=0.5) as batcher:
        await batcher.submit([1], None)
        async with held(model, batcher):
            waiting = asyncio.create_task(batcher.submit([2], None))
            await queued(batcher, 1)
            with pytest.raises(Overloaded):
                await batcher.submit([3], None)
        assert await waiting == [4]
    assert passes[0] < 1


async def test_stopping_while_results_are_looked_up_tells_everyone_who_waits() -> None:
    looking = asyncio.Event()

    async def known(_: Sequence[int]) -> list[int | None]:
        looking.set()
        await asyncio.Event().wait()
        raise AssertionError("never set")

    async with running(Doubling(), known=known) as batcher:
        waiting = asyncio.create_task(batcher.submit([1], None))
        await looking.wait()
        await batcher.stop()
        with pytest.raises(Overloaded):
            await waiting


async def test_a_full_queue_refuses_at_once() -> None:
    model = Doubling()
    async with running(model, max_queue=2) as batcher:
        async with held(model, batcher):
            waiting = asyncio.create_task(batcher.submit([1, 2], None))
            await queued(batcher, 2)
            with pytest.raises(Overloaded):
                await batcher.submit([3], None)
        assert await waiting == [2, 4]


async def test_a_queue_that_would_take_too_long_refuses_and_says_when_to_come_again() -> None:
    go = threading.Event()

    def slow(items: Sequence[int]) -> Sequence[int]:
        if items == [1]:
            time.sleep(0.1)
        else:
            go.wait(60)
        return items

    async with running(slow, max_batch=1, max_wait_s=0.05) as batcher:
        started = time.monotonic()
        await batcher.submit([1], None)  # from now on it knows what an item takes
        took = time.monotonic() - started
        waiting = asyncio.create_task(batcher.submit([2, 3, 4, 5, 6], None))
        await queued(batcher, 4)
        with pytest.raises(Overloaded) as refusal:
            await batcher.submit([7], None)
        retry_after_s = refusal.value.retry_after_s
        assert retry_after_s is not None
        assert 1 <= retry_after_s <= math.ceil(5 * took)
        go.set()
        assert await waiting == [2, 3, 4, 5, 6]


async def test_what_lone_items_took_says_nothing_of_a_crowd() -> None:
    """A pass takes as long for eight as for one: forty items wait for five of them, not forty."""

    def steady(items: Sequence[int]) -> Sequence[int]:
        time.sleep(0.1)
        return items

    # By the pace of lone items forty would take 4 s; five passes take 0.5 s, longer if it is busy.
    async with running(steady, max_wait_s=3.5) as batcher:
        for number in range(10):  # a quiet hour
            await batcher.submit([number], None)
        crowd = [asyncio.create_task(batcher.submit([number], None)) for number in range(40)]
        assert await asyncio.gather(*crowd) == [[number] for number in range(40)]


async def test_a_shopper_goes_before_bulk_work_that_came_first() -> None:
    model = Doubling()
    async with running(model) as batcher:
        async with held(model, batcher):
            bulk = asyncio.create_task(batcher.submit([20, 21, 22, 23], None, bulk=True))
            await queued(batcher, 4, bulk=True)
            shopper = asyncio.create_task(batcher.submit([1], None))
            await queued(batcher, 1)
        assert await shopper == [2]
        assert await bulk == [40, 42, 44, 46]
    assert model.batches == [[0], [1], [20, 21], [22, 23]]


async def test_bulk_work_ends_though_shoppers_never_stop() -> None:
    model = Doubling()
    async with running(model, max_batch=1) as batcher:
        async with held(model, batcher):
            bulk = asyncio.create_task(batcher.submit([99], None, bulk=True))
            await queued(batcher, 1, bulk=True)
            shoppers = [asyncio.create_task(batcher.submit([n], None)) for n in range(14, 34)]
            await queued(batcher, 20)
        await asyncio.gather(bulk, *shoppers)
    assert model.batches.index([99]) <= BULK_EVERY


async def test_bulk_work_cannot_fill_the_shoppers_queue() -> None:
    model = Doubling()
    async with running(model, max_queue=2) as batcher:
        async with held(model, batcher):
            bulk = asyncio.create_task(batcher.submit([20, 21], None, bulk=True))
            await queued(batcher, 2, bulk=True)
            with pytest.raises(Overloaded):
                await batcher.submit([22], None, bulk=True)
            shopper = asyncio.create_task(batcher.submit([1], None))
            await queued(batcher, 1)
        assert [await shopper, await bulk] == [[2], [40, 42]]


async def test_items_whose_caller_left_or_whose_time_is_up_never_reach_the_model() -> None:
    model = Doubling()
    async with running(model) as batcher:
        async with held(model, batcher):
            gone = asyncio.create_task(batcher.submit([1], None))
            late = asyncio.create_task(batcher.submit([2], Deadline.after_ms(0)))
            stays = asyncio.create_task(batcher.submit([3], None))
            await queued(batcher, 3)
            gone.cancel()
        assert await stays == [6]
        with pytest.raises(DeadlineExceeded):
            await late
    assert model.batches == [[0], [3]]


async def test_a_stuck_pass_shows_in_alive() -> None:
    model = Doubling()
    async with running(model, stuck_after_s=0.0) as batcher:
        assert batcher.alive()
        async with held(model, batcher):
            assert not batcher.alive()


async def test_stopping_tells_everyone_who_waits() -> None:
    model = Doubling()
    async with running(model) as batcher:
        async with held(model, batcher) as first:
            waiting = asyncio.create_task(batcher.submit([1], None))
            await queued(batcher, 1)
            await batcher.stop()
            for task in (first, waiting):
                with pytest.raises(Overloaded):
                    await task
        assert not batcher.alive()
