"""Background tasks: work that continues after the request that started it was answered."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine


class Background:
    """Holds a reference to each running task, because the event loop does not."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def finished(self) -> None:
        """Wait until all started tasks have ended."""
        await asyncio.gather(*self._tasks)


CANCEL_AGAIN_S = 1.0


async def end(task: asyncio.Task[None]) -> None:
    """Cancel a task, again while it goes on, and wait until it has ended.

    redis-py sends commands in `asyncio.wait_for`. Before Python 3.12 that loses a cancellation
    that comes at the moment the command is sent.
    """
    while not task.done():
        task.cancel()
        await asyncio.wait([task], timeout=CANCEL_AGAIN_S)
