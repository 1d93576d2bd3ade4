"""Benchmark `retriever`: one search, by size of catalogue, beside what people use instead.

Every contender answers the same queries in turns, in one run and on one thread. The simple path is
what such services start with: scikit-learn's cosine over the matrix, then a pandas copy, filter,
sort and `to_dict`.
"""

from __future__ import annotations

import argparse
import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from tests.benchmarks.machine import bench_command, machine
from tests.benchmarks.report import table, write_section
from tests.benchmarks.retriever.contenders import SIMPLE
from tests.benchmarks.retriever.data import DIMENSION, MIXES
from tests.benchmarks.retriever.measuring import Measured, Ours, measure
from tests.benchmarks.retriever.truth import K

PLOT = Path("docs/images/retriever-scale.svg")


def main() -> None:
    """Print the tables; with --write put them and the plot into docs/benchmarks.md."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--products", type=int, nargs="+", default=[1_000, 23_000, 200_000, 1_000_000]
    )
    parser.add_argument("--queries", type=int, default=40, help="for each mix of weights")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    measured: list[Measured] = []
    for products in options.products:
        # A process for each, whose memory ends with it.
        with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as own:
            measured += own.submit(measure, products, options.queries, options.rounds).result()
        print(f"{products:,} products measured", flush=True)
    text = _told(measured)
    print(text)
    if options.write:
        _plot(measured, PLOT)
        write_section("Retriever", f"{text}\n\n![Latency and memory](images/{PLOT.name})")


def _told(measured: list[Measured]) -> str:
    ours = [one for one in measured if isinstance(one, Ours)]
    mixes = [f"{text:g}/{image:g}" for text, image in MIXES]
    return "\n\n".join(
        (
            f"{bench_command('retriever')}, {machine()}. {DIMENSION} floats a vector, two vectors "
            f"a product, k = {K}, one thread; questions in words and in pictures by turns; rows "
            "drawn as CLIP's are distributed (two cones, clusters, a falling spectrum).",
            _compared(measured),
            f"Recall of the best {K} by brute force in float32, by weights of words/look; build "
            "time on one thread; memory; and "
            "what two threads get done beside twice what one does (medians of short turns).",
            table(
                ["products", *mixes, "build s", "MiB resident", "2 threads / 2× one"],
                [
                    [
                        f"{one.products:,}",
                        *(f"{one.recall[mix]:.3f}" for mix in MIXES),
                        one.build_s,
                        one.resident_mib,
                        f"{one.scaling:.2f}",
                    ]
                    for one in ours
                ],
            ),
        )
    )


def _compared(measured: list[Measured]) -> str:
    simple = {one.products: one.p50_ms for one in measured if one.name == SIMPLE}
    return table(
        ["products", "search", "p50 ms", "p95 ms", "faster than the simple path"],
        [
            [
                f"{one.products:,}",
                one.name,
                one.p50_ms,
                one.p95_ms,
                f"{simple[one.products] / one.p50_ms:.0f}×" if one.products in simple else "",
            ]
            for one in measured
        ],
    )


def _plot(measured: list[Measured], path: Path) -> None:
    """Latency and memory against size, both axes logarithmic."""
    from matplotlib import pyplot as plt

    ours = [one for one in measured if isinstance(one, Ours)]
    figure, (latency, memory) = plt.subplots(1, 2, figsize=(9, 3.4))
    for name in dict.fromkeys(one.name for one in measured):
        points = [one for one in measured if one.name == name]
        latency.plot([p.products for p in points], [p.p50_ms for p in points], "o-", label=name)
    latency.set(xscale="log", yscale="log", xlabel="products", ylabel="p50 ms a query")
    latency.legend(fontsize=8)
    memory.plot([one.products for one in ours], [one.resident_mib for one in ours], "o-")
    memory.set(xscale="log", yscale="log", xlabel="products", ylabel="MiB of the index")
    for axes in (latency, memory):
        axes.grid(visible=True, alpha=0.3)
    figure.tight_layout()
    with plt.rc_context({"svg.fonttype": "none"}):
        figure.savefig(path)


if __name__ == "__main__":
    main()
