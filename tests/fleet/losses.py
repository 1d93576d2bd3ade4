"""Any one machine fails while shoppers ask: first it falls silent, then it is back."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

from tests.chaos.shoppers import HANG_S
from tests.fleet.fleet import Fleet
from tests.fleet.machines import Machine
from tests.fleet.watch import watched
from tests.support.printing import say, table

_LOST_S = HANG_S + 3
"""Long enough for every request that the machine had to be given up."""
_SETTLE_S = 3.0
KINDS = ("gateway", "encoder", "retriever", "store", "cache", "milvus", "door")


async def lose_machines(fleet: Fleet, kinds: Sequence[str]) -> None:
    """Print a row for one machine of each of these kinds.

    recovered: seconds from the loss until the last request began that failed, while the machine is
    still gone; if nothing else does its work, until the end.  back: seconds from power on until
    it serves, and until the last request began that failed.
    """
    table(
        "lost machine",
        "others of its kind",
        "recovered after s",
        "serves again after s",
        "last failed after s",
        "requests",
        "failed",
        "p99 ms",
        "answers",
    )
    for role in kinds:
        if fleet.machines[role]:
            await _lose(fleet, fleet.one(role), len(fleet.machines[role]) - 1)


async def _lose(fleet: Fleet, machine: Machine, others: int) -> None:
    async with watched(fleet.url) as seen:
        await asyncio.sleep(1)
        lost_at = time.monotonic()
        await asyncio.to_thread(machine.lose)
        await asyncio.sleep(_LOST_S)
        back_at = time.monotonic()
        await asyncio.to_thread(machine.come_back)
        await asyncio.to_thread(fleet.until_serving, machine)
        serves_s = time.monotonic() - back_at
        await asyncio.sleep(_SETTLE_S)
    recovered_s = seen.last_lost_s(lost_at, back_at)
    recovered = (
        f"{recovered_s:.1f}" if recovered_s < _LOST_S - _SETTLE_S else "not before it is back"
    )
    last_s = seen.last_lost_s(back_at, time.monotonic())
    say(f"| {machine.name} | {others} | {recovered} | {serves_s:.1f} | {last_s:.1f} | {seen.row} |")
