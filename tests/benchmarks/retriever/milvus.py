"""Benchmark `milvus`: load, filters and index types of a Milvus server, or of the embedded Lite.

Rows have the fields of a shop; each search is compared with brute force over the same rows. A
server is started where `MILVUS_PYTHON` names the interpreter of its environment.
"""

from __future__ import annotations

import argparse
import gc
import os
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from itertools import pairwise
from pathlib import Path

import numpy as np
import psutil
from numpy.lib.format import open_memmap
from pymilvus import MilvusClient  # type: ignore[import-untyped]

from services.contracts.base import ModalityWeights
from services.contracts.search import DEPTH
from services.retriever.index import (
    NO_CHANGES,
    Between,
    Condition,
    Index,
    OneOf,
    Origin,
    Passing,
    RowFields,
    Rows,
    Vector,
)
from services.retriever.index.base import consecutive
from services.retriever.index.milvus import MilvusEngine, MilvusIndex
from tests.benchmarks.machine import machine
from tests.benchmarks.report import table
from tests.benchmarks.retriever.data import DIMENSION, MIXES, Distribution
from tests.benchmarks.retriever.milvus_scans import (
    EVERYTHING,
    KINDS,
    SCANS,
    Asked,
    Truths,
    print_scans,
)
from tests.benchmarks.retriever.truth import K, Truth
from tests.support.milvus_server import PYTHON, milvus_server

_PART = 500
"""Products that the retriever reads at a time."""
_ROWS_AT_ONCE = 20_000
_LEAST_RECALL = 0.99
_BRANDS, _DEPARTMENTS, _HIGHEST = 1_000, 10, 1_000.0
_ATTRIBUTES = ("color", "material", "pattern", "size", "gender", "age_group", "condition")


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
    """Print tables; ends with an error where a filter loses more than 1 % of the best products."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--products", type=int, default=200_000)
    parser.add_argument("--queries", type=int, default=10, help="for each mix of weights")
    parser.add_argument("--scans", nargs="*", choices=KINDS, help="index types; all without a name")
    parser.add_argument("--index", choices=KINDS, help="index type of the load")
    parser.add_argument("--timeout-s", type=float, default=600)
    options = parser.parse_args()
    scan = next((one for one in SCANS if one.kind == options.index), None)
    distribution, shop = Distribution(), Shop(options.products)
    mixes = [ModalityWeights(text=mix[0], image=mix[1]) for mix in MIXES]
    queries = [query for mix in mixes for query in distribution.queries(options.queries, mix)]
    with tempfile.TemporaryDirectory() as folder, _milvus() as (uri, what, server):
        print(f"{options.products:,} products, {what}, {machine()}", flush=True)
        rows = _written(Path(folder) / "rows.npy", distribution, options.products)
        with closing(MilvusEngine(uri, timeout_s=options.timeout_s, scan=scan)) as engine:
            index = _loaded(engine, rows, shop, server)
            truths = _truths(rows, queries, shop)
            _print_filters(index, shop, queries, truths)
            if options.scans is not None:
                asked = Asked(queries, len(mixes), truths, shop.filters())
                print_scans(uri, index, asked, server, options.scans or KINDS)


def _written(file: Path, distribution: Distribution, products: int) -> Rows:
    """(n, 2·d) in a file, so that their making takes no time from the load."""
    rows: Rows = open_memmap(file, "w+", np.float32, (products, 2 * DIMENSION))
    for first, part in distribution.parts(products):
        rows[first : first + len(part)] = part
    return rows


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


def _loaded(engine: MilvusEngine, rows: Rows, shop: Shop, server: psutil.Process) -> MilvusIndex:
    """The index, put in part by part as the retriever reads it; prints what that took."""
    products, resident = len(rows), _resident()
    spent = [_spent(server)]
    with closing(engine.begin(products, 2 * DIMENSION, shop.origin)) as build:
        for part in consecutive(products, _PART):
            build.put(part, rows[part], shop.fields(part))
        spent.append(_spent(server))
        index = build.finish()
        spent.append(_spent(server))
    del build
    gc.collect()
    a_row = (_resident() - resident) / products
    steps = zip(("sent", "sealed, indexed and read back"), pairwise(spent), strict=True)
    for what, (before, after) in steps:
        seconds, own, of_server = (now - then for now, then in zip(after, before, strict=True))
        busy = (own + of_server) / seconds / (os.cpu_count() or 1)
        print(
            f"{what} in {seconds:.1f} s ({products / seconds:,.0f} rows a second); processor a "
            f"row: {1e6 * own / products:.0f} µs here, {1e6 * of_server / products:.0f} µs there, "
            f"together {busy:.0%} of the cores"
        )
    print(
        f"the server has {server.memory_info().rss >> 20:,} MiB, this process {a_row:.0f} bytes a "
        "row more",
        flush=True,
    )
    return index


def _spent(server: psutil.Process) -> tuple[float, float, float]:
    """Seconds by the clock, of this process's processor, and of the server's."""
    return time.perf_counter(), time.process_time(), sum(server.cpu_times()[:2])


def _resident() -> int:
    status = Path(f"/proc/{os.getpid()}/status").read_text()
    return int(status.partition("\nRssAnon:")[2].split()[0]) * 1024


def _truths(rows: Rows, queries: Sequence[Vector], shop: Shop) -> Truths:
    """The best by brute force, of everything and of what passes each filter."""
    asked = np.stack(queries)
    masks = {name: mask for name, _, mask in shop.filters()}
    truths: Truths = {name: Truth(len(queries)) for name in masks}
    truths[EVERYTHING] = Truth(len(queries), DEPTH)
    for part in consecutive(len(rows), _ROWS_AT_ONCE):
        scores = asked @ rows[part].T
        truths[EVERYTHING].add(part.start, scores)
        for name, mask in masks.items():
            truths[name].add(part.start, np.where(mask[part], scores, np.float32(-np.inf)))
    return truths


def _print_filters(index: Index, shop: Shop, queries: list[Vector], truths: Truths) -> None:
    """Each filter in turns with no filter."""
    lines: list[list[object]] = []
    lost = []
    for name, where, passing in shop.filters():
        times: dict[bool, list[float]] = {True: [], False: []}
        found, wanted = 0, min(K, int(np.count_nonzero(passing)))
        for number, query in enumerate(queries):
            for filtered in (False, True):
                started = time.perf_counter()
                if filtered:
                    hits = index.search(query, K, None, passing, where)
                    found += len(np.intersect1d(hits.rows, truths[name].first(number, wanted)))
                else:
                    hits = index.search(query, K)
                times[filtered].append(1_000 * (time.perf_counter() - started))
        plain, slow = statistics.median(times[False]), statistics.median(times[True])
        share = f"{np.count_nonzero(passing) / len(passing):.1%}"
        recall = found / wanted / len(queries)
        lost += [name] if recall < _LEAST_RECALL else []
        lines.append([name, share, slow, plain, f"{slow / plain:.2f}×", recall])
    head = ["filter", "passing", "p50 ms", "without a filter", "ratio", "recall@20"]
    print(table(head, lines), flush=True)
    if lost:
        raise SystemExit(f"too few of the best are found with: {', '.join(lost)}")


if __name__ == "__main__":
    main()
