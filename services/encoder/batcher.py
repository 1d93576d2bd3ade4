"""Micro-batching: requests that queue during one forward pass share the next one.

There is no waiting window: a single request starts at once. One thread runs one pass at a time.

Interactive items go before bulk items, and bulk passes are small, so a shopper waits only briefly
for a running one. Sometimes a bulk pass goes first, so that bulk work ends.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from services.common.background import end
from services.common.context import Deadline
from services.common.problems import DeadlineExceeded, Overloaded, ServiceError
from services.encoder.pace import Pace
from services.encoder.priority import low_priority_thread

Item = TypeVar("Item")
Result = TypeVar("Result")


BULK_EVERY = 8
"""While both kinds wait, one pass in this many is a bulk pass."""


@dataclass(slots=True)
class _Waiting(Generic[Item, Result]):
    item: Item
    answer: asyncio.Future[Result]
    deadline: Deadline | None


class MicroBatcher(Generic[Item, Result]):
    """Groups items of many callers into passes of at most `max_batch`; each gets its own result.

    If a pass fails, its callers get the error and no others. Items whose caller has gone, or whose
    deadline has passed, never reach the model.
    """

    def __init__(
        self,
        name: str,
        forward: Callable[[Sequence[Item]], Sequence[Result]],
        *,
        max_batch: int,
        max_bulk_batch: int,
        max_queue: int,
        max_wait_s: float,
        stuck_after_s: float,
        known: Callable[[Sequence[Item]], Awaitable[Sequence[Result | None]]] | None = None,
        observe_pass: Callable[[int, float], None] = lambda _items, _seconds: None,
    ) -> None:
        """`max_queue` limits interactive and bulk items separately.
        `max_wait_s`: interactive items are refused if the items before them will take longer.
        `known` finds results that need no pass; asked once for each batch, None for the others.
        `observe_pass` gets the number of items and the seconds of each successful pass.
        """
        self.name = name
        self._forward = forward
        self._max_batch = {False: max_batch, True: max_bulk_batch}
        self._max_queue = max_queue
        self._stuck_after_s = stuck_after_s
        self._known = known
        self._observe_pass = observe_pass
        self._queues: dict[bool, deque[_Waiting[Item, Result]]] = {False: deque(), True: deque()}
        self._passes_since_bulk = 0
        self._max_wait_s = max_wait_s
        self._pace = Pace(max_batch)
        self._work = asyncio.Event()
        self._executor = low_priority_thread(f"{name}-forward")
        self._pass_started: float | None = None
        self._task: asyncio.Task[None] | None = None

    def queued(self, *, bulk: bool) -> int:
        """Items waiting for a pass."""
        return len(self._queues[bulk])

    def alive(self) -> bool:
        """False if the worker has ended or a pass has run for longer than `stuck_after_s`."""
        if self._task is None or self._task.done():
            return False
        started = self._pass_started
        return started is None or time.monotonic() - started < self._stuck_after_s

    def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name=f"{self.name}-batcher")

    async def stop(self) -> None:
        """End the worker. Waiting callers get Overloaded, because the service is stopping."""
        if self._task is not None:
            await end(self._task)
        for queue in self._queues.values():
            for waiting in queue:
                if not waiting.answer.done():
                    waiting.answer.set_exception(Overloaded("The service is stopping."))
            queue.clear()
        self._executor.shutdown(wait=False, cancel_futures=True)

    async def submit(
        self, items: Sequence[Item], deadline: Deadline | None, *, bulk: bool = False
    ) -> list[Result]:
        """The results of the items, in their order.

        Raises Overloaded if the queue is full, DeadlineExceeded, or the error of the pass.
        """
        queue = self._queues[bulk]
        wait_s = self._pace.seconds_for(len(queue))
        if len(queue) + len(items) > self._max_queue or (wait_s > self._max_wait_s and not bulk):
            raise Overloaded(
                f"{len(queue)} items are waiting, for about {wait_s:.1f} seconds. Try again later.",
                retry_after_s=max(1, math.ceil(wait_s)),
            )
        loop = asyncio.get_running_loop()
        waiting = [_Waiting[Item, Result](item, loop.create_future(), deadline) for item in items]
        queue.extend(waiting)
        self._work.set()
        try:
            return list(await asyncio.gather(*(one.answer for one in waiting)))
        finally:
            for one in waiting:
                one.answer.cancel()  # nobody waits for the rest of a request that failed

    async def _run(self) -> None:
        while True:
            await self._work.wait()
            batch = self._next_batch()
            if not batch:
                self._work.clear()
                continue
            await self._pass(batch)

    def _next_batch(self) -> list[_Waiting[Item, Result]]:
        """The oldest items of the kind whose turn it is."""
        bulk_is_due = self._passes_since_bulk >= BULK_EVERY - 1
        for bulk in (True, False) if bulk_is_due else (False, True):
            batch = self._take(bulk)
            if batch:
                self._passes_since_bulk = 0 if bulk else self._passes_since_bulk + 1
                return batch
        return []

    def _take(self, bulk: bool) -> list[_Waiting[Item, Result]]:
        live = []
        for waiting in self._queues[bulk]:
            if waiting.answer.done():
                continue
            if waiting.deadline is not None and waiting.deadline.remaining_s() == 0:
                waiting.answer.set_exception(DeadlineExceeded("The item waited too long."))
                continue
            live.append(waiting)
        size = self._max_batch[bulk]
        self._queues[bulk] = deque(live[size:])
        return live[:size]

    async def _answer_known(
        self, batch: list[_Waiting[Item, Result]]
    ) -> list[_Waiting[Item, Result]]:
        """The rest of the batch."""
        if self._known is None:
            return batch
        known = await self._known([one.item for one in batch])
        rest = []
        for one, result in zip(batch, known, strict=True):
            if one.answer.done():  # its caller has gone meanwhile
                continue
            if result is None:
                rest.append(one)
            else:
                one.answer.set_result(result)
        return rest

    async def _pass(self, batch: list[_Waiting[Item, Result]]) -> None:
        self._pass_started = started = time.monotonic()
        loop = asyncio.get_running_loop()
        try:
            batch = await self._answer_known(batch)
            if not batch:
                return
            forward_started = time.monotonic()
            results = await loop.run_in_executor(
                self._executor, self._forward, [one.item for one in batch]
            )
        except asyncio.CancelledError:
            for one in batch:
                if not one.answer.done():
                    one.answer.set_exception(Overloaded("The service is stopping."))
            raise
        except Exception as error:  # noqa: BLE001 - each caller of this pass gets it
            failure = error if isinstance(error, ServiceError) else _failed_pass(error)
            for one in batch:
                if not one.answer.done():
                    one.answer.set_exception(failure)
        else:
            ended = time.monotonic()
            self._observe_pass(len(batch), ended - forward_started)
            self._pace.observe(len(batch), ended - started)
            for one, result in zip(batch, results, strict=True):
                if not one.answer.done():
                    one.answer.set_result(result)
        finally:
            self._pass_started = None


def _failed_pass(error: Exception) -> ServiceError:
    failure = ServiceError("The model failed on this batch.")
    failure.__cause__ = error
    return failure
