"""Latency and throughput of the whole stack under load: `make load`.

Real processes and Redis, the sample catalogue, and random weights in ViT-B/32's shape, which take
the time of trained ones. The generator shares the machine with what it measures.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

from tests.load.client import QUERIES, Connections, Timed, at_rate, one_by_one, percentile_ms
from tests.support.clip_reference import random_b32_weights
from tests.support.printing import say
from tests.support.torch_archive import write_archive
from tests.support.whole_stack import NO_ANSWER_CACHE, NO_RATE_LIMIT, WholeStack, whole_stack

BAR_MS = 100.0
STEP_S = 5.0
RATES = (20, 40, 60, 80, 100, 130, 160, 200, 250, 300, 400, 500)
RECOVERY_S = 5.0
CLIENT_QUERIES = 300

_NUMBERS = itertools.count()


def new(_: int) -> str:
    """A query that no cache knows."""
    number = next(_NUMBERS)
    return f"{QUERIES[number % len(QUERIES)]} {number}"


def cached(number: int) -> str:
    return QUERIES[number % len(QUERIES)]


async def one_client(connections: Connections, name: str, query: Callable[[int], str]) -> None:
    await one_by_one(connections, [query(number) for number in range(50)])
    answers = await one_by_one(connections, [query(number) for number in range(CLIENT_QUERIES)])
    p50, p99 = (percentile_ms(answers, share) for share in (0.5, 0.99))
    say(f"| one client, {name} | p50 {p50:.1f} ms | p99 {p99:.1f} ms | {_statuses(answers)} |")


async def highest_rate(connections: Connections, name: str, query: Callable[[int], str]) -> float:
    """The highest of RATES at which all are answered, 99 % of them within the bar."""
    best = 0.0
    for rate in RATES:
        answers = await at_rate(connections, rate, STEP_S, query)
        p99 = percentile_ms(answers, 0.99)
        say(
            f"| {rate} a second, {name} | p50 {percentile_ms(answers, 0.5):.1f} ms "
            f"| p99 {p99:.1f} ms | {_statuses(answers)} |"
        )
        if p99 > BAR_MS or any(answer.status != 200 for answer in answers):
            break
        best = rate
    return best


async def overload(connections: Connections, rate: float) -> bool:
    """Three times the rate, then half of it: whether it sheds, and is well again in time."""
    much = await at_rate(connections, 3 * rate, STEP_S, new)
    say(
        f"| {3 * rate:.0f} a second, new (3 x) | p50 {percentile_ms(much, 0.5):.1f} ms "
        f"| p99 {percentile_ms(much, 0.99):.1f} ms | {_statuses(much)} |"
    )
    began = time.perf_counter()
    after = await at_rate(connections, rate / 2, 2 * RECOVERY_S, new)
    late = [one.due for one in after if one.status != 200 or 1000 * one.seconds > BAR_MS]
    recovered_s = max(late, default=began) - began
    say(
        f"| after it, {rate / 2:.0f} a second | whole again after {recovered_s:.1f} s "
        f"| p99 {percentile_ms(after, 0.99):.1f} ms | {_statuses(after)} |"
    )
    only_shed = all(one.status in (200, 429) for one in much)
    return only_shed and recovered_s <= RECOVERY_S


async def soak(stack: WholeStack, connections: Connections, rate: float, seconds: float) -> None:
    """Half new queries, half cached ones; memory at the beginning, half-way and at the end."""

    def mixed(number: int) -> str:
        return new(number) if number % 2 else cached(number)

    await at_rate(connections, rate, 10, mixed)
    memory = [_megabytes(stack)]
    answers: list[Timed] = []
    for _ in range(2):
        answers += await at_rate(connections, rate, seconds / 2, mixed)
        memory.append(_megabytes(stack))
    say(
        f"| soak, {rate:.0f} a second for {seconds:.0f} s | p50 "
        f"{percentile_ms(answers, 0.5):.1f} ms | p99 {percentile_ms(answers, 0.99):.1f} ms "
        f"| {_statuses(answers)} |"
    )
    for name in memory[0]:
        say(f"| {name}, MB | " + " | ".join(f"{at[name]:.0f}" for at in memory) + " |")


def _megabytes(stack: WholeStack) -> dict[str, float]:
    """Resident memory of each service."""
    page = os.sysconf("SC_PAGE_SIZE") / 1e6
    return {
        name: int(Path(f"/proc/{one.process.pid}/statm").read_text().split()[1]) * page
        for name, one in stack.processes.items()
    }


def _statuses(answers: Sequence[Timed]) -> str:
    counts = Counter(answer.status for answer in answers)
    return ", ".join(f"{status}: {count}" for status, count in sorted(counts.items()))


async def measure(stack: WholeStack, soak_s: float, soak_rate: float | None) -> int:
    connections = Connections(*stack.listeners["gateway"].getsockname()[:2])
    try:
        if soak_s and soak_rate is not None:
            await soak(stack, connections, soak_rate, soak_s)
            return 0
        await one_client(connections, "new", new)
        await one_client(connections, "cached", cached)
        rate = await highest_rate(connections, "new", new)
        await highest_rate(connections, "cached", cached)
        # Let the requests that the search for the highest rate left waiting finish first.
        await at_rate(connections, 10, STEP_S, new)
        well = await overload(connections, rate) if rate else False
        if soak_s:
            await soak(stack, connections, max(10.0, rate / 2), soak_s)
    finally:
        connections.close()
    return 0 if well else 1


def main(soak_s: float, soak_rate: float | None) -> int:
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        write_archive(folder / "vit-b-32.pt", random_b32_weights())
        settings = {
            "ENCODER_MODEL": str(folder / "vit-b-32.pt"),
            **NO_RATE_LIMIT,
            **NO_ANSWER_CACHE,
        }
        with whole_stack(folder / "stack", settings=settings) as stack:
            return asyncio.run(measure(stack, soak_s, soak_rate))


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(prog="make load")
    arguments.add_argument("--soak", type=float, default=0, help="seconds; 1800 is half an hour")
    arguments.add_argument(
        "--soak-rate", type=float, help="requests a second; with it, nothing but the soak is run"
    )
    given = arguments.parse_args()
    sys.exit(main(given.soak, given.soak_rate))
