"""Benchmark `words`: a search by vectors alone and by vectors and words, in turns, one thread.

A made-up shop of 38 words a product, with rows distributed as CLIP's are. Queries are two or three
words of a title: frequent ones, rare ones, brands and colours. The searches are those that a
shopper sends: twenty results, with the cut-off.
"""

from __future__ import annotations

import argparse
import random
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

import faiss
import numpy as np
from threadpoolctl import threadpool_limits

from services.contracts.base import ModalityWeights
from services.contracts.retriever import CatalogueInfo, QueryTerm, RetrievalRequest
from services.contracts.search import Mode
from services.retriever.catalogue.catalogue import Catalogue
from services.retriever.catalogue.moments import Moments
from services.retriever.catalogue.product_table import ProductTable
from services.retriever.catalogue.products import Products
from services.retriever.index import IndexChoice, LiveIndex
from services.retriever.searching.search import answer_of
from services.retriever.words import ENGLISH, WordsBuild
from tests.benchmarks.machine import bench_command, machine
from tests.benchmarks.report import table, write_section
from tests.benchmarks.retriever.data import DIMENSION, Distribution
from tests.benchmarks.suggest.made_up import made_up
from tests.support.indexes import index_of

MODEL = "benchmark@1"
_QUERIES, _ROUNDS = 60, 5
_MODES: tuple[Mode, ...] = ("vectors", "hybrid")
_FROM_HALF = 10_000


@dataclass(frozen=True, slots=True)
class Shop:
    """A catalogue with its titles, and what its words cost."""

    catalogue: Catalogue
    titles: list[str]
    build_s: float
    bytes_a_product: float


def main() -> None:
    """Print a table; with --write put it into docs/benchmarks.md."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--products", type=int, nargs="+", default=[23_000, 200_000])
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    rows = []
    with threadpool_limits(1):
        faiss.omp_set_num_threads(1)
        for products in options.products:
            shop = shop_of(products)
            wall = _measured(shop, time.perf_counter)
            spent = _measured(shop, time.thread_time)
            rows.append(
                (
                    f"{products:,}",
                    *(wall[mode] for mode in _MODES),
                    *(spent[mode] for mode in _MODES),
                    spent["hybrid"] - spent["vectors"],
                    round(shop.bytes_a_product),
                    shop.build_s,
                )
            )
    head = [
        "products", "vectors, p50 ms", "with words, p50 ms", "vectors, processor ms",
        "with words, processor ms", "more", "bytes a product", "build of words, processor s",
    ]  # fmt: skip
    text = "\n\n".join(
        (
            f"{bench_command('words')}, {machine()}. One thread, {DIMENSION} floats a vector, two "
            "vectors a product, 38 words a product; twenty results with the cut-off. Processor "
            "time is the thread's own, so that other work on the machine counts less.",
            table(head, rows),
        )
    )
    print(text)
    if options.write:
        write_section("Words beside vectors", text)


def shop_of(products: int) -> Shop:
    """The made-up shop with vectors, in memory."""
    batches = made_up(products)
    build = WordsBuild(ENGLISH)
    started = time.process_time()
    for batch in batches:
        build.add(batch)
    words = build.finish()
    build_s = time.process_time() - started
    build.close()
    products_ = ProductTable.of(batches, [], ENGLISH, words)
    rows = Distribution().rows(products, half=products > _FROM_HALF)
    choice = IndexChoice()
    catalogue = Catalogue(
        CatalogueInfo(version="made-up", model=MODEL, dimension=DIMENSION, products=products),
        Products(products_),
        LiveIndex(index_of(choice, rows), products_.ids, choice),
        Moments.of(rows),
    )
    titles = [title for batch in batches[:20] for title in batch.column("title").to_pylist()]
    return Shop(catalogue, titles, build_s, words.nbytes / products)


def _measured(shop: Shop, clock: Callable[[], float]) -> dict[Mode, float]:
    """Median milliseconds of a search; the first round is not counted."""
    choice = random.Random(2)
    vectors = Distribution().queries(_QUERIES, ModalityWeights(text=1, image=0))
    asked = []
    for number, vector in enumerate(vectors):
        title = choice.choice(shop.titles).split()
        few = [title[1], title[2 + number % 3]] if number % 3 else choice.sample(title, 3)
        half = np.asarray(vector[:DIMENSION])
        asked.append((" ".join(few), (half / np.linalg.norm(half)).tolist()))
    milliseconds: dict[Mode, list[float]] = {mode: [] for mode in _MODES}
    for number in range(_ROUNDS + 1):
        for mode in _MODES:
            for text, vector in asked:
                request = RetrievalRequest(
                    model=MODEL, terms=[QueryTerm(vector=vector, text=text)], k=20, mode=mode
                )
                started = clock()
                answer_of(shop.catalogue, request)
                if number:
                    milliseconds[mode].append(1_000 * (clock() - started))
    return {mode: statistics.median(some) for mode, some in milliseconds.items()}


if __name__ == "__main__":
    main()
