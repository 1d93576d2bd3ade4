"""Threads that search, so that the event loop never does."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from threadpoolctl import threadpool_limits

from services.common.context import deadline
from services.common.problems import DeadlineExceeded, Overloaded

Answer = TypeVar("Answer")


class SearchPool:
    """A bounded number of threads behind a bounded queue; a caller who left is not searched for."""

    def __init__(self, *, threads: int, max_queue: int) -> None:
        self._executor = ThreadPoolExecutor(threads, thread_name_prefix="search")
        self._max_queue = max_queue
        self._queued = 0
        # Searches run side by side, and one is too small to be shared out: OpenBLAS's threads
        # spend 20 ms spinning after each millisecond of work.
        self._one_core_each = threadpool_limits(1, user_api="blas")

    async def run(self, search: Callable[[], Answer], *, small: bool = False) -> Answer:
        """Run in a thread. Raises Overloaded, or DeadlineExceeded when the request's time is up.

        small: takes hardly longer than to wake a thread, so that it runs in this one.
        """
        if small:
            return self._now(search)
        if self._queued >= self._max_queue:
            raise Overloaded(f"{self._queued} searches are waiting already; ask again shortly.")
        limit = deadline.get()
        self._queued += 1
        try:
            async with asyncio.timeout(None if limit is None else limit.remaining_s()):
                # Cancelled while it waits in the queue, the search never starts.
                return await asyncio.get_running_loop().run_in_executor(self._executor, search)
        except TimeoutError as error:
            raise DeadlineExceeded("The search did not end within the deadline.") from error
        finally:
            self._queued -= 1

    @staticmethod
    def _now(search: Callable[[], Answer]) -> Answer:
        limit = deadline.get()
        if limit is not None and limit.remaining_s() == 0:
            raise DeadlineExceeded("No time was left for the search.")
        return search()

    async def aclose(self) -> None:
        """Wait for the searches that run; those that wait are dropped."""
        await asyncio.to_thread(self._executor.shutdown, cancel_futures=True)
        self._one_core_each.restore_original_limits()
