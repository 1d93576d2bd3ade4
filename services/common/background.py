"""Work that goes on after the answer that began it."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine


class Background:
    """Keeps what it runs from being collected: the event loop alone holds no task."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def finished(self) -> None:
        """Once nothing of what was started goes on."""
        await asyncio.gather(*self._tasks)
