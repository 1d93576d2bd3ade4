"""Waiting for a condition, with a deadline, and never for a stretch of time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

DEADLINE_S = 120.0
"""A busy machine is no failure."""


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


async def within(
    limit_s: float, attempt: Callable[[int], Awaitable[float]], *, tries: int = 10
) -> bool:
    """True once an attempt, given its number, returns fewer seconds than `limit_s`.

    A busy machine may take longer now and then, and hardly ten times in a row; seconds that our
    threads wait for a processor, which other programs have, do not count.
    """
    for number in range(tries):
        before = _waited_s()
        took_s = await attempt(number)
        if took_s - max(0.0, _waited_s() - before) < limit_s:
            return True
    return False


def _waited_s() -> float:
    """Seconds that the threads of this process have waited for a processor, as Linux counts."""
    waited_ns = 0
    for thread in Path("/proc/self/task").glob("*/schedstat"):
        with suppress(OSError):  # it has ended
            waited_ns += int(thread.read_text().split()[1])
    return waited_ns / 1e9
