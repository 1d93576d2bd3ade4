"""Benchmark `milvus`: load, filters and index types of a Milvus server, or of the embedded Lite.

Rows have the fields of a shop; each search is compared with brute force over the same rows. A
server is started where `MILVUS_PYTHON` names the interpreter of its environment.
"""

from __future__ import annotations

import argparse
import gc
import itertools
import os
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

import numpy as np
import psutil
from numpy.typing import NDArray
from pymilvus import MilvusClient  # type: ignore[import-untyped]

from services.contracts.base import ModalityWeights
from services.retriever.index import (
    NO_CHANGES,
    Between,
    Condition,
    Index,
    OneOf,
    Origin,
    Passing,
    RowFields,
    Vector,
)
from services.retriever.index.base import best_hits
from services.retriever.index.milvus import MilvusEngine, MilvusIndex
from services.retriever.index.milvus.schema import FLAT, FUSED, Scan
from tests.benchmarks.machine import machine
from tests.benchmarks.report import table
from tests.benchmarks.retriever.data import DIMENSION, MIXES, Distribution
from tests.support.milvus_server import PYTHON, milvus_server

K = 20
_PART = 500
"""Products that the retriever reads at a time."""
_PATIENCE_S = 600.0
"""For an index type to be built, and to be loaded."""
_SAME_SCORE = 2e-6
"""Milvus adds up in single precision."""
_BRANDS, _DEPARTMENTS, _HIGHEST = 1_000, 10, 1_000.0
_ATTRIBUTES = ("color", "material", "pattern", "size", "gender", "age_group", "condition")

SCANS = (
    FLAT,
    Scan("IVF_FLAT", {"nlist": 256}, {"nprobe": 16}),
    Scan("IVF_FLAT", {"nlist": 256}, {"nprobe": 64}),
    Scan("IVF_FLAT", {"nlist": 256}, {"nprobe": 128}),
    Scan("HNSW", {"M": 16, "efConstruction": 200}, {"ef": 256}),
    Scan("HNSW", {"M": 16, "efConstruction": 200}, {"ef": 1024}),
    Scan("SCANN", {"nlist": 128, "with_raw_data": True}, {"nprobe": 128, "reorder_k": 1000}),
    Scan("IVF_SQ8", {"nlist": 256}, {"nprobe": 64}),
    Scan("IVF_SQ8", {"nlist": 256}, {"nprobe": 256}),
    Scan("DISKANN", {}, {"search_list": 300}),
)


class Shop:
    """Fields of n products, and filters over them."""

    def __init__(self, products: int) -> None:
        drawn = np.random.default_rng(1)
        self.brands = drawn.integers(1, _BRANDS + 1, products)
        self.departments = drawn.integers(1, _DEPARTMENTS + 1, products)
        self.shelves = self.departments * 100 + drawn.integers(1, _DEPARTMENTS + 1, products)
        self.prices = np.round(drawn.random(products) * _HIGHEST, 2)
        self.stock = np.where(drawn.random(products) < 0.9, 1, 2)
        self.attributes = {name: drawn.integers(0, 30, products) for name in _ATTRIBUTES}

    origin = Origin(
        "shop", NO_CHANGES, ("brand", "in_stock", *_ATTRIBUTES), ("category",), ("price",)
    )

    def fields(self, part: slice) -> RowFields:
        """Fields of these products."""
        codes = {"brand": self.brands, "in_stock": self.stock, **self.attributes}
        categories = zip(self.departments[part].tolist(), self.shelves[part].tolist(), strict=True)
        return RowFields(
            [f"p-{number:08}" for number in range(part.start, part.stop)],
            {name: values[part].astype(np.int64) for name, values in codes.items()},
            {"category": [list(one) for one in categories]},
            {"price": self.prices[part]},
        )

    def filters(self) -> list[tuple[str, list[Condition], Passing]]:
        """Their names, conditions and rows."""
        stock, price = OneOf("in_stock", (1,)), Between("price", 100.0, 600.0)
        dear = Between("price", 0.0, 600.0)
        in_stock, within = self.stock == 1, (self.prices >= 100) & (self.prices <= 600)
        department, shelf = self.departments == 3, self.shelves == 305
        return [
            ("brand", [OneOf("brand", (7,))], self.brands == 7),
            ("category, two levels", [OneOf("category", (305,))], shelf),
            ("category, one level", [OneOf("category", (3,))], department),
            (
                "category, stock and price",
                [OneOf("category", (3,)), stock, price],
                department & in_stock & within,
            ),
            ("three departments", [OneOf("category", (1, 2, 3))], self.departments <= 3),
            ("price", [price], within),
            ("price, wide", [dear], self.prices <= 600),
            ("in stock", [stock], in_stock),
        ]


def main() -> None:
    """Print tables; ends with an error where an exact score is not that of brute force."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--products", type=int, default=200_000)
    parser.add_argument("--queries", type=int, default=10, help="for each mix of weights")
    parser.add_argument("--scans", action="store_true", help="compare the index types too")
    parser.add_argument("--timeout-s", type=float, default=600)
    options = parser.parse_args()
    distribution, shop = Distribution(), Shop(options.products)
    queries = [
        distribution.queries(options.queries, ModalityWeights(text=mix[0], image=mix[1]))
        for mix in MIXES
    ]
    with _milvus() as (uri, what, server):
        print(f"{options.products:,} products, {what}, {machine()}", flush=True)
        with closing(MilvusEngine(uri, timeout_s=options.timeout_s)) as engine:
            index = _loaded(engine, distribution, shop, options.products, server)
            every = list(itertools.chain.from_iterable(queries))
            truth = _Truth(distribution, options.products, every, shop.filters())
            _print_filters(index, shop, every, truth)
            if options.scans:
                _print_scans(uri, index, queries, truth)


@contextmanager
def _milvus() -> Iterator[tuple[str, str, psutil.Process]]:
    """Address, name and process of a Milvus."""
    if not PYTHON:
        with tempfile.TemporaryDirectory() as folder:
            yield str(Path(folder) / "milvus.db"), "Milvus Lite", psutil.Process()
        return
    with milvus_server() as server:
        client = MilvusClient(server.uri)
        version = client.get_server_version()
        client.close()
        yield server.uri, f"Milvus server {version}", psutil.Process(server.pid)


def _loaded(
    engine: MilvusEngine,
    distribution: Distribution,
    shop: Shop,
    products: int,
    server: psutil.Process,
) -> MilvusIndex:
    """The index, put in part by part as the retriever reads it; prints what that took."""
    before, cpu = _resident(), server.cpu_times()
    seconds = 0.0
    with closing(engine.begin(products, 2 * DIMENSION, shop.origin)) as build:
        for first, rows in distribution.parts(products):
            started = time.perf_counter()
            for start in range(0, len(rows), _PART):
                end = min(start + _PART, len(rows))
                part = slice(first + start, first + end)
                build.put(part, rows[start:end], shop.fields(part))
            seconds += time.perf_counter() - started
        started = time.perf_counter()
        index = build.finish()
        finished = time.perf_counter() - started
    del build, rows
    gc.collect()
    a_row = (_resident() - before) / products
    used = sum(server.cpu_times()[:2]) - sum(cpu[:2])
    print(
        f"sent in {seconds:.1f} s ({products / seconds:,.0f} rows a second), sealed and read back "
        f"in {finished:.1f} s more; {used:.0f} s of the server's processor; the server has "
        f"{server.memory_info().rss >> 20:,} MiB, this process {a_row:.0f} bytes a row more",
        flush=True,
    )
    return index


def _resident() -> int:
    status = Path(f"/proc/{os.getpid()}/status").read_text()
    return int(status.partition("\nRssAnon:")[2].split()[0]) * 1024


class _Truth:
    """The best `K` scores by brute force, of everything and of what passes each filter."""

    def __init__(
        self,
        distribution: Distribution,
        products: int,
        queries: Sequence[Vector],
        filters: Sequence[tuple[str, list[Condition], Passing]],
    ) -> None:
        asked = np.stack(queries)
        masks: dict[str | None, Passing] = {name: mask for name, _, mask in filters}
        masks[None] = np.ones(products, np.bool_)
        empty = np.zeros((len(queries), 0))
        self._best: dict[str | None, NDArray[np.float64]] = dict.fromkeys(masks, empty)
        for first, rows in distribution.parts(products):
            scores = (asked @ rows.T).astype(np.float64)
            for name, mask in masks.items():
                passing = scores[:, mask[first : first + len(rows)]]
                both = np.hstack([self._best[name], passing])
                self._best[name] = -np.sort(-both, axis=1)[:, :K]

    def of(self, query: int, name: str | None = None) -> NDArray[np.float64]:
        """(K,) scores, best first."""
        scores = self._best[name][query]
        return best_hits(np.arange(len(scores)), scores, K, None).scores


def _print_filters(index: Index, shop: Shop, queries: list[Vector], truth: _Truth) -> None:
    """Each filter in turns with no filter."""
    lines: list[list[object]] = []
    for name, where, passing in shop.filters():
        times: dict[bool, list[float]] = {True: [], False: []}
        for number, query in enumerate(queries):
            for filtered in (False, True):
                started = time.perf_counter()
                if filtered:
                    hits = index.search(query, K, None, passing, where)
                else:
                    hits = index.search(query, K)
                times[filtered].append(1_000 * (time.perf_counter() - started))
                best = truth.of(number, name if filtered else None)
                if not np.allclose(hits.scores, best[: len(hits.scores)], rtol=0, atol=_SAME_SCORE):
                    raise SystemExit(f"{name}: scores {hits.scores}, by brute force {best}")
        plain, slow = statistics.median(times[False]), statistics.median(times[True])
        share = f"{np.count_nonzero(passing) / len(passing):.1%}"
        lines.append([name, share, slow, plain, f"{slow / plain:.2f}×"])
    print(table(["filter", "passing", "p50 ms", "without a filter", "ratio"], lines), flush=True)


def _print_scans(uri: str, index: MilvusIndex, queries: list[list[Vector]], truth: _Truth) -> None:
    """Each index type over the same rows: recall in each mix beside the time of a search."""
    collection = index.stored.collection
    lines: list[list[object]] = []
    built: tuple[str, dict[str, int]] | None = (FLAT.kind, FLAT.build)  # as it was loaded
    with closing(MilvusClient(uri, timeout=600)) as client:
        for scan in SCANS:
            started = time.perf_counter()
            try:
                if built != (scan.kind, scan.build):
                    _reindex(client, collection.name, scan)
                    built = (scan.kind, scan.build)
                seconds = time.perf_counter() - started
                recalls, p50, p99 = _asked(client, collection.name, scan, queries, truth)
            except Exception as error:  # noqa: BLE001 - an index type that this server lacks
                print(f"{scan.kind}: {error}", flush=True)
                built = None
                continue
            searched = ", ".join(f"{name} {value}" for name, value in scan.search.items())
            name = " ".join([scan.kind, *(f"{n} {v}" for n, v in scan.build.items()), searched])
            lines.append([name, p50, p99, min(recalls), statistics.mean(recalls), seconds])
            print(lines[-1], recalls, flush=True)
    print(table(["index", "p50 ms", "p99 ms", "recall@20, worst mix", "mean", "s to build"], lines))


def _reindex(client: MilvusClient, name: str, scan: Scan) -> None:
    """Another index over the same rows, loaded."""
    client.release_collection(name)
    for one in client.list_indexes(name, FUSED):
        client.drop_index(name, one)
    index = MilvusClient.prepare_index_params()
    index.add_index(FUSED, index_type=scan.kind, metric_type="IP", params=dict(scan.build))
    client.create_index(name, index)
    deadline = time.monotonic() + _PATIENCE_S
    while True:
        (described,) = [client.describe_index(name, one) for one in client.list_indexes(name)]
        if described["state"] == "Finished" and int(described["pending_index_rows"]) == 0:
            break
        if time.monotonic() > deadline:
            raise TimeoutError(f"{scan.kind} was not built in time")
        time.sleep(0.5)
    client.load_collection(name, timeout=_PATIENCE_S)


def _asked(
    client: MilvusClient, name: str, scan: Scan, queries: list[list[Vector]], truth: _Truth
) -> tuple[list[float], float, float]:
    """Recall in each mix, and the median and 99th percentile of a search in ms."""
    recalls, milliseconds, number = [], [], 0
    for of_mix in queries:
        found = 0
        for query in of_mix:
            started = time.perf_counter()
            (hits,) = client.search(
                name,
                data=[query],
                anns_field=FUSED,
                limit=K + 64,
                search_params={"metric_type": "IP", "params": dict(scan.search)},
                consistency_level="Eventually",
            )
            milliseconds.append(1_000 * (time.perf_counter() - started))
            least = truth.of(number)[-1] - _SAME_SCORE
            found += sum(score >= least for score in list(hits.distances)[:K])
            number += 1
        recalls.append(found / K / len(of_mix))
    p99 = float(np.percentile(milliseconds, 99))
    return recalls, statistics.median(milliseconds), p99


if __name__ == "__main__":
    main()
