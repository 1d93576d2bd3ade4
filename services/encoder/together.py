"""Items of several callers in one call: those that come while one runs share the next."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from services.common.background import Background

Item = TypeVar("Item")
Result = TypeVar("Result")
Caller = tuple[Sequence[Item], asyncio.Future[Sequence[Result]]]


class Together(Generic[Item, Result]):
    """Makes one call at a time. A lone caller's goes at once."""

    def __init__(
        self, call: Callable[[Sequence[Item]], Awaitable[Sequence[Result]]], *, most: int
    ) -> None:
        """call: returns one result for each item, in their order.

        most: items in one call, except those of one caller, which are never parted.
        """
        self._call = call
        self._most = most
        self._waiting: list[Caller[Item, Result]] = []
        self._running = False
        self._background = Background()

    async def of(self, items: Sequence[Item]) -> Sequence[Result]:
        """The results of the items, in their order. Raises what the call raises."""
        answer: asyncio.Future[Sequence[Result]] = asyncio.get_running_loop().create_future()
        self._waiting.append((items, answer))
        if not self._running:
            self._running = True
            self._background.start(self._run())
        return await answer

    async def _run(self) -> None:
        try:
            while self._waiting:
                await self._one_call(self._taken())
        finally:
            self._running = False

    def _taken(self) -> list[Caller[Item, Result]]:
        """The callers who waited longest."""
        taken, count = 0, 0
        for items, _ in self._waiting:
            count += len(items)
            if taken and count > self._most:
                break
            taken += 1
        callers, self._waiting = self._waiting[:taken], self._waiting[taken:]
        return callers

    async def _one_call(self, callers: Sequence[Caller[Item, Result]]) -> None:
        try:
            results = await self._call([item for items, _ in callers for item in items])
        except Exception as error:  # noqa: BLE001 - each caller of this call gets it
            for _, answer in callers:
                if not answer.done():
                    answer.set_exception(error)
            return
        start = 0
        for items, answer in callers:
            if not answer.done():  # its caller has gone
                answer.set_result(results[start : start + len(items)])
            start += len(items)
