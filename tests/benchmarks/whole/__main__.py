"""Benchmark `whole`: the whole stack by clients, where the time goes, and how it grows.

Real processes and Redis, random weights in ViT-B/32's shape, a made-up catalogue; the clients share
the machine with the services. `--write` puts tables and a plot into docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import asyncio
import io
import itertools
import statistics
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.machine import bench_command, machine, precision_of
from tests.benchmarks.report import table, write_section
from tests.benchmarks.stack import resident_mib, stack_of, start
from tests.benchmarks.whole.stages import PARTS, PICTURE, WORDS, Asked, parts_ms, read
from tests.load.client import (
    Connections,
    Post,
    Timed,
    by_clients,
    per_second,
    percentile_ms,
    picture,
)
from tests.support.pictures import drawing
from tests.support.whole_stack import WholeStack

PLOT = Path("docs/images/whole.svg")
CLIENTS = (1, 4, 16, 64, 128)
STAGES_AT = (1, 16)
SIZES = (1_000, 10_000, 100_000, 1_000_000)
_NUMBERS = itertools.count()


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of question, and how to ask the next one."""

    name: str
    asked: Asked
    question: Callable[[], str | Post]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--products", type=int, default=23_000)
    parser.add_argument("--clients", type=int, nargs="+", default=CLIENTS)
    parser.add_argument("--sizes", type=int, nargs="*", default=SIZES)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=4.0, help="of each turn")
    parser.add_argument("--write", action="store_true", help="into docs/benchmarks.md")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        precision, by_count, stages = _by_clients(Path(folder), options)
        grown = [_grown(Path(folder), size, options) for size in options.sizes]
    text = _told(options, precision, by_count, stages, grown)
    print(text)
    if options.write:
        _plot(stages, grown)
        write_section("The whole", f"{text}\n\n![Milliseconds by stage](images/{PLOT.name})")


def _kinds() -> list[Kind]:
    jpeg = io.BytesIO()
    drawing(640, 480).save(jpeg, "JPEG", quality=90)
    start_of_image, rest = jpeg.getvalue()[:2], jpeg.getvalue()[2:]

    def new_picture() -> Post:
        # A comment in the file: the same pixels, and another file for every cache.
        comment = f"{next(_NUMBERS):>16}".encode()
        segment = b"\xff\xfe" + (len(comment) + 2).to_bytes(2, "big") + comment
        return picture(start_of_image + segment + rest)

    return [
        Kind("new words", WORDS, lambda: f"red striped mug {next(_NUMBERS)}"),
        Kind("cached words", WORDS, lambda: f"green armchair {next(_NUMBERS) % 20}"),
        Kind("new picture", PICTURE, new_picture),
    ]


Measured = dict[tuple[str, int], list[Timed]]
Stages = dict[tuple[str, int], dict[str, float]]


def _by_clients(folder: Path, options: argparse.Namespace) -> tuple[str, Measured, Stages]:
    """The encoder's precision; answers and mean milliseconds by stage, both by kind of question
    and number of clients.
    """
    answers: Measured = {}
    stages: Stages = {}
    kinds = _kinds()
    with stack_of(folder, options.products) as stack:
        start(stack)
        precision = precision_of(stack.url_of("encoder"))
        for kind in kinds:
            _ask(stack, kind, 4, 2.0)
        for _ in range(options.rounds):
            for clients, kind in itertools.product(options.clients, kinds):
                key = (kind.name, clients)
                before = read(stack, kind.asked)
                found = _ask(stack, kind, clients, options.seconds)
                answers.setdefault(key, []).extend(found)
                if clients in STAGES_AT:
                    # Only the last round counts.
                    mean_ms = 1000 * statistics.fmean(answer.seconds for answer in found)
                    stages[key] = parts_ms(before, read(stack, kind.asked), mean_ms)
    return precision, answers, stages


@dataclass(frozen=True, slots=True)
class Grown:
    """The stack with so many products."""

    products: int
    start_s: float
    p50_ms: float
    p99_ms: float
    search_ms: float
    retriever_mib: float
    redis_mib: float


def _grown(folder: Path, products: int, options: argparse.Namespace) -> Grown:
    new_words = _kinds()[0]
    with stack_of(folder, products) as stack:
        start_s = start(stack)
        _ask(stack, new_words, 4, 2.0)
        before = read(stack, WORDS)
        answers = _ask(stack, new_words, 1, 2 * options.seconds)
        stages = parts_ms(before, read(stack, WORDS), 0.0)
        return Grown(
            products,
            start_s,
            percentile_ms(answers, 0.5),
            percentile_ms(answers, 0.99),
            stages["search"],
            resident_mib([stack.processes["retriever"].process.pid]),
            resident_mib([stack.redis.pid]),
        )


def _ask(stack: WholeStack, kind: Kind, clients: int, seconds: float) -> list[Timed]:
    async def ask() -> list[Timed]:
        connections = Connections(*stack.listeners["gateway"].getsockname()[:2])
        try:
            return await by_clients(connections, clients, seconds, kind.question)
        finally:
            connections.close()

    answers = asyncio.run(ask())
    refused = [answer.status for answer in answers if answer.status != 200]
    if refused:
        raise RuntimeError(f"{len(refused)} of {len(answers)} were not answered: {set(refused)}")
    return answers


def _told(
    options: argparse.Namespace,
    precision: str,
    answers: Measured,
    stages: Stages,
    grown: list[Grown],
) -> str:
    spent = options.rounds * options.seconds
    by_count = [
        [
            kind,
            clients,
            per_second(found, clients),
            percentile_ms(found, 0.5),
            percentile_ms(found, 0.99),
        ]
        for (kind, clients), found in sorted(answers.items(), key=lambda one: one[0][0])
    ]
    by_stage = [
        [part, *(stages[key][part] for key in stages)]
        for part in PARTS
        if any(abs(of[part]) > 0.005 for of in stages.values())
    ]
    by_stage.append(["**all**", *(sum(of.values()) for of in stages.values())])
    heads = [f"{kind}, {clients}" for kind, clients in stages]
    rows = [
        [
            f"{one.products:,}",
            one.p50_ms,
            one.p99_ms,
            one.search_ms,
            one.start_s,
            one.retriever_mib,
            one.redis_mib,
        ]
        for one in grown
    ]
    growth = ["products", "p50 ms", "p99 ms", "search ms", "start s", "retriever MiB", "Redis MiB"]
    return (
        f"{bench_command('whole', '--write')}, {machine()}. {options.products:,} products; clients "
        f"ask again at once, {spent:g} s each in {options.rounds} turns, and share the machine. "
        f"The encoder computes in {precision}.\n\n"
        "### By clients\n\n"
        + table(["question", "clients", "answers/s", "p50 ms", "p99 ms"], by_count)
        + "\n\n### Mean milliseconds by stage and number of clients\n\n"
        + table(["stage", *heads], by_stage)
        + "\n\n### By size of the catalogue, new words, one client\n\n"
        + table(growth, rows)
    )


def _plot(stages: Stages, grown: list[Grown]) -> None:
    """Stages as stacked bars, and latency against products."""
    from matplotlib import pyplot as plt

    figure, (bars, growth) = plt.subplots(
        1, 2, figsize=(10, 3.6), width_ratios=(3, 1), layout="constrained"
    )
    names = [f"{kind}\n{clients} at once" for kind, clients in stages]
    left = [0.0] * len(names)
    for number, part in enumerate(PARTS):
        # Shares of the whole time, so that quick and slow kinds can be compared.
        shares = [100 * max(0.0, of[part]) / sum(of.values()) for of in stages.values()]
        bars.barh(names, shares, left=left, label=part, color=f"C{number}")
        left = [before + share for before, share in zip(left, shares, strict=True)]
    bars.set(xlabel="% of the time of a request")
    bars.invert_yaxis()
    bars.legend(fontsize=7, ncols=3, loc="lower center", bbox_to_anchor=(0.5, 1.0))
    growth.plot([one.products for one in grown], [one.p50_ms for one in grown], "o-", label="p50")
    growth.plot([one.products for one in grown], [one.search_ms for one in grown], "o-")
    growth.set(xscale="log", xlabel="products", ylabel="ms, all and search", ylim=(0, None))
    growth.grid(visible=True, alpha=0.3)
    figure.savefig(PLOT)


if __name__ == "__main__":
    main()
