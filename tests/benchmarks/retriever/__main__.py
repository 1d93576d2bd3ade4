"""`make bench-retriever`: one search, by size of catalogue, beside what people use instead.

Every contender answers the same queries in turns, in one run and on one thread. The simple path is
what such services start with: scikit-learn's cosine over the matrix, then a pandas copy, filter,
sort and `to_dict`.
"""

from __future__ import annotations

import argparse
import gc
import itertools
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import faiss
import numpy as np
import pandas as pd
import psutil
from numpy.typing import NDArray
from sklearn.metrics.pairwise import cosine_similarity
from threadpoolctl import threadpool_limits

from services.contracts.base import ModalityWeights
from services.retriever.index import AnyRows, IndexChoice, Vector
from tests.benchmarks.machine import machine
from tests.benchmarks.report import table, write_section
from tests.benchmarks.retriever.data import DIMENSION, MIXES, Distribution
from tests.benchmarks.timing import in_turns

K = 20
SIMPLE_UP_TO = 50_000
THREADS = 2


@dataclass
class Measured:
    """One contender at one size."""

    products: int
    name: str
    milliseconds: float
    recall: float
    build_s: float
    resident_mib: float
    scaling: float | None = None


def main() -> None:
    """Print the table; with --write put it and the plot into docs/benchmarks.md."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--products", type=int, nargs="+", default=[1_000, 23_000, 200_000])
    parser.add_argument("--queries", type=int, default=40, help="for each mix of weights")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    measured: list[Measured] = []
    with threadpool_limits(1):
        for products in options.products:
            measured += _bench(products, options.queries, options.rounds)
            gc.collect()
    text = _told(measured)
    print(text)
    if options.write:
        _plot(measured, Path("docs/images/retriever-scale.svg"))
        write_section("Retriever", text + "\n\n![Latency and memory](images/retriever-scale.svg)")


def _bench(products: int, count: int, rounds: int) -> list[Measured]:
    distribution = Distribution()
    # Half precision where a table of single floats would not leave room for the others.
    large = products > SIMPLE_UP_TO
    before = _resident_mib()
    rows = distribution.rows(products, half=large)
    queries = {
        mix: distribution.queries(count, ModalityWeights(text=mix[0], image=mix[1]))
        for mix in MIXES
    }
    started = time.perf_counter()
    ours = IndexChoice().build(rows)
    build_s = time.perf_counter() - started
    truth = {mix: _truth(rows, asked) for mix, asked in queries.items()}
    others: dict[str, Callable[[Vector], object]] = {}
    if products <= SIMPLE_UP_TO:
        others["scikit-learn and pandas"] = _simple_path(rows)
    others["NumPy, every row"] = _numpy(rows)
    if rows.dtype == np.float32:
        others["FAISS flat"] = _faiss_flat(rows)
    every = list(itertools.chain.from_iterable(queries.values()))
    # One turn is all queries of a contender; the slow ones get a few, and as many count.
    few = every[:: max(1, len(every) // 8)]

    def asks(search: Callable[[Vector], object], asked: list[Vector]) -> Callable[[], None]:
        def turn() -> None:
            for query in asked:
                search(query)

        return turn

    contenders = {"retriever": asks(lambda query: ours.search(query, K), few)}
    contenders |= {name: asks(search, few) for name, search in others.items()}
    seconds = in_turns(contenders, rounds=rounds)
    recalls = {
        mix: float(
            np.mean(
                [
                    len(np.intersect1d(ours.search(query, K).rows, best)) / K
                    for query, best in zip(asked, truth[mix], strict=True)
                ]
            )
        )
        for mix, asked in queries.items()
    }
    scaling = _scaling(lambda query: ours.search(query, K), every)
    del others, contenders, rows
    gc.collect()
    resident = _resident_mib() - before
    found = [
        Measured(
            products,
            "retriever",
            1000 * seconds["retriever"] / len(few),
            min(recalls.values()),
            build_s,
            resident,
            scaling,
        )
    ]
    found += [
        Measured(products, name, 1000 * value / len(few), 1.0, 0.0, 0.0)
        for name, value in seconds.items()
        if name != "retriever"
    ]
    return found


def _truth(rows: AnyRows, queries: list[Vector]) -> list[NDArray[np.intp]]:
    """The best `K` rows of each query, by brute force in float32."""
    asked = np.stack(queries)
    scores = np.concatenate(
        [
            rows[start : start + 20_000].astype(np.float32) @ asked.T
            for start in range(0, len(rows), 20_000)
        ]
    )
    return [np.argpartition(-scores[:, column], K)[:K] for column in range(len(queries))]


def _simple_path(rows: AnyRows) -> Callable[[Vector], object]:
    count = len(rows)
    frame = pd.DataFrame(
        {
            "product_id": [f"p{number}" for number in range(count)],
            "title": [f"Product number {number}" for number in range(count)],
            "description": ["Some words about it."] * count,
            "price": np.arange(count, dtype=np.float64),
        }
    )

    def search(query: Vector) -> object:
        found = frame.copy()
        found["score"] = cosine_similarity(query[None], rows)[0]
        found = found[found["score"] >= 0]
        return found.sort_values("score", ascending=False).to_dict("records")[:K]

    return search


def _numpy(rows: AnyRows) -> Callable[[Vector], object]:
    def search(query: Vector) -> object:
        if rows.dtype == np.float32:
            scores = rows @ query
        else:
            scores = np.concatenate(
                [
                    rows[start : start + 20_000].astype(np.float32) @ query
                    for start in range(0, len(rows), 20_000)
                ]
            )
        best = np.argpartition(-scores, K)[:K]
        return best[np.argsort(-scores[best])]

    return search


def _faiss_flat(rows: AnyRows) -> Callable[[Vector], object]:
    index = faiss.IndexFlatIP(2 * DIMENSION)
    index.add(rows)
    faiss.omp_set_num_threads(1)
    return lambda query: index.search(query[None], K)


def _scaling(search: Callable[[Vector], object], queries: list[Vector]) -> float:
    """Throughput of two threads beside twice that of one; the best of three turns."""

    def seconds(threads: int) -> float:
        with ThreadPoolExecutor(threads) as pool:
            started = time.perf_counter()
            for done in [pool.submit(search, query) for query in queries * threads]:
                done.result()
            return time.perf_counter() - started

    return max(seconds(1) / seconds(THREADS) for _ in range(3))


def _resident_mib() -> float:
    return float(psutil.Process().memory_info().rss) / 2**20


def _told(measured: list[Measured]) -> str:
    simple = {one.products: one.milliseconds for one in measured if "pandas" in one.name}
    lines = [
        [
            f"{one.products:,}",
            one.name,
            one.milliseconds,
            f"{one.recall:.3f}" if one.name == "retriever" else "",
            f"{simple[one.products] / one.milliseconds:.0f}×" if one.products in simple else "",
            one.build_s if one.name == "retriever" else "",
            one.resident_mib if one.name == "retriever" else "",
            f"{one.scaling:.2f}" if one.scaling is not None else "",
        ]
        for one in measured
    ]
    head = [
        "products",
        "search",
        "ms a query",
        f"recall@{K}, worst mix",
        "faster than the simple path",
        "build s",
        "MiB",
        "2 threads / 2× one",
    ]
    mixes = ", ".join(f"{text}/{image}" for text, image in MIXES)
    return (
        f"`make bench-retriever`, {machine()}. {DIMENSION} floats a vector, two vectors a product, "
        f"k = {K}, one thread; questions in words and in pictures by turns, words/look {mixes}; "
        "rows drawn as CLIP's are distributed (two cones, clusters, a falling spectrum).\n\n"
        + table(head, lines)
    )


def _plot(measured: list[Measured], path: Path) -> None:
    """Latency and memory against size, both axes logarithmic."""
    from matplotlib import pyplot as plt

    ours = [one for one in measured if one.name == "retriever"]
    figure, (latency, memory) = plt.subplots(1, 2, figsize=(9, 3.4))
    for name in dict.fromkeys(one.name for one in measured):
        points = [one for one in measured if one.name == name]
        latency.plot(
            [p.products for p in points], [p.milliseconds for p in points], "o-", label=name
        )
    latency.set(xscale="log", yscale="log", xlabel="products", ylabel="ms a query")
    latency.legend(fontsize=8)
    memory.plot([one.products for one in ours], [one.resident_mib for one in ours], "o-")
    memory.set(xscale="log", yscale="log", xlabel="products", ylabel="MiB of the index")
    for axes in (latency, memory):
        axes.grid(visible=True, alpha=0.3)
    figure.tight_layout()
    figure.savefig(path)


if __name__ == "__main__":
    main()
