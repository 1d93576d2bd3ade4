"""`python -m tests.benchmarks.agents`: `/search`, and UCP's search over REST and MCP, in turns.

One request at a time to each, in rounds, so that other load on the machine slows all of them alike.
Words, products and page size are the same.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx

from tests.load.client import QUERIES
from tests.support.agents_stack import agents_stack

ROUNDS = 300
WARM_UP = 20
LIMIT = 10

Ask = Callable[[str], httpx.Response]


def ways(http: httpx.Client) -> dict[str, Ask]:
    """The ways to ask, by name."""
    agent = {"UCP-Agent": 'profile="https://agent.example/profile.json"'}
    mcp = {"Accept": "application/json, text/event-stream", "MCP-Protocol-Version": "2025-11-25"}

    def catalog(words: str) -> dict[str, Any]:
        return {"query": words, "pagination": {"limit": LIMIT}}

    def call(words: str) -> dict[str, Any]:
        arguments = {"name": "search_catalog", "arguments": {"catalog": catalog(words)}}
        return {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": arguments}

    return {
        "/search": lambda words: http.post("/search", json={"query": words, "k": LIMIT}),
        "UCP over REST": lambda words: http.post(
            "/ucp/v1/catalog/search", json=catalog(words), headers=agent
        ),
        "UCP over MCP": lambda words: http.post("/mcp", json=call(words), headers=mcp),
    }


def main(rounds: int) -> None:
    with (
        tempfile.TemporaryDirectory() as folder,
        agents_stack(Path(folder)) as stack,
        httpx.Client(base_url=stack.url, timeout=30) as http,
    ):
        times: dict[str, list[float]] = {}
        for number in range(WARM_UP + rounds):
            words = QUERIES[number % len(QUERIES)]
            for name, ask in ways(http).items():
                started = time.perf_counter()
                ask(words).raise_for_status()
                if number >= WARM_UP:
                    times.setdefault(name, []).append((time.perf_counter() - started) * 1000)
    usual = statistics.median(times["/search"])
    print(f"{rounds} rounds, milliseconds at the client, {LIMIT} products")
    for name, values in times.items():
        pairs = [mine - base for mine, base in zip(values, times["/search"], strict=True)]
        print(
            f"{name:14} median {statistics.median(values):6.2f}  p95 "
            f"{statistics.quantiles(values, n=20)[-1]:6.2f}  above /search "
            f"{statistics.median(values) - usual:5.2f} (median of pairs "
            f"{statistics.median(pairs):5.2f})"
        )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS)
