from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from services.common.problems import DeadlineExceeded, ServiceError
from services.encoder.flights import Flights
from tests.support.waiting import until


class Slow:
    """Computes on demand, and remembers what was asked of it."""

    def __init__(self) -> None:
        self.asked: list[list[int]] = []
        self.go = asyncio.Event()
        self.failure: Exception | None = None

    async def __call__(self, places: Sequence[int]) -> list[int]:
        self.asked.append(list(places))
        await self.go.wait()
        if self.failure is not None:
            raise self.failure
        return [10 * place for place in places]


async def test_a_stampede_is_computed_once() -> None:
    flights, slow = Flights[int](), Slow()
    callers = [asyncio.create_task(flights.fetch(["a", "b"], slow)) for _ in range(50)]
    await until(lambda: len(slow.asked) == 1)
    slow.go.set()
    assert await asyncio.gather(*callers) == [[0, 10]] * 50
    assert slow.asked == [[0, 1]]


async def test_only_what_nobody_computes_is_computed_and_twice_asked_is_once_computed() -> None:
    flights, slow = Flights[int](), Slow()
    first = asyncio.create_task(flights.fetch(["a"], slow))
    second = asyncio.create_task(flights.fetch(["b", "a", "b"], slow))
    await until(lambda: len(slow.asked) == 2)
    slow.go.set()
    assert await first == [0]
    assert await second == [20, 0, 20]
    assert slow.asked == [[0], [2]]


async def test_nothing_is_kept_once_it_is_answered() -> None:
    flights, slow = Flights[int](), Slow()
    slow.go.set()
    await flights.fetch(["a"], slow)
    await flights.fetch(["a"], slow)
    assert len(slow.asked) == 2


async def test_a_failure_is_everyones() -> None:
    flights, slow = Flights[int](), Slow()
    callers = [asyncio.create_task(flights.fetch(["a"], slow)) for _ in range(3)]
    await until(lambda: len(slow.asked) == 1)
    slow.failure = ServiceError("The model failed.")
    slow.go.set()
    failures = await asyncio.gather(*callers, return_exceptions=True)
    assert failures == [slow.failure] * 3


@pytest.mark.parametrize("how", ["deadline", "cancelled"])
async def test_who_waits_for_a_caller_that_gave_up_asks_again(how: str) -> None:
    flights, slow = Flights[int](), Slow()
    first = asyncio.create_task(flights.fetch(["a"], slow))
    await until(lambda: len(slow.asked) == 1)
    patient = Slow()
    patient.go.set()
    second = asyncio.create_task(flights.fetch(["a"], patient))
    await asyncio.sleep(0)
    if how == "deadline":
        slow.failure = DeadlineExceeded("Its time was up.")
        slow.go.set()
    else:
        first.cancel()
    assert await second == [0]
    with pytest.raises((DeadlineExceeded, asyncio.CancelledError)):
        await first


async def test_who_waits_may_leave_without_ending_the_computation() -> None:
    flights, slow = Flights[int](), Slow()
    first = asyncio.create_task(flights.fetch(["a"], slow))
    await until(lambda: len(slow.asked) == 1)
    second = asyncio.create_task(flights.fetch(["a"], slow))
    await asyncio.sleep(0)
    second.cancel()
    await asyncio.wait([second])
    assert second.cancelled()
    slow.go.set()
    assert await first == [0]
