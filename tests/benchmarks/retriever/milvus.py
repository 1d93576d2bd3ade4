"""Benchmark `milvus`: the same search through Milvus, here the embedded Milvus Lite.

Its results are compared with brute force over the same rows, with and without filters.
"""

from __future__ import annotations

import argparse
import itertools
import statistics
import tempfile
import time
from contextlib import closing
from pathlib import Path

import numpy as np
import psutil
from numpy.typing import NDArray

from services.contracts.base import ModalityWeights
from services.retriever.index import AnyRows, Index, IndexChoice, Passing, Vector
from services.retriever.index.base import best_hits
from services.retriever.index.milvus import MilvusEngine
from tests.benchmarks.machine import machine
from tests.benchmarks.report import table
from tests.benchmarks.retriever.data import MIXES, Distribution

K = 20
_PART = 20_000
_SAME_SCORE = 2e-6
"""Milvus adds up in single precision."""


def main() -> None:
    """Print a table; ends with an error where a score is not that of brute force."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--products", type=int, default=200_000)
    parser.add_argument("--queries", type=int, default=3, help="for each mix of weights")
    parser.add_argument("--shares", type=float, nargs="+", default=[0.0001, 0.01, 0.1, 0.5, 0.9])
    parser.add_argument("--timeout-s", type=float, default=600)
    options = parser.parse_args()
    distribution = Distribution()
    rows = distribution.rows(options.products, half=IndexChoice().compressed(options.products))
    queries = list(
        itertools.chain.from_iterable(
            distribution.queries(options.queries, ModalityWeights(text=mix[0], image=mix[1]))
            for mix in MIXES
        )
    )
    print(f"{options.products:,} products, {machine()}", flush=True)
    with (
        tempfile.TemporaryDirectory() as folder,
        closing(
            MilvusEngine(str(Path(folder) / "milvus.db"), timeout_s=options.timeout_s)
        ) as engine,
    ):
        before = psutil.Process().memory_info().rss
        started = time.perf_counter()
        index = engine.build(rows)
        seconds = time.perf_counter() - started
        mebibytes = (
            sum(one.stat().st_size for one in Path(folder).rglob("*") if one.is_file()) >> 20
        )
        print(f"sent and read back in {seconds:.0f} s; {mebibytes} MiB on the disk", flush=True)
        lines = [_asked(index, rows, queries, share) for share in (1.0, *options.shares)]
        resident = (psutil.Process().memory_info().rss - before) >> 20
        print(f"{resident} MiB more resident, Milvus Lite in it")
    print(table(["passing", "p50 ms", "same as brute force"], lines))


def _asked(index: Index, rows: AnyRows, queries: list[Vector], share: float) -> list[object]:
    """Time of a search when that share of the rows passes the filter."""
    passing: Passing | None = None
    if share < 1:
        passing = np.random.default_rng(0).random(len(rows)) < share
    milliseconds, same = [], 0
    for query in queries:
        started = time.perf_counter()
        hits = index.search(query, K, passing=passing)
        milliseconds.append(1_000 * (time.perf_counter() - started))
        best = _brute_force(rows, query, passing)
        if not np.allclose(hits.scores, best, rtol=0, atol=_SAME_SCORE):
            raise SystemExit(f"the scores are {hits.scores}, by brute force {best}")
        same += 1
    count = "all" if passing is None else f"{int(passing.sum()):,}"
    return [count, statistics.median(milliseconds), f"{same} of {len(queries)}"]


def _brute_force(rows: AnyRows, query: Vector, passing: Passing | None) -> NDArray[np.float64]:
    """Scores of the best `K`, best first."""
    numbers = np.arange(len(rows)) if passing is None else np.flatnonzero(passing)
    scores = np.concatenate(
        [
            rows[numbers[start : start + _PART]].astype(np.float32) @ query
            for start in range(0, len(numbers), _PART)
        ]
    )
    return best_hits(numbers, scores, K, None).scores


if __name__ == "__main__":
    main()
