"""Progress of the served catalogue: which published head it shows, and who waits for a later one.

A head is named by its event timestamp. Each later head of a catalogue has a later timestamp and
contains all changes before it, so one number says which changes are served.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress

AWAITED_S = 0.05
"""Longest time between two looks while a request waits for a change."""
_SHORTEST_S = 0.01
"""Shortest time between two looks, however many requests begin to wait."""


class Progress:
    """For one event loop."""

    def __init__(self) -> None:
        self._reached_us = -1
        self._waiters: list[tuple[int, asyncio.Future[None]]] = []
        self._wanted = asyncio.Event()
        self._last_look = float("-inf")

    @property
    def awaited(self) -> bool:
        """True while a request waits for a change."""
        return bool(self._waiters)

    def looked(self) -> None:
        """A look at the published head begins now."""
        self._last_look = time.monotonic()
        self._wanted.clear()

    def reached(self, moment_us: int) -> None:
        """Everything up to this moment is served."""
        self._reached_us = moment_us
        for wanted_us, waiter in self._waiters:
            if wanted_us <= moment_us and not waiter.done():
                waiter.set_result(None)

    async def wait(self, moment_us: int, timeout_s: float) -> bool:
        """True once everything up to this moment is served; False if that takes longer."""
        if moment_us <= self._reached_us:
            return True
        waiter = moment_us, asyncio.get_running_loop().create_future()
        self._waiters.append(waiter)
        self._wanted.set()
        try:
            async with asyncio.timeout(timeout_s):
                await waiter[1]
        except TimeoutError:
            return False
        finally:
            self._waiters.remove(waiter)
        return True

    async def pause(self, seconds: float) -> None:
        """Wait until the next look is due, or a request begins to wait for a change."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._wanted.wait()
        await asyncio.sleep(self._last_look + _SHORTEST_S - time.monotonic())
