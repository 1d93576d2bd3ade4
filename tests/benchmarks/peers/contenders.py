"""Ways to find the 20 best of many rows, each built from a file of rows in a process of its own.

All get float32 rows `[text ; image]` and fused queries, for which one inner product is the score.
Rows are all of one length, so that the cosine ranks them alike.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, closing, nullcontext
from dataclasses import dataclass
from pathlib import Path

import faiss
import numpy as np
from numpy.typing import NDArray
from pymilvus import MilvusClient  # type: ignore[import-untyped]
from sklearn.neighbors import NearestNeighbors
from usearch.index import Index as USearchIndex

from services.contracts.base import ModalityWeights
from services.retriever.index import IndexChoice, Vector, scattered

K = 20
PART = 1_000
"""Rows a call where rows are given by the part."""


@dataclass(frozen=True, slots=True)
class Query:
    """A unit vector (d,) and how words and look count; fused (2·d,)."""

    vector: Vector
    weights: ModalityWeights
    fused: Vector


Search = Callable[[Query], Sequence[int]]
"""The rows found, best first."""


@dataclass(frozen=True, slots=True)
class Built:
    """A search and what it took: seconds, and memory that is backed by no file."""

    search: Search
    seconds: float
    mib: float


Build = Callable[[Path], AbstractContextManager[Built]]
"""Builds an index from a file of rows (n, 2·d), float32, as `numpy.save` writes it."""


@dataclass(frozen=True, slots=True)
class Contender:
    name: str
    build: Build
    share: int = 1
    """One query of so many is asked: those that read every row take long."""


def retriever(path: Path) -> AbstractContextManager[Built]:
    """The index that the retriever would choose."""

    def build() -> Search:
        source = _rows(path)
        with closing(IndexChoice().begin(*source.shape)) as build:
            for part in scattered(len(source), PART):
                build.put(part, source[part])
            index = build.finish()
        return lambda query: index.search(query.fused, K).rows.tolist()

    return _timed(build)


def numpy_rows(path: Path) -> AbstractContextManager[Built]:
    """One product of matrix and vector, and the best of it sorted."""

    def build() -> Search:
        rows = np.load(path)

        def search(query: Query) -> Sequence[int]:
            scores = rows @ query.fused
            best = np.argpartition(-scores, K)[:K]
            return list(best[np.argsort(-scores[best])].tolist())

        return search

    return _timed(build)


def scikit_learn(path: Path) -> AbstractContextManager[Built]:
    def build() -> Search:
        found = NearestNeighbors(n_neighbors=K, metric="cosine", algorithm="brute")
        found.fit(np.load(path))
        return lambda query: list(
            found.kneighbors(query.fused[None], return_distance=False)[0].tolist()
        )

    return _timed(build)


def faiss_flat(path: Path) -> AbstractContextManager[Built]:
    return _timed(lambda: _faiss(faiss.IndexFlatIP(_width(path)), path))


def faiss_ivf(path: Path) -> AbstractContextManager[Built]:
    """As many lists as FAISS's guidelines say, 4·√n, each learned from 64 rows; 64 of them are
    looked into."""
    lists = round(4 * len(_rows(path)) ** 0.5)
    flat = faiss.IndexFlatIP(_width(path))
    index = faiss.IndexIVFFlat(flat, _width(path), lists, faiss.METRIC_INNER_PRODUCT)
    index.nprobe = 64
    index.cp.max_points_per_centroid = 64
    return _timed(lambda: _faiss(index, path))


def faiss_hnsw(path: Path) -> AbstractContextManager[Built]:
    index = faiss.IndexHNSWFlat(_width(path), 32, faiss.METRIC_INNER_PRODUCT)
    index.hnsw.efSearch = 256
    return _timed(lambda: _faiss(index, path))


def usearch(path: Path) -> AbstractContextManager[Built]:
    def build() -> Search:
        rows = _rows(path)
        index = USearchIndex(ndim=rows.shape[1], metric="ip", expansion_search=256)
        index.add(np.arange(len(rows)), rows)
        return lambda query: list(index.search(query.fused, K, threads=1).keys.tolist())

    return _timed(build)


def milvus_lite(path: Path) -> AbstractContextManager[Built]:
    """A collection by `MilvusClient`'s quick way, in a file beside the rows."""

    def build() -> Search:
        rows = _rows(path)
        client = MilvusClient(str(path.with_suffix(".db")))
        client.create_collection("rows", dimension=rows.shape[1], metric_type="IP")
        for start in range(0, len(rows), PART):
            part = rows[start : start + PART]
            client.insert(
                "rows", [{"id": start + at, "vector": row} for at, row in enumerate(part)]
            )

        def search(query: Query) -> Sequence[int]:
            (found,) = client.search("rows", data=[query.fused], limit=K)
            return [hit["id"] for hit in found]

        search(Query(rows[0], ModalityWeights(text=1, image=1), np.array(rows[0])))
        return search

    return _timed(build)


def anonymous_mib(pid: int | None = None) -> float:
    """Anonymous resident memory of a process (default: this one) and its children."""
    pids = [pid or os.getpid()]
    for one in pids:
        for children in Path(f"/proc/{one}/task").glob("*/children"):
            pids += map(int, children.read_text().split())
    status = [Path(f"/proc/{one}/status").read_text() for one in pids]
    return sum(int(text.partition("\nRssAnon:")[2].split()[0]) for text in status) / 1024


def _timed(build: Callable[[], Search]) -> AbstractContextManager[Built]:
    before, started = anonymous_mib(), time.perf_counter()
    search = build()
    return nullcontext(Built(search, time.perf_counter() - started, anonymous_mib() - before))


def _faiss(index: faiss.Index, path: Path) -> Search:
    rows = np.load(path)
    if not index.is_trained:
        index.train(rows)
    index.add(rows)
    faiss.omp_set_num_threads(1)

    def search(query: Query) -> Sequence[int]:
        _, numbers = index.search(query.fused[None], K)
        return list(numbers[0].tolist())

    return search


def _rows(path: Path) -> NDArray[np.float32]:
    rows: NDArray[np.float32] = np.load(path, mmap_mode="r")
    return rows


def _width(path: Path) -> int:
    return int(_rows(path).shape[1])
