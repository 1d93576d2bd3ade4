"""The search pool: off the loop, bounded, and within the deadline."""

from __future__ import annotations

import asyncio
import threading
from functools import partial

import numpy as np
import pytest
from threadpoolctl import threadpool_info

from services.common.context import Deadline, deadline
from services.common.problems import DeadlineExceeded, Overloaded
from services.retriever.searching.pool import SearchPool


async def test_a_search_runs_in_a_named_thread() -> None:
    pool = SearchPool(threads=1, max_queue=1)
    name = await pool.run(lambda: threading.current_thread().name)
    await pool.aclose()
    assert name.startswith("search")


async def test_a_small_search_runs_where_it_is_asked_and_within_the_deadline() -> None:
    pool = SearchPool(threads=1, max_queue=1)
    here = await pool.run(threading.current_thread, small=True)
    assert here is threading.current_thread()
    token = deadline.set(Deadline.after_ms(0))
    try:
        with pytest.raises(DeadlineExceeded):
            await pool.run(threading.current_thread, small=True)
    finally:
        deadline.reset(token)
        await pool.aclose()


async def test_each_caller_gets_its_own_answer() -> None:
    pool = SearchPool(threads=3, max_queue=100)
    answers = await asyncio.gather(*(pool.run(partial(int, n)) for n in range(100)))
    await pool.aclose()
    assert answers == list(range(100))


async def test_beyond_the_queue_callers_are_asked_to_come_again() -> None:
    pool = SearchPool(threads=1, max_queue=1)
    started, go = threading.Event(), threading.Event()

    def slow() -> str:
        started.set()
        go.wait(60)
        return "done"

    first = asyncio.create_task(pool.run(slow))
    await asyncio.to_thread(started.wait, 60)
    with pytest.raises(Overloaded):
        await pool.run(slow)
    go.set()
    assert await first == "done"
    assert await pool.run(slow) == "done"
    await pool.aclose()


async def test_a_search_that_comes_too_late_is_dropped_and_said_so() -> None:
    pool = SearchPool(threads=1, max_queue=9)
    started, go = threading.Event(), threading.Event()
    ran: list[str] = []

    def slow() -> None:
        started.set()
        go.wait(60)

    first = asyncio.create_task(pool.run(slow))
    await asyncio.to_thread(started.wait, 60)
    token = deadline.set(Deadline.after_ms(5))
    with pytest.raises(DeadlineExceeded):
        await pool.run(lambda: ran.append("late"))
    deadline.reset(token)
    go.set()
    await first
    await pool.run(lambda: ran.append("next"))
    await pool.aclose()
    assert ran == ["next"]


async def test_a_search_keeps_to_one_core_while_the_pool_is_open() -> None:
    def blas_threads() -> set[int]:
        """Threads of NumPy's BLAS. Libraries that other tests load may count by thread."""
        np.ones((2, 2)) @ np.ones((2, 2))
        blas = (one for one in threadpool_info() if one["user_api"] == "blas")
        return {one["num_threads"] for one in blas if "numpy" in one["filepath"]}

    before = blas_threads()
    pool = SearchPool(threads=1, max_queue=1)
    try:
        assert await pool.run(blas_threads) == {1}
    finally:
        await pool.aclose()
    assert blas_threads() == before
