"""Index types of a Milvus server over the same rows: recall beside the cost of a search.

DISKANN is left out: the server of the package `milvus` 2.3.5 is built without it, and tries again
for ever ("failed to create index, C Runtime Exception: bad_function_call").
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, replace

import numpy as np
import psutil
from numpy.typing import NDArray
from pymilvus import MilvusClient  # type: ignore[import-untyped]

from services.contracts.search import DEPTH
from services.retriever.index import Condition, Passing, Vector
from services.retriever.index.milvus import MilvusIndex
from services.retriever.index.milvus.schema import FLAT, FUSED, SCANN, Collection, Scan
from tests.benchmarks.report import table
from tests.benchmarks.retriever.truth import K, Truth

EVERYTHING = ""
Truths = dict[str, Truth]
"""By name of a filter; without one, the best `DEPTH`."""

_TIES = 64
"""More than asked for, as the retriever does."""
_LIMITS = (K + _TIES, DEPTH + _TIES)
"""Rows for a page, and for a search with the cut-off."""
_PATIENCE_S = 3_600.0
"""For an index type to be built, and to be loaded."""

SCANS = (
    FLAT,
    SCANN,
    replace(SCANN, search={"nprobe": 16, "reorder_k": 2_000}),
    Scan("SCANN", {"nlist": 64}, {"nprobe": 64, "reorder_k": 500}),
    Scan("SCANN", {"nlist": 64}, {"nprobe": 16, "reorder_k": 500}),
    Scan("HNSW", {"M": 16, "efConstruction": 100}, {"ef": 256}),
    Scan("HNSW", {"M": 16, "efConstruction": 100}, {"ef": 1_064}),
    Scan("IVF_FLAT", {"nlist": 256}, {"nprobe": 64}),
    Scan("IVF_FLAT", {"nlist": 256}, {"nprobe": 128}),
    Scan("IVF_SQ8", {"nlist": 256}, {"nprobe": 128}),
    Scan("IVF_SQ8", {"nlist": 256}, {"nprobe": 256}),
    Scan("IVF_SQ8", {"nlist": 16}, {"nprobe": 16}),
)
KINDS = tuple(dict.fromkeys(one.kind for one in SCANS))


@dataclass(frozen=True, slots=True)
class Asked:
    """Fused queries, mix by mix, each mix by turns with pictures and words; their best rows."""

    queries: Sequence[Vector]
    mixes: int
    truths: Truths
    filters: Sequence[tuple[str, list[Condition], Passing]]

    def worst(self, recalls: Sequence[float]) -> float:
        """The least mean of a mix, in words or in pictures. recalls: one for each query."""
        mixes = np.array_split(recalls, self.mixes)
        return min(float(np.mean(kind)) for mix in mixes for kind in (mix[::2], mix[1::2]))


def print_scans(
    uri: str, index: MilvusIndex, asked: Asked, server: psutil.Process, kinds: Sequence[str]
) -> None:
    """A row for each of these index types."""
    name = index.stored.collection.name
    lines: list[list[object]] = []
    loaded = index.stored.collection.scan
    built: tuple[str, dict[str, int]] | None = (loaded.kind, loaded.build)
    with closing(MilvusClient(uri, timeout=_PATIENCE_S)) as client:
        for scan in (one for one in SCANS if one.kind in kinds):
            started, before = time.perf_counter(), sum(server.cpu_times()[:2])
            try:
                if built != (scan.kind, scan.build):
                    _reindex(client, name, scan)
                    built = (scan.kind, scan.build)
                seconds = time.perf_counter() - started
                spent = sum(server.cpu_times()[:2]) - before
                line = _measured(client, index, scan, asked, server)
            except Exception as error:  # noqa: BLE001 - an index type that this server lacks
                print(f"{scan.kind}: {error}", flush=True)
                built = None
                continue
            lines.append(
                [
                    _name(scan),
                    *line,
                    f"{seconds:.0f}",
                    f"{spent:.0f}",
                    server.memory_info().rss >> 20,
                ]
            )
            print(lines[-1], flush=True)
    head = ["index"]
    for what in ("page", "cut-off"):
        head += [f"{what}: p50 ms", "p99", "processor ms", "recall@20, worst", "mean"]
    head += [f"recall@{DEPTH}, worst", "with filters, worst"]
    head += ["s to build", "processor s", "MiB"]
    print(table(head, lines))


def _name(scan: Scan) -> str:
    parameters = [f"{name} {value}" for name, value in (*scan.build.items(), *scan.search.items())]
    return ", ".join([f"`{scan.kind}`", *parameters])


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
        if described["state"] == "Failed":
            raise RuntimeError(described)
        if described["state"] == "Finished" and int(described["pending_index_rows"]) == 0:
            break
        if time.monotonic() > deadline:
            raise TimeoutError(f"{scan.kind} was not built in time")
        time.sleep(0.5)
    client.load_collection(name, timeout=_PATIENCE_S)


def _measured(
    client: MilvusClient, index: MilvusIndex, scan: Scan, asked: Asked, server: psutil.Process
) -> list[object]:
    """Times and recall for a page and with the cut-off; recall of all, and with filters."""
    cells: list[object] = []
    everything = asked.truths[EVERYTHING]
    for limit in _LIMITS:
        milliseconds, pages, deep = [], [], []
        _found(client, index, scan, asked.queries[0], limit)  # loads what is read at first
        before = sum(server.cpu_times()[:2])
        for number, query in enumerate(asked.queries):
            started = time.perf_counter()
            rows = _found(client, index, scan, query, limit)
            milliseconds.append(1_000 * (time.perf_counter() - started))
            pages.append(_share(rows[:K], everything.first(number, K)))
            deep.append(_share(rows[:DEPTH], everything.numbers[number]))
        spent = sum(server.cpu_times()[:2]) - before
        cells += [statistics.median(milliseconds), float(np.percentile(milliseconds, 99))]
        cells += [1_000 * spent / len(milliseconds), asked.worst(pages), statistics.mean(pages)]
    return [*cells, asked.worst(deep), _with_filters(client, index, scan, asked)]


def _with_filters(client: MilvusClient, index: MilvusIndex, scan: Scan, asked: Asked) -> float:
    """Mean recall of the best `K` with the filter that loses most."""
    worst = 1.0
    for name, where, passing in asked.filters:
        wanted = min(K, int(np.count_nonzero(passing)))
        expression = index.stored.collection.expression(where)
        shares = [
            _share(
                _found(client, index, scan, query, _LIMITS[0], expression)[:wanted],
                asked.truths[name].first(number, wanted),
            )
            for number, query in enumerate(asked.queries)
        ]
        worst = min(worst, statistics.mean(shares))
    return worst


def _share(found: NDArray[np.intp], best: NDArray[np.intp]) -> float:
    return len(np.intersect1d(found, best)) / len(best)


def _found(
    client: MilvusClient,
    index: MilvusIndex,
    scan: Scan,
    query: Vector,
    limit: int,
    expression: str = "",
) -> NDArray[np.intp]:
    """Numbers of the best rows, best first."""
    collection: Collection = index.stored.collection
    (hits,) = client.search(
        collection.name,
        data=[query],
        anns_field=FUSED,
        limit=limit,
        filter=expression,
        search_params={"metric_type": "IP", "params": scan.searched(limit)},
        consistency_level="Eventually",
    )
    numbers, _ = index.numbers_of(np.array(hits.ids, np.int64))
    return numbers
