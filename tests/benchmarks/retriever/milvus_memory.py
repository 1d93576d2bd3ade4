"""Benchmark `milvus-memory`: memory and load of a retriever whose vectors are in a Milvus server.

A made-up shop goes through Feast into a Redis of its own. The retriever is a process of its own,
and reads it as in service; a small catalogue before it shows what it has without one. Then a second
process reads the same catalogue with the same reader, and says what its parts take.

The server is started where `MILVUS_PYTHON` names the interpreter of its environment.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

# isort: split
from tests.benchmarks.loading.__main__ import (
    DIMENSION,
    MODEL,
    feature_store,
    publish,
)

# isort: split
import httpx
import numpy as np
import pyarrow as pa

from services.pipeline.catalogue.product import CatalogueProduct
from services.pipeline.feeds.validation import FeedProduct
from services.retriever.catalogue.product_table import ProductTable
from services.retriever.index import IndexChoice
from services.retriever.index.milvus import MilvusEngine, MilvusIndex
from services.retriever.loading.reader import CatalogueReader
from services.retriever.loading.store import FeastFeatures
from services.retriever.settings import RetrieverSettings
from tests.benchmarks.machine import measured_by
from tests.benchmarks.report import table, write_section
from tests.benchmarks.suggest.made_up import COLORS, made_up
from tests.support.milvus_server import PYTHON, MilvusServer, milvus_server
from tests.support.service_process import ServiceProcess, listening_socket, processor_s, url_of

_LOAD_S = 3_600.0
_SEARCHES = 50
_ATTEMPTS = 5
_SETTLED = 0.005
"""Greatest change of settled memory from one look to the next, as a share."""
_LOOK_S = 5.0
_LOOKS = 24


@dataclass(frozen=True, slots=True)
class Memory:
    """Bytes of a process."""

    resident: int
    own: int
    """Allocated memory: the resident one without the pages of programs and libraries."""

    @classmethod
    def of(cls, pid: int) -> Memory:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text()
        sizes = (
            int(text.partition(f"\n{name}:")[2].split()[0]) << 10 for name in ("Rss", "Anonymous")
        )
        return cls(*sizes)

    @classmethod
    def settled(cls, pid: int) -> Memory:
        """Memory of a process once it hardly changes any more."""
        before = cls.of(pid)
        for _ in range(_LOOKS):
            time.sleep(_LOOK_S)
            now = cls.of(pid)
            if abs(now.resident - before.resident) < _SETTLED * before.resident:
                return now
            before = now
        raise RuntimeError("the memory does not settle")


@dataclass(frozen=True, slots=True)
class Served:
    """A retriever that serves a catalogue in Milvus."""

    seconds: float
    """Time from its start until it was ready."""
    own_s: float
    """Processor time of the retriever until then."""
    server_s: float
    """Processor time of Milvus until then."""
    ready: Memory
    searched: Memory
    """Memory after some searches, once it hardly changes."""


def main() -> None:
    """Print what was measured."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--products", type=int, nargs="+", default=[200_000])
    parser.add_argument(
        "--before", type=int, default=1_000, help="products of the catalogue to compare with"
    )
    parser.add_argument("--write", action="store_true", help="into docs/benchmarks.md")
    options = parser.parse_args()
    if not PYTHON:
        print("left out: MILVUS_PYTHON must name the interpreter of the server's environment")
        return
    lines, texts = [], []
    for products in options.products:
        with feature_store() as repo, milvus_server() as server:
            publish(repo, options.before, product=_shop(options.before))
            before = _served(repo, server)
            print(f"with {options.before:,} products: {before}", flush=True)
            started = time.perf_counter()
            publish(repo, products, product=_shop(products))
            print(f"{products:,} published in {time.perf_counter() - started:.0f} s", flush=True)
            served = _served(repo, server)
            print(f"with {products:,} products: {served}", flush=True)
            parts = _parts_in_a_process(repo, server)
        line = _a_product(products, products - options.before, before, served, parts)
        print(table(*_transposed([line])), flush=True)
        texts.append(_load(products, served))
        print(texts[-1], flush=True)
        lines.append(line)
    text = "\n\n".join(
        (
            measured_by("milvus-memory", ["feast", "redis", "pymilvus"]),
            f"Bytes a product, by size of catalogue: titles of 8 words, descriptions of 30, two "
            "addresses, four attributes, two vectors. *Resident* is what a retriever's process "
            f"has more than the same one with {options.before:,} products, after {_SEARCHES} "
            "searches and once it hardly changes; the parts are those of the same catalogue in a "
            "second process. The server is started by `MILVUS_PYTHON=.venv-milvus/bin/python`.",
            table(*_transposed(lines)),
            *texts,
        )
    )
    if options.write:
        write_section("A retriever with Milvus", text)


def _shop(products: int) -> Callable[[int, str], CatalogueProduct]:
    """Products of `made_up` with further attributes and addresses."""
    rows = pa.Table.from_batches(made_up(products)).combine_chunks()

    def product(number: int, model: str) -> CatalogueProduct:
        (row,) = rows.slice(number, 1).to_pylist()
        said = row["title"].split()
        more = {"material": said[-1], "size": f"{number % 60} cm"}
        return CatalogueProduct.of(
            FeedProduct(
                row=number,
                product_id=row["product_id"],
                title=row["title"],
                description=row["description"],
                brand=row["brand"],
                category=row["category"],
                price=number % 1_000 / 10,
                currency="EUR",
                product_url=f"https://shop.example/products/{'-'.join(said)}",
                picture_file=None,
                picture_link=f"https://shop.example/images/{number}.webp",
                attributes=json.loads(row["attributes"]) | more,
            ),
            None,
            model,
        )

    return product


def _served(repo: Path, server: MilvusServer) -> Served:
    """A retriever's process from its start until its memory hardly changes."""
    listener = listening_socket()
    url = url_of(listener)
    started, milvus_s = time.perf_counter(), processor_s(server.pid)
    retriever = ServiceProcess(
        ["services.retriever"],
        "RETRIEVER",
        listener,
        repo / "retriever.log",
        feature_store=str(repo),
        milvus_uri=server.uri,
    )
    try:
        retriever.wait_until_ready(url, _LOAD_S)
        pid = retriever.process.pid
        seconds, own_s = time.perf_counter() - started, processor_s(pid)
        milvus_s = processor_s(server.pid) - milvus_s
        ready = Memory.of(pid)
        _search(url)
        return Served(seconds, own_s, milvus_s, ready, Memory.settled(pid))
    finally:
        retriever.stop()
        listener.close()


def _search(url: str) -> None:
    """Searches by a vector and by words. Raises HTTPStatusError where one is not answered."""
    drawn = np.random.default_rng(2)
    with httpx.Client(base_url=url, timeout=60, trust_env=False) as client:
        for number in range(_SEARCHES):
            vector = drawn.standard_normal(DIMENSION)
            vector /= np.linalg.norm(vector)
            text = COLORS[number % len(COLORS)]
            terms = [{"vector": vector.tolist(), "text": text}]
            asked = {"model": MODEL, "terms": terms, "k": 20}
            answer = client.post("/search", json=asked)
            for _ in range(_ATTEMPTS):
                if answer.status_code == HTTPStatus.GATEWAY_TIMEOUT:  # on a busy machine
                    answer = client.post("/search", json=asked)
            answer.raise_for_status()


def _a_product(
    products: int, more: int, before: Served, served: Served, parts: dict[str, int]
) -> dict[str, str]:
    """The columns of one size of catalogue: bytes a product.

    more: products than before.
    """
    ready = (served.ready.resident - before.searched.resident) / more
    resident = (served.searched.resident - before.searched.resident) / more
    allocated = (served.searched.own - before.searched.own) / more
    words = parts["words"] / products
    return {
        "products": f"{products:,}",
        "resident when it is ready": f"{ready:.0f}",
        "resident": f"{resident:.0f}",
        "allocated, of these": f"{allocated:.0f}",
        "words": f"{words:.0f}",
        "resident beyond the words": f"{resident - words:.0f}",
        **{name: f"{size / products:.0f}" for name, size in parts.items() if name != "words"},
    }


def _transposed(lines: list[dict[str, str]]) -> tuple[list[str], list[list[str]]]:
    """Head and rows of a table with a row for each key."""
    head, *names = lines[0]
    return [head, *(one[head] for one in lines)], [
        [name, *(one[name] for one in lines)] for name in names
    ]


def _load(products: int, served: Served) -> str:
    return (
        f"{products:,} products: the retriever is ready {served.seconds:.0f} s after its start "
        f"({products / served.seconds:,.0f} products a second). Processor time a product: "
        f"{1e6 * served.own_s / products:.0f} µs in the retriever, its start included, and "
        f"{1e6 * served.server_s / products:.0f} µs in Milvus."
    )


def _parts_in_a_process(repo: Path, server: MilvusServer) -> dict[str, int]:
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as own:
        return own.submit(_parts, repo, server.uri).result()


def _parts(repo: Path, uri: str) -> dict[str, int]:
    """Bytes of the parts of a catalogue, read as a retriever reads it."""
    settings = RetrieverSettings(feature_store=repo)
    with (
        closing(MilvusEngine(uri, timeout_s=settings.milvus_timeout_ms / 1_000)) as engine,
        closing(
            CatalogueReader(
                FeastFeatures(repo, timeout_s=settings.store_timeout_ms / 1_000),
                batch=settings.read_batch,
                filterable=settings.filterable_attributes,
                choice=IndexChoice(engine=engine),
            )
        ) as reader,
    ):
        catalogue = reader.load(reader.head())
        (completions,) = catalogue.products.completed
        base: ProductTable = catalogue.products._base
        index = catalogue.index.base
        if not isinstance(index, MilvusIndex):
            raise TypeError(index)
        fields = [base.fields.column(name).codes for name in base.fields.names]
        return {
            "words": base.words.nbytes,
            "texts and prices": base._table.nbytes,
            "codes of the filters": sum(codes.nbytes for codes in fields),
            "completions": completions.completions.nbytes,
            "keys of Milvus": sum(
                one.nbytes for one in (index.keys, index.blank, index._sorted, index._order)
            ),
        }


if __name__ == "__main__":
    main()
