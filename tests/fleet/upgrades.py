"""Every part is replaced while shoppers ask, one machine after another."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Awaitable, Callable
from functools import partial

from tests.fleet.fleet import SERVICES, Fleet
from tests.fleet.watch import watched
from tests.support.launcher import processes
from tests.support.printing import say, table
from tests.support.waiting import until

_SETTLE_S = 2.0


async def upgrade_every_part(fleet: Fleet) -> int:
    """Print a row for each part. Returns how many requests were lost."""
    table("upgraded", "machines", "seconds", "requests", "lost", "p99 ms", "answers")
    lost = 0
    for role in (*SERVICES, "store", "cache"):
        lost += await _upgraded(fleet, role, partial(_one_by_one, fleet, role))
    lost += await _upgraded(fleet, "door", partial(_reload_door, fleet))
    if fleet.machines["milvus"]:
        lost += await _upgraded(fleet, "milvus", partial(_new_milvus, fleet))
    return lost


async def _upgraded(fleet: Fleet, role: str, upgrade: Callable[[], Awaitable[None]]) -> int:
    async with watched(fleet.url) as seen:
        await upgrade()
        took_s = time.monotonic() - seen.began
        await asyncio.sleep(_SETTLE_S)
    say(f"| {role} | {len(fleet.machines[role])} | {took_s:.1f} | {seen.row} |")
    return len(seen.lost)


async def _one_by_one(fleet: Fleet, role: str) -> None:
    for machine in fleet.machines[role]:
        await asyncio.to_thread(fleet.replace, machine)


async def _reload_door(fleet: Fleet) -> None:
    """nginx reads its files again: new workers take new connections, the old ones finish."""
    (program,) = fleet.one("door").programs
    before = _children(program.pid)
    os.kill(program.pid, signal.SIGHUP)
    await until(lambda: not before & _children(program.pid))


def _children(pid: int) -> set[int]:
    return {child for child, (parent, _) in processes().items() if parent == pid}


async def _new_milvus(fleet: Fleet) -> None:
    """A second server beside the first, to which the retrievers move one by one."""
    (old,) = fleet.machines["milvus"]
    new = fleet.new_milvus("milvus-2")
    await asyncio.to_thread(new.start)
    fleet.search_in(new)
    await _one_by_one(fleet, "retriever")
    await asyncio.to_thread(old.stop)
    fleet.machines["milvus"] = [new]
