"""Benchmark `pictures`: searches where products have several pictures, beside one picture each.

The catalogues have the same products. All are asked the same queries in turns, in one run and on
one thread; times are those of the processor. Recall is that of the best 20 by brute force over all
pictures in float32.
"""

from __future__ import annotations

import argparse
import gc
import itertools
import statistics
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from multiprocessing import get_context

import faiss
import numpy as np
import psutil
from threadpoolctl import threadpool_limits

from services.contracts.base import ModalityWeights
from services.retriever.index import FurtherImages, Index, IndexChoice, Rows
from tests.benchmarks.machine import bench_command, machine
from tests.benchmarks.report import table, write_section
from tests.benchmarks.retriever.data import DIMENSION, MIXES, Distribution, Mix
from tests.benchmarks.retriever.truth import K, Truth, recall
from tests.benchmarks.timing import percentile

_PART = 20_000
_VIEW = 0.6
"""Noise of a further view beside the spread of the products' own looks."""


@dataclass(frozen=True)
class Measured:
    """One catalogue."""

    pictures: int
    p50_ms: float
    p95_ms: float
    filtered_ms: float
    recall: dict[Mix, float]
    build_s: float
    resident_mib: float


def main() -> None:
    """Print the table; with --write put it into docs/benchmarks.md."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--products", type=int, default=200_000)
    parser.add_argument("--pictures", type=int, nargs="+", default=[1, 3])
    parser.add_argument("--queries", type=int, default=40, help="for each mix of weights")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    with threadpool_limits(1):
        measured = measure(options.products, options.pictures, options.queries, options.rounds)
    text = _text(options.products, measured)
    print(text)
    if options.write:
        write_section("Pictures", text)


def measure(products: int, pictures: list[int], per_mix: int, rounds: int) -> list[Measured]:
    """pictures: of each product, one number for each catalogue."""
    faiss.omp_set_num_threads(1)
    distribution = Distribution()
    queries = {
        mix: distribution.queries(per_mix, ModalityWeights(text=mix[0], image=mix[1]))
        for mix in MIXES
    }
    every = list(itertools.chain.from_iterable(queries.values()))
    asked = np.stack(every)
    truth = {count: Truth(len(every)) for count in pictures}
    for start, rows, views in _parts(distribution, products, max(pictures)):
        for count, best in truth.items():
            best.add(start, _scores(asked, rows, views[: count - 1]))
    mib = {}
    for count in pictures:
        # A process for each, whose memory ends with it.
        with ProcessPoolExecutor(1, get_context("spawn")) as own:
            mib[count] = own.submit(_resident_mib, distribution, products, count).result()
    built = {count: _built(distribution, products, count) for count in pictures}
    passing = np.random.default_rng(5).random(products) < 0.1
    plain: dict[int, list[float]] = {count: [] for count in pictures}
    filtered: dict[int, list[float]] = {count: [] for count in pictures}
    for turn in range(rounds + 1):
        for count, (index, _) in built.items():
            for query in every:
                for times, chosen in ((plain, None), (filtered, passing)):
                    started = time.thread_time()
                    index.search(query, K, None, chosen)
                    if turn:
                        times[count].append(1_000 * (time.thread_time() - started))
    return [
        Measured(
            count,
            statistics.median(plain[count]),
            percentile(plain[count], 95),
            statistics.median(filtered[count]),
            recall(index, queries, truth[count].numbers),
            build_s,
            mib[count],
        )
        for count, (index, build_s) in built.items()
    ]


def _parts(
    distribution: Distribution, products: int, pictures: int
) -> Iterator[tuple[int, Rows, list[Rows]]]:
    """Number of the first product, rows (m, 2·d), and the further pictures (m, d) of each."""
    spectrum = (1 / np.sqrt(1 + np.arange(DIMENSION) / 64)).astype(np.float32)
    for start, rows in distribution.parts(products):
        own = np.random.default_rng((77, start))
        length = float(np.linalg.norm(spectrum))
        views = []
        for _ in range(pictures - 1):
            noise = spectrum * own.standard_normal((len(rows), DIMENSION), np.float32) / length
            view = rows[:, DIMENSION:] + _VIEW * noise
            views.append(view / np.linalg.norm(view, axis=1, keepdims=True))
        yield start, rows, views


def _scores(queries: Rows, rows: Rows, views: list[Rows]) -> Rows:
    """(q, m) the score of each product by its best picture."""
    of_text, of_image = queries[:, :DIMENSION], queries[:, DIMENSION:]
    image = of_image @ rows[:, DIMENSION:].T
    for view in views:
        image = np.maximum(image, of_image @ view.T)
    return of_text @ rows[:, :DIMENSION].T + image


def _resident_mib(distribution: Distribution, products: int, pictures: int) -> float:
    """Memory of the index, of a process that holds nothing else."""
    _built(distribution, 2_000, pictures)
    gc.collect()
    before = psutil.Process().memory_info().rss
    index, _ = _built(distribution, products, pictures)
    gc.collect()
    resident = psutil.Process().memory_info().rss - before
    assert len(index) == products
    return float(resident) / 2**20


def _built(distribution: Distribution, products: int, pictures: int) -> tuple[Index, float]:
    """The index, and seconds of its build without the drawing of rows."""
    seconds = 0.0
    with closing(IndexChoice().begin(products, 2 * DIMENSION)) as build:
        for start, rows, views in _parts(distribution, products, pictures):
            further = _further(rows, views)
            started = time.perf_counter()
            build.put(slice(start, start + len(rows)), rows, further=further)
            seconds += time.perf_counter() - started
        started = time.perf_counter()
        index = build.finish()
        seconds += time.perf_counter() - started
    return index, seconds


def _further(rows: Rows, views: list[Rows]) -> FurtherImages | None:
    if not views:
        return None
    numbers = np.repeat(np.arange(len(rows)), len(views))
    places = np.tile(np.arange(1, len(views) + 1, dtype=np.uint8), len(rows))
    images = np.stack(views, axis=1).reshape(-1, DIMENSION)
    return FurtherImages.of(rows, numbers, places, images)


def _text(products: int, measured: list[Measured]) -> str:
    mixes = [f"{text:g}/{image:g}" for text, image in MIXES]
    counts = " ".join(str(one.pictures) for one in measured)
    command = bench_command("pictures", f"--pictures {counts}")
    return "\n\n".join(
        (
            f"{command}, {machine()}. {products:,} products, {DIMENSION} floats a vector, "
            f"k = {K}, processor time of one thread. “Filtered” lets a tenth of the "
            f"products pass. Recall of the best {K} by brute force, by weights of words/look. "
            "Views of a product are drawn around its first picture. Build time waits for the "
            "codes, which are otherwise made while rows are read.",
            table(
                ["pictures", "p50 ms", "p95 ms", "filtered ms", *mixes, "build s", "MiB"],
                [
                    [
                        one.pictures,
                        one.p50_ms,
                        one.p95_ms,
                        one.filtered_ms,
                        *(f"{one.recall[mix]:.3f}" for mix in MIXES),
                        one.build_s,
                        one.resident_mib,
                    ]
                    for one in measured
                ],
            ),
        )
    )


if __name__ == "__main__":
    main()
