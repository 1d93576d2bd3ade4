"""Benchmark `replaced`: new queries to the simple service and to the whole stack, in turns.

Both have the same random weights in ViT-B/32's shape and as many products of the same shape; the
one that is not asked idles. `--write` puts the table into docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import socket
import subprocess
import tempfile
import time
from pathlib import Path

import httpx
import numpy as np

from tests.benchmarks.machine import bench_command, machine, precision_of
from tests.benchmarks.report import table, write_section
from tests.benchmarks.stack import resident_mib, stack_of, start
from tests.load.client import Connections, Timed, by_clients, per_second, percentile_ms
from tests.support.clip_reference import random_b32_weights

CLIENTS = 16
START_S = 120.0
_NUMBERS = itertools.count()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--python", default=".venv-bench-replaced/bin/python")
    parser.add_argument("--products", type=int, default=23_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=5.0, help="of each turn")
    parser.add_argument("--write", action="store_true", help="into docs/benchmarks.md")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        text = _compare(Path(folder), options)
    print(text)
    if options.write:
        write_section("The path replaced", text)


def _compare(folder: Path, options: argparse.Namespace) -> str:
    simple: subprocess.Popen[bytes] | None = None
    with stack_of(folder, options.products) as stack:
        try:
            simple, port, simple_s = _start_simple(folder, options)
            ours_s = start(stack)
            precision = precision_of(stack.url_of("encoder"))
            hosts = {"simple": port, "ours": stack.listeners["gateway"].getsockname()[1]}
            alone, crowd = asyncio.run(_in_turns(hosts, options))
            memory = {
                "simple": resident_mib([simple.pid]),
                "ours": resident_mib([one.process.pid for one in stack.processes.values()]),
            }
        finally:
            if simple is not None:
                simple.terminate()
                simple.wait(20)
    cold = {"simple": simple_s, "ours": ours_s}
    return _told(options, precision, alone, crowd, memory, cold)


def _start_simple(
    folder: Path, options: argparse.Namespace
) -> tuple[subprocess.Popen[bytes], int, float]:
    """The process, its port, and seconds from its start to its first answer."""
    np.savez(folder / "weights.npz", **random_b32_weights())  # type: ignore[arg-type]  # no name is `allow_pickle`
    convert = (
        "import sys, numpy, torch; a = numpy.load(sys.argv[1]);"
        "torch.save({n: torch.from_numpy(a[n]) for n in a.files}, sys.argv[2])"
    )
    files = [str(folder / "weights.npz"), str(folder / "simple.pt")]
    subprocess.run([options.python, "-c", convert, *files], check=True)
    rows = np.random.default_rng(0).standard_normal((options.products, 512)).astype(np.float32)
    np.save(folder / "vectors.npy", rows)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    started = time.perf_counter()
    command = [options.python, "-m", "tests.benchmarks.replaced.simple", files[1]]
    process = subprocess.Popen([*command, str(folder / "vectors.npy"), str(port)])
    body = {"query": "a mug", "k": 20}
    while True:
        try:
            answer = httpx.post(f"http://127.0.0.1:{port}/predict", json=body, trust_env=False)
            answer.raise_for_status()
            return process, port, time.perf_counter() - started
        except httpx.ConnectError:
            if process.poll() is not None or time.perf_counter() - started > START_S:
                process.kill()
                raise
            time.sleep(0.05)


async def _in_turns(
    hosts: dict[str, int], options: argparse.Namespace
) -> tuple[dict[str, list[Timed]], dict[str, list[Timed]]]:
    alone: dict[str, list[Timed]] = {name: [] for name in hosts}
    crowd: dict[str, list[Timed]] = {name: [] for name in hosts}
    for number in range(options.rounds + 1):
        for name, port in hosts.items():
            for clients, into in ((1, alone), (CLIENTS, crowd)):
                answers = await _ask(port, clients, options.seconds if number else 1.0)
                if number:
                    into[name] += answers
    return alone, crowd


async def _ask(port: int, clients: int, seconds: float) -> list[Timed]:
    """New queries of clients who ask again as soon as they have their answer."""
    connections = Connections("127.0.0.1", port)
    try:
        answers = await by_clients(
            connections, clients, seconds, lambda: f"red striped mug {next(_NUMBERS)}"
        )
    finally:
        connections.close()
    if any(answer.status != 200 for answer in answers):
        raise RuntimeError("not every query was answered: the figures would not compare")
    return answers


def _told(
    options: argparse.Namespace,
    precision: str,
    alone: dict[str, list[Timed]],
    crowd: dict[str, list[Timed]],
    memory: dict[str, float],
    cold: dict[str, float],
) -> str:
    figures = {
        name: [
            percentile_ms(alone[name], 0.5),
            percentile_ms(alone[name], 0.99),
            percentile_ms(crowd[name], 0.5),
            percentile_ms(crowd[name], 0.99),
            per_second(crowd[name], CLIENTS),
            memory[name],
            cold[name],
        ]
        for name in alone
    }
    head = ["p50 ms, alone", "p99 ms, alone", "p50 ms, 16", "p99 ms, 16", "queries/s, 16"]
    before, now = figures["simple"], figures["ours"]
    latency, throughput = before[0] / now[0], now[4] / before[4]
    return (
        f"{bench_command('replaced', '--write')}, {machine()}. {options.products:,} products, new "
        "queries, one client alone and 16 who ask again at once; the clients share the machine. "
        f"Turns: {options.rounds} of {options.seconds:g} s each.\n\n"
        + table(
            ["service", *head, "MiB", "start s"],
            [["torch, scikit-learn, pandas", *before], ["ours, all services", *now]],
        )
        + f"\n\nOurs answers a new query **{latency:.1f}×** sooner and **{throughput:.1f}×** as "
        f"many of them a second. It computes in {precision}, the simple service in fp32. Vectors "
        "are random numbers. The simple service searches the products' words alone, ours words and "
        "pictures. Memory is the services' proportional share, without Redis."
    )


if __name__ == "__main__":
    main()
