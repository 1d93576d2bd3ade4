from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from services.encoder.together import Together
from tests.support.waiting import until


class Held:
    """Doubles numbers once `go` is set, and remembers its calls."""

    def __init__(self) -> None:
        self.calls: list[list[int]] = []
        self.go = asyncio.Event()

    async def __call__(self, items: Sequence[int]) -> list[int]:
        self.calls.append(list(items))
        await self.go.wait()
        if 13 in items:
            raise ValueError("unlucky")
        return [2 * item for item in items]


async def _behind_one(
    held: Held, together: Together[int, int], *others: list[int]
) -> list[asyncio.Task[Sequence[int]]]:
    """Callers of the others, who wait while the first item has a call of its own."""
    first = asyncio.create_task(together.of([0]))
    await until(lambda: held.calls == [[0]])
    waiting = [asyncio.create_task(together.of(one)) for one in others]
    await asyncio.sleep(0)
    return [first, *waiting]


async def test_those_who_come_while_a_call_runs_share_the_next() -> None:
    held = Held()
    callers = await _behind_one(held, Together(held, most=10), [1, 2], [3], [4, 5, 6])
    held.go.set()
    assert await asyncio.gather(*callers) == [[0], [2, 4], [6], [8, 10, 12]]
    assert held.calls == [[0], [1, 2, 3, 4, 5, 6]]


async def test_a_call_is_bounded_and_nobodys_items_are_parted() -> None:
    held = Held()
    callers = await _behind_one(held, Together(held, most=3), [1, 2], [3, 4], [5, 6, 7, 8], [9])
    held.go.set()
    await asyncio.gather(*callers)
    assert held.calls == [[0], [1, 2], [3, 4], [5, 6, 7, 8], [9]]


async def test_a_failed_call_fails_its_callers_and_the_next_is_made() -> None:
    held = Held()
    together = Together(held, most=10)
    first, *unlucky = await _behind_one(held, together, [13], [1])
    held.go.set()
    assert await first == [0]
    for one in unlucky:
        with pytest.raises(ValueError, match="unlucky"):
            await one
    assert await together.of([2]) == [4]


async def test_a_caller_who_leaves_costs_the_others_nothing() -> None:
    held = Held()
    first, gone, stays = await _behind_one(held, Together(held, most=10), [1], [2])
    gone.cancel()
    held.go.set()
    assert await first == [0]
    assert await stays == [4]
