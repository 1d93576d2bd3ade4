"""Micro-batching: requests that queued while the last forward pass ran share the next one.

There is no waiting window: a lone request goes at once. One thread runs one pass at a time.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Generic, TypeVar

from services.common.context import Deadline
from services.common.problems import DeadlineExceeded, Overloaded, ServiceError

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(slots=True)
class _Waiting(Generic[Item, Result]):
    item: Item
    answer: asyncio.Future[Result]
    deadline: Deadline | None


class MicroBatcher(Generic[Item, Result]):
    """Groups items of many callers into passes of at most `max_batch`; each gets its own result.

    A pass that fails fails the callers of that pass and no others. Items whose caller has gone, or
    whose deadline has passed, never reach the model.
    """

    def __init__(
        self,
        name: str,
        forward: Callable[[Sequence[Item]], Sequence[Result]],
        *,
        max_batch: int,
        max_queue: int,
        stuck_after_s: float,
        order: Callable[[Item], int] = lambda _: 0,
        observe_batch: Callable[[int], None] = lambda _: None,
    ) -> None:
        """`order`: items of like order go together (texts of like length: little padding)."""
        self.name = name
        self._forward = forward
        self._max_batch = max_batch
        self._max_queue = max_queue
        self._stuck_after_s = stuck_after_s
        self._order = order
        self._observe_batch = observe_batch
        self._queue: deque[_Waiting[Item, Result]] = deque()
        self._work = asyncio.Event()
        self._executor = ThreadPoolExecutor(1, thread_name_prefix=f"{name}-forward")
        self._pass_started: float | None = None
        self._task: asyncio.Task[None] | None = None

    @property
    def queued(self) -> int:
        """Items waiting for a pass."""
        return len(self._queue)

    def alive(self) -> bool:
        """False when the worker has ended, or a pass has run for longer than `stuck_after_s`."""
        if self._task is None or self._task.done():
            return False
        started = self._pass_started
        return started is None or time.monotonic() - started < self._stuck_after_s

    def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name=f"{self.name}-batcher")

    async def stop(self) -> None:
        """End the worker; whoever still waits is told that the service is stopping."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
        for waiting in self._queue:
            if not waiting.answer.done():
                waiting.answer.set_exception(Overloaded("The service is stopping."))
        self._queue.clear()
        self._executor.shutdown(wait=False, cancel_futures=True)

    async def submit(self, items: Sequence[Item], deadline: Deadline | None) -> list[Result]:
        """The results of items, in their order.

        Raises Overloaded when they do not fit the queue, DeadlineExceeded, or what the pass raised.
        """
        if len(self._queue) + len(items) > self._max_queue:
            raise Overloaded(
                f"{len(self._queue)} items are waiting already, of at most {self._max_queue}."
            )
        loop = asyncio.get_running_loop()
        waiting = [_Waiting[Item, Result](item, loop.create_future(), deadline) for item in items]
        self._queue.extend(waiting)
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
        """The oldest waiting item and those most like it, at most `max_batch`."""
        live = []
        for waiting in self._queue:
            if waiting.answer.done():
                continue
            if waiting.deadline is not None and waiting.deadline.remaining_s() == 0:
                waiting.answer.set_exception(DeadlineExceeded("The item waited too long."))
                continue
            live.append(waiting)
        if len(live) <= self._max_batch:
            self._queue.clear()
            return live
        oldest = self._order(live[0].item)
        by_likeness = sorted(live, key=lambda one: abs(self._order(one.item) - oldest))
        batch = by_likeness[: self._max_batch]
        chosen = {id(one) for one in batch}
        self._queue = deque(one for one in live if id(one) not in chosen)
        return batch

    async def _pass(self, batch: list[_Waiting[Item, Result]]) -> None:
        self._observe_batch(len(batch))
        self._pass_started = time.monotonic()
        loop = asyncio.get_running_loop()
        try:
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
            for one, result in zip(batch, results, strict=True):
                if not one.answer.done():
                    one.answer.set_result(result)
        finally:
            self._pass_started = None


def _failed_pass(error: Exception) -> ServiceError:
    failure = ServiceError("The model failed on this batch.")
    failure.__cause__ = error
    return failure
