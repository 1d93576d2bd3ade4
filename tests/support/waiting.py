"""Waiting for a condition, with a deadline, and never for a stretch of time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

DEADLINE_S = 20.0


async def until(
    condition: Callable[[], bool | Awaitable[bool]], *, deadline_s: float = DEADLINE_S
) -> None:
    """Return as soon as `condition` holds; raises TimeoutError when it doesn't in time."""
    async with asyncio.timeout(deadline_s):
        while True:
            answer = condition()
            if answer if isinstance(answer, bool) else await answer:
                return
            await asyncio.sleep(0.002)
