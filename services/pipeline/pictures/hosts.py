"""Manners towards one host: not too often, not too much at once, and not when it asks for rest."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

MOST_FAILURES = 5
"""Pictures in a row that could not be had, each asked for several times."""


class Host:
    """Requests to it start at least `1 / rate` seconds apart."""

    def __init__(self, *, rate: float, concurrency: int) -> None:
        self._apart_s = 1 / rate
        self._slots = asyncio.Semaphore(concurrency)
        self._next_at = 0.0
        self._failures = 0

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait for one, and have it for as long as the block lasts."""
        async with self._slots:
            now = time.monotonic()
            mine = max(now, self._next_at)
            self._next_at = mine + self._apart_s
            await asyncio.sleep(mine - now)
            yield

    def rest(self, seconds: float) -> None:
        """Start nothing before then."""
        self._next_at = max(self._next_at, time.monotonic() + seconds)

    def succeeded(self) -> None:
        self._failures = 0

    def failed(self) -> None:
        self._failures += 1

    @property
    def is_left_alone(self) -> bool:
        """True after so many failures in a row that further requests are useless."""
        return self._failures >= MOST_FAILURES
