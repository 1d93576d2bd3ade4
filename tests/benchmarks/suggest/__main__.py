"""Benchmark `suggest`: `GET /suggest` through the gateway, one client, a made-up shop.

Queries as they are typed: beginnings of titles, with a typo, and words in another order. No answer
is cached, so each is asked for once.
"""

from __future__ import annotations

import argparse
import random
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx

from tests.benchmarks.machine import bench_command, machine
from tests.benchmarks.report import table, write_section
from tests.benchmarks.suggest.made_up import made_up
from tests.benchmarks.timing import percentile
from tests.support.service_process import (
    ServiceProcess,
    listening_socket,
    processor_s,
    url_of,
)
from tests.support.whole_stack import NO_RATE_LIMIT

_START_S = 600.0
_TITLES = 80
_WARMING = 20
"""Queries that are asked before the others, and not counted."""
_CUTS = (1, 2, 3, 5, 8, 12, 16, 22)


def main() -> None:
    """Print a table; with --write put it into docs/benchmarks.md."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--products", type=int, nargs="+", default=[23_000, 200_000])
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    rows = []
    notes = []
    for products in options.products:
        with tempfile.TemporaryDirectory() as folder, _stack(products, Path(folder)) as stack:
            url, log, pids = stack
            notes.append(f"{products:,} products: {log.read_text().splitlines()[0]}.")
            for kind, queries in _queries().items():
                before = sum(map(processor_s, pids))
                milliseconds, empty = _ask(url, queries)
                spent = sum(map(processor_s, pids)) - before
                rows.append(
                    (
                        f"{products:,}",
                        kind,
                        statistics.median(milliseconds),
                        percentile(milliseconds, 95),
                        1_000 * spent / (len(queries) + _WARMING),
                        f"{empty} of {len(queries)}",
                    )
                )
    head = ["products", "typed", "p50 ms", "p95 ms", "processor ms", "without a suggestion"]
    text = "\n\n".join(
        (
            f"{bench_command('suggest')}, {machine()}. `GET /suggest` through gateway and "
            "retriever over HTTP, one client, eight suggestions and three products an answer; "
            "`processor ms` are those of both services together.",
            table(head, rows),
            " ".join(notes),
        )
    )
    print(text)
    if options.write:
        write_section("Suggestions", text)


@contextmanager
def _stack(products: int, folder: Path) -> Iterator[tuple[str, Path, list[int]]]:
    """Gateway and retriever; the address of the gateway, the retriever's output, both ids."""
    with ExitStack() as at_end:
        behind, before = (at_end.enter_context(listening_socket()) for _ in range(2))
        command = ["tests.benchmarks.suggest.retriever", str(products), str(behind.fileno())]
        retriever = ServiceProcess(command, "RETRIEVER", behind, folder / "retriever.log")
        at_end.callback(retriever.stop)
        gateway = ServiceProcess(
            ["services.gateway"],
            "GATEWAY",
            before,
            folder / "gateway.log",
            surroundings=NO_RATE_LIMIT,
            retriever_url=url_of(behind),
        )
        at_end.callback(gateway.stop)
        retriever.wait_until_ready(url_of(behind), _START_S)
        gateway.wait_until_said("Application startup complete")
        yield url_of(before), retriever.log, [gateway.process.pid, retriever.process.pid]


def _queries() -> dict[str, list[str]]:
    """By kind, each of them once."""
    choice = random.Random(3)
    batches = made_up(5_000)
    titles = [
        choice.choice(batches).column("title")[choice.randrange(500)].as_py()
        for _ in range(_TITLES)
    ]
    typed = {title[:cut].strip() for title in titles for cut in _CUTS}
    typos, apart = [], []
    for title in titles:
        place = choice.randrange(1, 5)
        typos.append((title[:place] + title[place + 1 :])[: choice.choice([5, 8, 13])].strip())
        words = title.split()
        apart.append(f"{words[-1]} {words[1]} {words[0][:3]}")
    return {"beginnings": sorted(typed), "with a typo": typos, "in another order": apart}


def _ask(url: str, queries: list[str]) -> tuple[list[float], int]:
    milliseconds, empty = [], 0
    with httpx.Client(base_url=url, trust_env=False, timeout=30) as client:
        for number, query in enumerate([*queries[:_WARMING], *queries]):
            started = time.perf_counter()
            answer = client.get("/suggest", params={"q": query})
            answer.raise_for_status()
            if number >= _WARMING:
                milliseconds.append(1_000 * (time.perf_counter() - started))
                empty += not answer.json()["suggestions"]
    return milliseconds, empty


if __name__ == "__main__":
    main()
