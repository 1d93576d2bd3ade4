"""Benchmark `limits`: each stage beside the least time that this machine could do it in.

The floors: bytes that must be read at the bandwidth measured, products that must be made at the
peak measured, two processes that pass bytes to and fro and do nothing else. `--write` puts the
table into docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from services.contracts.base import ModalityWeights
from services.encoder.engine import OpenVinoEngine
from services.encoder.graph_files import GraphFiles, choose_graphs
from services.encoder.source import source_of_files
from services.retriever.index import IndexChoice
from tests.benchmarks.limits.hops import hops
from tests.benchmarks.machine import bench_command, machine
from tests.benchmarks.report import table, write_section
from tests.benchmarks.retriever.data import DIMENSION, Distribution
from tests.benchmarks.roof import (
    IMAGE_WEIGHTS,
    TEXT_WEIGHTS,
    WEIGHT_BYTES,
    image_flop,
    roof,
    text_flop,
)
from tests.benchmarks.timing import in_turns
from tests.support.clip_reference import random_b32_weights
from tests.support.indexes import index_of
from tests.support.torch_archive import write_archive

TOKENS = 8
SIZE = 224
K = 20
RESCORED = 400
"""Rows that a compressed search reads whole."""


@dataclass(frozen=True, slots=True)
class Stage:
    """Time of one stage, its lower limit, both in seconds, and the reason for that limit."""

    name: str
    seconds: float
    floor: float
    bound: str


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--sizes", type=int, nargs="*", default=(10_000, 23_000, 200_000))
    parser.add_argument("--write", action="store_true", help="into docs/benchmarks.md")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        write_archive(Path(folder) / "b32.pt", random_b32_weights())
        files = choose_graphs(source_of_files((Path(folder) / "b32.pt",)), Path(folder), "auto")
        bandwidth, peak = roof(files.precision, options.threads, options.rounds)
        of_one, _ = roof(files.precision, 1, options.rounds)
        stages = [
            *_encoder(files, bandwidth, peak, options),
            *_search(of_one, options),
            *_hops(Path(folder), options.rounds),
        ]
    text = (
        f"{bench_command('limits', '--write')}, {machine()}. {options.threads} threads read "
        f"{bandwidth / 1e9:.0f} GB/s and multiply {peak / 1e12:.2f} TFLOP/s in {files.precision}, "
        f"one reads {of_one / 1e9:.0f} GB/s.\n\n"
        + table(
            ["stage", "ms", "floor ms", "times the floor", "bound by"],
            [
                [one.name, 1e3 * one.seconds, 1e3 * one.floor, one.seconds / one.floor, one.bound]
                for one in stages
            ],
        )
        + "\n\nBelow 1 where caches hold what the floor reads from memory."
    )
    print(text)
    if options.write:
        write_section("Limits", text)


def _encoder(
    files: GraphFiles, bandwidth: float, peak: float, options: argparse.Namespace
) -> list[Stage]:
    engine = OpenVinoEngine(files, threads=options.threads)
    width = WEIGHT_BYTES[files.precision]
    random = np.random.default_rng(0)

    def texts(count: int) -> Callable[[], object]:
        tokens = [random.integers(1, 40_000, TOKENS).astype(np.int32) for _ in range(count)]
        return lambda: engine.texts(tokens)

    def pictures(count: int) -> Callable[[], object]:
        pixels = list(random.integers(0, 256, (count, SIZE, SIZE, 3), np.uint8))
        return lambda: engine.pictures(pixels)

    seconds = in_turns(
        {
            "a text": texts(1),
            "32 texts": texts(32),
            "a picture": pictures(1),
            "32 pictures": pictures(32),
        },
        rounds=options.rounds,
    )
    work = {
        "a text": (TEXT_WEIGHTS, text_flop(TOKENS - 1)),
        "32 texts": (TEXT_WEIGHTS, 32 * text_flop(TOKENS - 1)),
        "a picture": (IMAGE_WEIGHTS, image_flop()),
        "32 pictures": (IMAGE_WEIGHTS, 32 * image_flop()),
    }
    stages = []
    for name, (weights, flop) in work.items():
        read, multiply = weights * width / bandwidth, flop / peak
        bound = "weights read" if read > multiply else "products"
        stages.append(Stage(f"{name}, forward pass", seconds[name], max(read, multiply), bound))
    return stages


def _search(bandwidth: float, options: argparse.Namespace) -> Iterator[Stage]:
    rows_of, choice = Distribution(), IndexChoice()
    queries = rows_of.queries(20, ModalityWeights(text=0.5, image=0.5))
    for size in options.sizes:
        compressed = choice.compressed(size)
        index = index_of(choice, rows_of.rows(size, half=compressed))
        with threadpool_limits(1, user_api="blas"):
            seconds = in_turns(
                {"search": lambda index=index: [index.search(one, K) for one in queries]},  # type: ignore[misc]
                rounds=options.rounds,
            )["search"] / len(queries)
        exact = 2 * DIMENSION * (2 if compressed else 4)
        read = size * exact
        if compressed:
            read = size * 2 * DIMENSION // 8 + RESCORED * exact  # half a byte for four floats
        bound = "codes read" if compressed else "rows read"
        yield Stage(f"search of {size:,}, one thread", seconds, read / bandwidth, bound)


def _hops(folder: Path, rounds: int) -> list[Stage]:
    with hops(folder) as ways:
        repeated = {
            name: (lambda way=way: [way() for _ in range(100)]) for name, way in ways.items()
        }
        seconds = {name: of / 100 for name, of in in_turns(repeated, rounds=rounds).items()}
    bound = "two processes woken"
    return [
        Stage("a vector from Redis", seconds["redis"], seconds["bare"], bound),
        Stage("a service's answer that does nothing", seconds["service"], seconds["bare"], bound),
    ]


if __name__ == "__main__":
    main()
