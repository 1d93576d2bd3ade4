"""Benchmark `peers`: what one search takes in the retriever, in process and over HTTP, and by what
others would use, as plain calls.

Each contender has a process of its own and holds the same rows; all take turns at the same
queries, one at a time. Where memory does not hold all of them, some at a time take turns with ours.
`--write` puts the tables into docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
from contextlib import ExitStack, closing
from pathlib import Path

import numpy as np
import psutil

from services.contracts.base import ModalityWeights
from services.retriever.index import fuse
from tests.benchmarks.machine import measured_by
from tests.benchmarks.peers import contenders as ways
from tests.benchmarks.peers.contenders import Contender, K, Query
from tests.benchmarks.peers.process import Running
from tests.benchmarks.peers.served import retriever_over_http
from tests.benchmarks.report import table, write_section
from tests.benchmarks.retriever.data import DIMENSION, MIXES, Distribution
from tests.benchmarks.timing import percentile

OURS = Contender("retriever, in process", ways.retriever)
CONTENDERS = (
    Contender("retriever, over HTTP", retriever_over_http),
    Contender("NumPy", ways.numpy_rows, share=4),
    Contender("scikit-learn, `NearestNeighbors` by cosine", ways.scikit_learn, share=16),
    Contender("FAISS flat", ways.faiss_flat, share=4),
    Contender("FAISS IVF, 4·√n lists, nprobe 64", ways.faiss_ivf),
    Contender("FAISS HNSW 32, efSearch 256", ways.faiss_hnsw),
    Contender("USearch, expansion 256", ways.usearch),
    Contender("Milvus Lite", ways.milvus_lite, share=4),
)
PACKAGES = ("numpy", "scikit-learn", "faiss-cpu", "usearch", "milvus-lite", "pymilvus")
PART = 20_000
HEAD = (
    "search",
    "p50 ms",
    "p99 ms",
    "p50 beside the first",
    f"recall@{K}",
    "in the worst mix",
    "build s",
    "MiB",
)

Line = list[object]
"""A row of the table, with the columns of `HEAD`."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--products", type=int, nargs="+", default=[23_000, 200_000])
    parser.add_argument("--queries", type=int, default=40, help="for each mix of weights")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", default="", help="peers by a part of their names; commas between")
    parser.add_argument("--build-limit", type=float, default=600, help="seconds for each")
    parser.add_argument("--write", action="store_true", help="into docs/benchmarks.md")
    options = parser.parse_args()
    for products in options.products:
        with tempfile.TemporaryDirectory() as folder:
            text = f"{_head(options)}\n\n{_compare(Path(folder), products, options)}"
            print(text, flush=True)
            if options.write:
                write_section(f"Retrieval peers, {products:,} products", text)


def _compare(folder: Path, products: int, options: argparse.Namespace) -> str:
    path = folder / "rows.npy"
    distribution = Distribution()
    np.save(path, distribution.rows(products, half=False))
    queries = _queries(distribution, options.queries)
    truth = _truth(path, queries)
    ours = _built(OURS, path, queries, options)
    if ours is None:
        raise SystemExit(f"ours was not built in {options.build_limit:.0f} s")
    lines: list[Line] = []
    parts = options.only.split(",")
    waiting = [one for one in CONTENDERS if any(part in one.name for part in parts)]
    with closing(ours):
        while waiting:
            group: list[Running] = []
            unbuilt: list[Line] = []
            with ExitStack() as stack:
                while waiting and (not group or _has_room(path)):
                    one = _built(contender := waiting.pop(0), path, queries, options)
                    if one is None:
                        took = f"> {options.build_limit:.0f}"
                        unbuilt.append([contender.name, *[""] * 5, took, ""])
                    else:
                        group.append(stack.enter_context(closing(one)))
                own, *others = _turns([ours, *group], truth, options)
                lines = [*(lines or [own]), *others, *unbuilt]
    return table(HEAD, lines)


def _built(
    contender: Contender, path: Path, queries: list[Query], options: argparse.Namespace
) -> Running | None:
    _say(f"{contender.name}: building")
    return Running.build(contender, path, queries, options.build_limit)


def _has_room(path: Path) -> bool:
    """For another copy of the rows, and one more while it is made."""
    return bool(psutil.virtual_memory().available > 2.5 * path.stat().st_size)


def _turns(
    running: list[Running], truth: list[set[int]], options: argparse.Namespace
) -> list[Line]:
    """All of them asked in turns, and their lines beside that of the first."""
    ours = running[0]
    ours.answers.clear()
    for number in range(options.rounds + 1):
        for one in running:
            one.ask(counted=number > 0)
        _say(f"round {number} of {options.rounds}")
    own = statistics.median(_times(ours))
    return [
        [
            one.contender.name,
            statistics.median(_times(one)),
            percentile(_times(one), 99),
            f"{statistics.median(_times(one)) / own:.1f}×",
            *_recalls(one, truth, options.queries),
            one.seconds,
            one.mib,
        ]
        for one in running
    ]


def _times(one: Running) -> list[float]:
    return [answer.milliseconds for answer in one.answers]


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _queries(distribution: Distribution, count: int) -> list[Query]:
    """`count` for each mix, by turns in words and in pictures, of products that are not there."""
    asked = distribution.queries(count, ModalityWeights(text=1, image=0))
    vectors = [fused[:DIMENSION] for fused in asked]
    mixes = [ModalityWeights(text=text, image=image) for text, image in MIXES]
    return [Query(vector, mix, fuse(vector, mix)) for mix in mixes for vector in vectors]


def _truth(path: Path, queries: list[Query]) -> list[set[int]]:
    """The best rows of each query, by brute force."""
    rows = np.load(path, mmap_mode="r")
    asked = np.stack([query.fused for query in queries])
    scores = np.concatenate(
        [rows[start : start + PART] @ asked.T for start in range(0, len(rows), PART)]
    )
    return [set(np.argpartition(-column, K)[:K].tolist()) for column in scores.T]


def _recalls(one: Running, truth: list[set[int]], count: int) -> list[str]:
    """Mean recall of all queries, and that of the mix of weights where it is least."""
    by_mix: dict[int, list[float]] = {}
    for answer in one.answers:
        right = len(truth[answer.number] & set(answer.rows)) / K
        by_mix.setdefault(answer.number // count, []).append(right)
    means = [statistics.mean(some) for some in by_mix.values()]
    every = [right for some in by_mix.values() for right in some]
    return [f"{statistics.mean(every):.3f}", f"{min(means):.3f}"]


def _head(options: argparse.Namespace) -> str:
    mixes = ", ".join(f"{text}/{image}" for text, image in MIXES)
    return (
        f"{measured_by('peers', PACKAGES)} Rows `[text ; image]` of two vectors of "
        f"{DIMENSION}, drawn as CLIP's are distributed; k = {K}; questions in words and in "
        f"pictures by turns, words/look {mixes}, {options.queries} of each (of the slow ones a "
        "quarter, of scikit-learn a sixteenth). One query at a time, on one thread; building may "
        f"use all, and {options.build_limit:.0f} s. Each contender has a process of its own; its "
        "MiB are what building it added, not backed by files. Where memory does not hold all, some "
        "at a time took turns with the first. Over HTTP: the whole service, from its start until "
        "it is ready with the catalogue read from the feature store, and all its memory; its "
        "answers carry products' metadata and a confidence too, the others' row numbers alone."
    )


if __name__ == "__main__":
    main()
