"""One size of catalogue: built, asked, and compared with brute force and with others.

Run each size in a process of its own, so that memory that another one left is not counted.
"""

from __future__ import annotations

import gc
import itertools
import statistics
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import faiss
import numpy as np
import psutil
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from services.contracts.base import ModalityWeights
from services.retriever.index import AnyRows, IndexChoice, Vector
from tests.benchmarks.retriever.contenders import Search, contenders
from tests.benchmarks.retriever.data import DIMENSION, MIXES, Distribution, Mix
from tests.benchmarks.retriever.truth import K, Truth, recall
from tests.benchmarks.timing import percentile
from tests.support.indexes import index_of

RETRIEVER = "retriever"
_THREADS = 2
_ASKED_IN_TURNS = 16
_TURN_S = 0.1
_TURNS = 15


@dataclass(frozen=True)
class Measured:
    """One contender at one size."""

    products: int
    name: str
    p50_ms: float
    p95_ms: float


@dataclass(frozen=True)
class Ours(Measured):
    """The retriever, of which more is measured."""

    recall: dict[Mix, float]
    build_s: float
    resident_mib: float
    scaling: float
    """Throughput of two threads beside twice that of one."""


def measure(products: int, per_mix: int, rounds: int) -> list[Measured]:
    """The retriever and its contenders, each on one thread.

    per_mix: questions for each mix of weights.  rounds: turns that count.
    """
    with threadpool_limits(1):
        faiss.omp_set_num_threads(1)
        distribution = Distribution()
        queries = {
            mix: distribution.queries(per_mix, ModalityWeights(text=mix[0], image=mix[1]))
            for mix in MIXES
        }
        rows, truth = _rows_and_truth(distribution, products, queries)
        before = _resident_mib()
        started = time.perf_counter()
        index = index_of(IndexChoice(), rows)
        build_s = time.perf_counter() - started
        gc.collect()
        resident = _resident_mib() - before

        every = list(itertools.chain.from_iterable(queries.values()))
        searches: dict[str, Search] = {RETRIEVER: lambda query: index.search(query, K)}
        searches |= contenders(rows, K)
        asked = every[:: max(1, len(every) // _ASKED_IN_TURNS)]
        milliseconds = _in_turns(searches, asked, rounds)
        times = {
            name: (statistics.median(some), percentile(some, 95))
            for name, some in milliseconds.items()
        }
        ours = Ours(
            products,
            RETRIEVER,
            *times.pop(RETRIEVER),
            recall=recall(index, queries, truth),
            build_s=build_s,
            resident_mib=resident,
            scaling=_scaling(searches[RETRIEVER], every),
        )
    return [ours, *(Measured(products, name, *found) for name, found in times.items())]


def _rows_and_truth(
    distribution: Distribution, products: int, queries: dict[Mix, list[Vector]]
) -> tuple[AnyRows, NDArray[np.intp]]:
    """Rows as the retriever keeps them, and (q, K) the best of each query by brute force over
    whole floats, part by part.
    """
    rows: AnyRows = np.zeros((products, 2 * DIMENSION), np.float32)
    if IndexChoice().compressed(products):
        rows = np.zeros(rows.shape, np.float16)
    asked = np.stack(list(itertools.chain.from_iterable(queries.values())))
    truth = Truth(len(asked))
    for start, part in distribution.parts(products):
        rows[start : start + len(part)] = part
        truth.add(start, asked @ part.T)
    return rows, truth.numbers


def _in_turns(
    searches: dict[str, Search], queries: Sequence[Vector], rounds: int
) -> dict[str, list[float]]:
    """Milliseconds of each query; who searches changes after all queries, so that what slows the
    machine slows everyone. One round before the first is not counted.
    """
    milliseconds: dict[str, list[float]] = {name: [] for name in searches}
    for number in range(rounds + 1):
        for name, search in searches.items():
            for query in queries:
                started = time.perf_counter()
                search(query)
                if number:
                    milliseconds[name].append(1_000 * (time.perf_counter() - started))
    return milliseconds


def _scaling(search: Search, queries: Sequence[Vector]) -> float:
    """Median over short turns of one thread and of two, one right after the other."""
    started = time.perf_counter()
    for query in queries[:_ASKED_IN_TURNS]:
        search(query)
    a_query_s = (time.perf_counter() - started) / _ASKED_IN_TURNS
    asked = list(itertools.islice(itertools.cycle(queries), max(8, round(_TURN_S / a_query_s))))

    def ask(_: int) -> None:
        for query in asked:
            search(query)

    def seconds(pool: ThreadPoolExecutor, threads: int) -> float:
        started = time.perf_counter()
        list(pool.map(ask, range(threads)))
        return time.perf_counter() - started

    with ThreadPoolExecutor(_THREADS) as pool:
        seconds(pool, _THREADS)
        return statistics.median(seconds(pool, 1) / seconds(pool, _THREADS) for _ in range(_TURNS))


def _resident_mib() -> float:
    return float(psutil.Process().memory_info().rss) / 2**20
