"""Speed of changes, and of searches meanwhile: `python -m tests.load.changes`.

Real processes and Redis, the bundled model, the sample catalogue. Each round measures how
soon 1,000 price changes are searchable, then searches at rest, then searches while prices change.
Rest and changes alternate, so that other work on the machine meets both. The generator shares the
machine with what it measures.
"""

from __future__ import annotations

import argparse
import asyncio
import csv
import itertools
import json
import os
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import httpx

from services.contracts.batches import BATCH_MEDIA_TYPE, BATCH_PATH, BatchResult
from services.gateway.admission.access import key_hash
from tests.load.client import QUERIES, Connections, Timed, at_rate, percentile_ms
from tests.support.printing import say
from tests.support.service_process import processor_s
from tests.support.whole_stack import (
    NO_ANSWER_CACHE,
    NO_RATE_LIMIT,
    SAMPLE,
    WITH_WRITER,
    WholeStack,
    whole_stack,
)

BATCH = 1_000
KEY = "a-key-that-may-change-products"
_PRICES = itertools.count(100)


class Shop:
    """Changes prices as an administrator."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http
        with SAMPLE.open(newline="", encoding="utf-8") as file:
            self._ids = itertools.cycle([row["product_id"] for row in csv.DictReader(file)])

    async def change(self, count: int) -> tuple[str, str, float]:
        """Change so many prices. Returns the last product, the last change, and the new price."""
        price = next(_PRICES) / 100
        ids = [next(self._ids) for _ in range(count)]
        lines = [{"op": "patch", "product_id": one, "patch": {"price": price}} for one in ids]
        response = await self._http.post(
            BATCH_PATH,
            content="\n".join(json.dumps(line) for line in lines),
            headers={"Content-Type": BATCH_MEDIA_TYPE},
        )
        response.raise_for_status()
        results = [BatchResult.model_validate_json(one) for one in response.content.splitlines()]
        refused = [one for one in results if one.status != "stored"]
        if refused or len(results) != count:
            raise RuntimeError(f"{len(refused)} of {count} are not stored: {refused[:1]}")
        return ids[-1], results[-1].change or "", price

    async def searchable_s(self) -> float:
        """Seconds from sending a batch of price changes to reading the last of them."""
        started = time.perf_counter()
        product_id, change, price = await self.change(BATCH)
        seen = await self._http.get(f"/products/{product_id}", params={"change": change})
        seconds = time.perf_counter() - started
        if seen.json().get("price") != price:
            raise RuntimeError(f"not what was written: {seen.text}")
        return seconds

    async def keep_changing(self, rate: float, seconds: float) -> float:
        """`rate` changes a second, in batches of a second's. Returns the changes made a second."""
        started, made = time.perf_counter(), 0
        while (passed := time.perf_counter() - started) < seconds:
            wanted = round(rate * (passed + 1)) - made
            await self.change(wanted)
            made += wanted
            await asyncio.sleep(max(0.0, made / rate - (time.perf_counter() - started)))
        return made / (time.perf_counter() - started)


def _processor_s(stack: WholeStack) -> dict[str, float]:
    """Processor seconds of each service since its start."""
    return {name: processor_s(one.process.pid) for name, one in stack.processes.items()}


async def measure(
    stack: WholeStack, shop: Shop, searches: Connections, given: argparse.Namespace
) -> None:
    await at_rate(searches, given.searches, 3, _words)
    await shop.change(BATCH)
    soon, made = [], []
    work: Counter[str] = Counter()
    rest: list[Timed] = []
    busy: list[Timed] = []
    for _ in range(given.rounds):
        before = _processor_s(stack)
        soon.append(await shop.searchable_s())
        work.update({name: spent - before[name] for name, spent in _processor_s(stack).items()})
        rest += await at_rate(searches, given.searches, given.seconds, _words)
        changing = asyncio.create_task(shop.keep_changing(given.rate, given.seconds))
        busy += await at_rate(searches, given.searches, given.seconds, _words)
        made.append(await changing)
    say(f"| {BATCH:,} price changes searchable | {_spread(soon)} s |")
    shares = ", ".join(f"{name} {work[name] / given.rounds:.2f}" for name in sorted(work))
    say(f"| processor seconds of {BATCH:,} price changes | {shares} |")
    say(f"| changes a second, asked for {given.rate:.0f} | {_spread(made)} |")
    for name, answers in (("at rest", rest), ("while prices change", busy)):
        wrong = sum(one.status != 200 for one in answers)
        say(
            f"| searches {name}, {given.searches:.0f} a second | p50 "
            f"{percentile_ms(answers, 0.5):.1f} ms | p99 {percentile_ms(answers, 0.99):.1f} ms "
            f"| not 200: {wrong} |"
        )
    ratio = percentile_ms(busy, 0.99) / percentile_ms(rest, 0.99)
    say(f"| p99 while prices change / at rest | {ratio:.2f} |")
    say(f"| load average | {os.getloadavg()[0]:.1f} |")


def _words(number: int) -> str:
    return f"{QUERIES[number % len(QUERIES)]} {number % 40}"


def _spread(values: Sequence[float]) -> str:
    return f"median {statistics.median(values):.2f}, {min(values):.2f} to {max(values):.2f}"


async def run(given: argparse.Namespace) -> None:
    with tempfile.TemporaryDirectory() as made:
        settings = {
            "GATEWAY_ADMIN_KEY_SHA256": key_hash(KEY),
            **NO_RATE_LIMIT,
            **NO_ANSWER_CACHE,
        }
        with whole_stack(Path(made) / "stack", settings=settings, services=WITH_WRITER) as stack:
            searches = Connections(*stack.listeners["gateway"].getsockname()[:2])
            async with httpx.AsyncClient(
                base_url=stack.url, headers={"X-API-Key": KEY}, timeout=60
            ) as http:
                try:
                    await measure(stack, Shop(http), searches, given)
                finally:
                    searches.close()


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(prog="python -m tests.load.changes", description=__doc__)
    arguments.add_argument("--rounds", type=int, default=5)
    arguments.add_argument("--seconds", type=float, default=8, help="of each half of a round")
    arguments.add_argument("--rate", type=float, default=300, help="changes a second")
    arguments.add_argument("--searches", type=float, default=20, help="searches a second")
    asyncio.run(run(arguments.parse_args()))
