"""Answers a second by the number of machines of a kind.

The whole fleet shares the cores of this machine. So each kind is measured with little processor
time for each of its machines, as if they had slow cores: then they are the narrowest part, and the
cores left over serve the rest.
"""

from __future__ import annotations

import asyncio
import os
import time

import httpx
import psutil

from tests.fleet.fleet import SERVICES, Fleet
from tests.load.__main__ import new
from tests.load.client import Connections, Timed, by_clients, per_second, percentile_ms
from tests.support.printing import say, table

_CLIENTS = 24
_SECONDS = 8.0
_WARM_S = 2.0
_CORES = {"encoder": 0.05, "retriever": 0.08, "gateway": 0.06}
"""Cores of each machine of a kind, while that kind is measured."""
_COLUMNS = (
    *("machines", "cores of each", "answers/s", "p50 ms", "p99 ms"),
    *("not 200", "cores busy", "with all else", "by part"),
)


async def measure_throughput(fleet: Fleet) -> None:
    """Print a row for each number of machines."""
    cores = os.cpu_count() or 1
    table(*_COLUMNS)
    await _row(fleet, "all, no limits", "")
    limit = f"where {0.9 * cores:.1f} or more are busy, they are the limit"
    say(f"\nThis machine has {cores} cores: {limit}.")
    if not fleet.one("door").group.limits:
        say("No limits on single machines: this system has no control groups for this process.")
        return
    table(*_COLUMNS)
    for role in SERVICES:
        machines = fleet.machines[role]
        for machine in machines:
            machine.group.limit(_CORES[role])
        for count in range(len(machines), 0, -1):
            await _row(fleet, f"{count} × {role}", f"{_CORES[role]:g}")
            if count > 1:
                await asyncio.to_thread(machines[count - 1].stop)
        for machine in machines:
            machine.group.limit(None)
        for machine in machines[1:]:
            machine.start()
            await asyncio.to_thread(fleet.until_serving, machine)


async def _row(fleet: Fleet, name: str, cores: str) -> None:
    url = httpx.URL(fleet.url)
    assert url.port is not None
    connections = Connections(url.host, url.port)
    try:
        await by_clients(connections, _CLIENTS, _WARM_S, lambda: new(0))
        before, started = _spent(fleet), time.monotonic()
        own = time.process_time()
        psutil.cpu_percent()
        answers = await by_clients(connections, _CLIENTS, _SECONDS, lambda: new(0))
        seconds = time.monotonic() - started
        spent = {part: now - before[part] for part, now in _spent(fleet).items()}
        spent["clients"] = time.process_time() - own
        machine = psutil.cpu_percent() / 100 * (os.cpu_count() or 1)
    finally:
        connections.close()
    busy = {part: used / seconds for part, used in spent.items()}
    parts = ", ".join(f"{part} {used:.2f}" for part, used in busy.items() if used >= 0.01)
    say(
        f"| {name} | {cores} | {per_second(answers, _CLIENTS):.0f} | "
        f"{percentile_ms(answers, 0.5):.0f} | {percentile_ms(answers, 0.99):.0f} | "
        f"{_failed(answers)} | {sum(busy.values()):.2f} | {machine:.2f} | {parts} |"
    )


def _failed(answers: list[Timed]) -> int:
    return sum(one.status != httpx.codes.OK for one in answers)


def _spent(fleet: Fleet) -> dict[str, float]:
    """Processor seconds of each part so far; a machine that is stopped counts for nothing."""
    return {
        part: sum(one.processor_s for one in machines) for part, machines in fleet.machines.items()
    }
