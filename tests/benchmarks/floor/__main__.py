"""Benchmark `floor`: processor time of a query by process, beside three bare processes.

Real processes and Redis, the sample catalogue, random weights in ViT-B/32's shape. The bare trio
(`bare.py`) makes the same hops with a vector and products of the same size and does nothing else,
so its time is the floor of this design. Both take turns in one run. The load generator is not
counted; Redis has a row of its own. `--write` puts the tables into docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import tempfile
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import httpx
from prometheus_client.parser import text_string_to_metric_families

from tests.benchmarks.floor.trio import ROLES, bare_trio
from tests.benchmarks.machine import bench_command, machine, precision_of
from tests.benchmarks.report import table, write_section
from tests.benchmarks.stack import SETTINGS
from tests.load.client import QUERIES, Connections, Post, Timed, by_clients
from tests.support.clip_reference import random_b32_weights
from tests.support.service_process import processor_s
from tests.support.torch_archive import write_archive
from tests.support.whole_stack import NO_ANSWER_CACHE, WholeStack, whole_stack

CLIENTS = 16
MANY_CLIENTS = 64
_HEALTH = Post("/health", "application/json", b"", method="GET")
_NUMBERS = itertools.count()


def cached() -> str:
    return QUERIES[next(_NUMBERS) % len(QUERIES)]


def new() -> str:
    number = next(_NUMBERS)
    return f"{QUERIES[number % len(QUERIES)]} {number}"


def unlike() -> str:
    """A new query with a first word of its own; those of `new` share most of their tokens."""
    number = next(_NUMBERS)
    scattered = number * 7_919 % 26**4
    letters = "".join(chr(ord("a") + scattered // 26**place % 26) for place in range(4))
    return f"{letters} {QUERIES[number % len(QUERIES)]}"


def health() -> Post:
    return _HEALTH


@dataclass(slots=True)
class Turns:
    """All turns of one kind of request."""

    port: int
    pids: Mapping[str, int]
    question: Callable[[], str | Post]
    clients: int = CLIENTS
    answers: int = 0
    waited_s: float = 0.0
    spent_ms: dict[str, float] = field(default_factory=lambda: defaultdict(float))

    def run(self, seconds: float, *, count: bool) -> None:
        """One turn. Raises RuntimeError if a request was not answered with 200."""
        before = _spent_ms(self.pids)
        found = asyncio.run(self._ask(seconds))
        after = _spent_ms(self.pids)
        refused = Counter(answer.status for answer in found if answer.status != 200)
        if refused:
            raise RuntimeError(f"{refused.total()} of {len(found)} were refused: {refused}")
        if count:
            self.answers += len(found)
            self.waited_s += sum(answer.seconds for answer in found)
            for name, spent in after.items():
                self.spent_ms[name] += spent - before[name]

    def ms(self, name: str) -> float:
        """Processor milliseconds of one process an answer."""
        return self.spent_ms[name] / self.answers

    def all_ms(self) -> float:
        """The same of the three services."""
        return sum(map(self.ms, ROLES))

    def per_second(self) -> float:
        return self.clients * self.answers / self.waited_s

    async def _ask(self, seconds: float) -> list[Timed]:
        connections = Connections("127.0.0.1", self.port)
        try:
            return await by_clients(connections, self.clients, seconds, self.question)
        finally:
            connections.close()


def _spent_ms(pids: Mapping[str, int]) -> dict[str, float]:
    return {name: 1000 * processor_s(pid) for name, pid in pids.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--seconds", type=float, default=3.0, help="of each turn")
    parser.add_argument("--folder", type=Path, help="keeps the weights and their graphs")
    parser.add_argument("--hold", action="store_true", help="start, print process ids, and wait")
    parser.add_argument("--write", action="store_true", help="into docs/benchmarks.md")
    options = parser.parse_args()
    with ExitStack() as at_end:
        temporary = Path(at_end.enter_context(tempfile.TemporaryDirectory()))
        stack = at_end.enter_context(_stack(temporary, options.folder or temporary))
        answering = at_end.enter_context(
            _stack(temporary / "answering", options.folder or temporary, answers=True)
        )
        results = _results(stack)
        port, bare_pids = at_end.enter_context(bare_trio(temporary / "bare", results))
        if options.hold:
            input(f"gateway at {stack.url}, processes {_ours(stack)}; Enter ends: ")
            return
        turns = _turns(stack, port, bare_pids) | {"answered": _answered(answering)}
        precision = precision_of(stack.url_of("encoder"))
        for number in range(options.rounds + 1):
            for one in turns.values():
                one.run(options.seconds if number else 1.0, count=number > 0)
        repeated = _repeated(answering)
    text = _told(options, precision, turns, repeated)
    print(text)
    if options.write:
        write_section("The floor", text)


def _stack(
    folder: Path, kept: Path, *, answers: bool = False
) -> AbstractContextManager[WholeStack]:
    """answers: the retriever keeps its answers."""
    weights = kept / "vit-b-32.pt"
    if not weights.exists():
        kept.mkdir(parents=True, exist_ok=True)
        write_archive(weights, random_b32_weights())
    models = {"ENCODER_MODEL": str(weights), "ENCODER_MODEL_CACHE_DIR": str(kept / "models")}
    settings = {**SETTINGS, **models}
    for name in NO_ANSWER_CACHE if answers else ():
        del settings[name]
    return whole_stack(folder / "stack", settings=settings)


def _results(stack: WholeStack) -> list[object]:
    question = {"query": QUERIES[0], "k": 20}
    answer = httpx.post(f"{stack.url}/predict", json=question, timeout=60, trust_env=False)
    results: list[object] = answer.raise_for_status().json()["results"]
    return results


def _answered(stack: WholeStack) -> Turns:
    """Cached queries of a stack whose retriever keeps its answers."""
    return Turns(stack.listeners["gateway"].getsockname()[1], _ours(stack), cached)


def _ours(stack: WholeStack) -> dict[str, int]:
    """The processes whose time is counted."""
    pids = {name: stack.processes[name].process.pid for name in ROLES}
    return {**pids, "redis": stack.redis.pid}


def _repeated(stack: WholeStack) -> float:
    """The share of requests that the retriever answered from its answers."""
    metrics = httpx.get(f"{stack.url_of('retriever')}/metrics", trust_env=False).text
    found = {
        sample.name: sample.value
        for family in text_string_to_metric_families(metrics)
        for sample in family.samples
    }
    repeated = found["retriever_repeated_searches_total"]
    return repeated / (repeated + found["retriever_search_seconds_count"])


def _turns(stack: WholeStack, bare_port: int, bare_pids: Mapping[str, int]) -> dict[str, Turns]:
    ours = _ours(stack)
    ports = {name: stack.listeners[name].getsockname()[1] for name in ROLES}
    passing = {f"health {name}": Turns(ports[name], {name: ours[name]}, health) for name in ROLES}
    return {
        "bare": Turns(bare_port, bare_pids, cached),
        "cached": Turns(ports["gateway"], ours, cached),
        "new": Turns(ports["gateway"], ours, new),
        "new, many": Turns(ports["gateway"], ours, new, MANY_CLIENTS),
        "unlike": Turns(ports["gateway"], ours, unlike),
        **passing,
    }


def _told(
    options: argparse.Namespace, precision: str, turns: Mapping[str, Turns], repeated: float
) -> str:
    names = ("bare", "cached", "new", "new, many", "unlike", "answered")
    bare, ours, *others = (turns[name] for name in names)
    rows: list[list[object]] = []
    for name in ROLES:
        every = turns[f"health {name}"].ms(name)
        own = ours.ms(name) - every
        # A service that takes no part has no parts.
        parts: list[object] = [every, own] if own > 0 else ["", ""]
        new_ones = [one.ms(name) for one in others]
        rows.append([name, bare.ms(name), ours.ms(name), *parts, *new_ones])
    everything = [one.all_ms() for one in (bare, ours, *others)]
    rows.append(["**all three**", *everything[:2], "", "", *everything[2:]])
    times = [f"{one / everything[0]:.2f}×" for one in everything]
    rows.append(["beside the bare trio", *times[:2], "", "", *times[2:]])
    redis = [one.ms("redis") for one in (ours, *others)]
    rows.append(["Redis, not counted", "", redis[0], "", "", *redis[1:]])
    speeds = [one.per_second() for one in (bare, ours, *others)]
    rows.append(["answers a second", *speeds[:2], "", "", *speeds[2:]])
    head = [
        "processor ms a query",
        f"bare trio, {CLIENTS} clients",
        "cached",
        "of it, `GET /health`",
        "of it, the rest",
        "new",
        f"new, {MANY_CLIENTS} clients",
        "new, of other first words",
        "cached, answers too",
    ]
    return (
        f"{bench_command('floor', '--write')}, {machine()}. Sample catalogue, `POST /predict` for "
        f"the best 20, {CLIENTS} clients; {options.rounds} turns of {options.seconds:g} s each, "
        f"all in turns. The encoder computes in {precision}. The clients share the machine and are "
        "not counted. The bare trio makes the same hops with a vector and products of the same "
        "size, and nothing else. Ours answers a cached query without the encoder, because the "
        "gateway remembers its vector. New queries are one of four texts and a number, so most of "
        "their tokens are known; others begin with a word of their own. The retriever searches for "
        f"each of them, except in the last column, where {repeated:.1%} are answered from its "
        "memory. "
        "`GET /health` is what every request of a service passes "
        "through: server, middleware, log and metrics.\n\n" + table(head, rows)
    )


if __name__ == "__main__":
    main()
