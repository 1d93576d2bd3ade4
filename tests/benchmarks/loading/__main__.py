"""Benchmark `load`: how long a catalogue takes from the online store into memory, and reads after.

A catalogue is written through Feast into a Redis of its own, then read whole by the retriever's
reader, every row checked. Batches of several sizes take turns in one run, so that a machine that
slows down slows them all. Last, 10,000 reads of metadata: does Feast grow slower as it is asked?
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path

import prometheus_client  # noqa: F401 - before Feast, see services/retriever/loading/store.py

# isort: split
import httpx
import numpy as np
import yaml  # type: ignore[import-untyped]
from numpy.typing import NDArray
from prometheus_client.parser import text_string_to_metric_families
from redis import Redis
from threadpoolctl import threadpool_limits

from services.contracts.base import ModalityWeights
from services.contracts.catalogue import METADATA_VIEW, PRODUCTS_PER_SHARD
from services.pipeline.catalogue.feature_writer import FeatureWriter, Survey
from services.pipeline.catalogue.ledger import Entry
from services.pipeline.catalogue.offline_store import OfflineStore
from services.pipeline.catalogue.online_store import EventClock, OnlineStore
from services.pipeline.catalogue.product import CatalogueProduct, ProductVectors
from services.pipeline.catalogue.publication import Publisher
from services.pipeline.catalogue.stores import Stores
from services.pipeline.feeds.validation import FeedProduct
from services.retriever.catalogue.catalogue import Catalogue
from services.retriever.index import LiveIndex, Vector
from services.retriever.loading.reader import CatalogueReader
from services.retriever.loading.store import FeastFeatures
from services.retriever.loading.workers import Processes
from tests.benchmarks.machine import measured_by
from tests.benchmarks.report import table, write_section
from tests.benchmarks.retriever.data import Distribution
from tests.support.feast_repository import write_feature_repo
from tests.support.redis_server import RedisProcess
from tests.support.service_process import ServiceProcess, listening_socket, url_of

MODEL = "benchmark@1"
DIMENSION = 512
WRITE_BATCH = 500
METADATA_READS = 10_000
PRODUCTS_A_READ = 20


def main() -> None:
    """Print a table of ways to read, and one of metadata reads."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--products", type=int, default=200_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--batches", type=int, nargs="+", default=[500, 1_000])
    parser.add_argument("--write", action="store_true", help="into docs/benchmarks.md")
    options = parser.parse_args()
    with feature_store() as repo:
        started = time.perf_counter()
        publish(repo, options.products)
        seconds = time.perf_counter() - started
        written = f"{options.products:,} products written through Feast in {seconds:.1f} s."
        print(written, flush=True)
        memory = _bench_memory(repo, options.products)
        print(memory, flush=True)
        loads = _bench_loads(repo, options)
        print(loads, flush=True)
        reload = _bench_reload(repo, options.products)
        print(reload, flush=True)
        text = "\n\n".join(
            (
                measured_by("load", ["feast", "redis", "faiss-cpu"]),
                f"{written} Two vectors of {DIMENSION} floats a product; every row is checked, and "
                "the seconds include building the index.",
                memory,
                loads,
                reload,
                _bench_metadata(repo, options.products),
            )
        )
    print(text)
    if options.write:
        write_section("Loading a catalogue", text)


@contextmanager
def feature_store() -> Iterator[Path]:
    """A Feast repository over a Redis that lives as long as the block."""
    with tempfile.TemporaryDirectory() as folder:
        redis = RedisProcess(Path(folder))
        redis.start()
        try:
            yield write_feature_repo(Path(folder) / "repo", redis.address)
        finally:
            redis.stop()


def publish(
    repo: Path,
    count: int,
    model: str = MODEL,
    vectors: NDArray[np.float32] | None = None,
    product: Callable[[int, str], CatalogueProduct] | None = None,
) -> None:
    """A catalogue of `count` products, written as the pipeline writes one.

    vectors: (2·count, d), of the words and the picture of each product in turn; none: random ones.
    product: of a number and a model, in ascending order of id; by default `catalogue_product`.
    """
    product = product or catalogue_product
    online, offline, clock = OnlineStore(repo), OfflineStore(repo / "offline"), EventClock()
    online.apply()
    writer = FeatureWriter(Stores(online, offline, clock), model)
    generator = np.random.default_rng(0)
    entries: list[Entry] = []
    for start in range(0, count, WRITE_BATCH):
        products = [
            product(number, model) for number in range(start, min(start + WRITE_BATCH, count))
        ]
        if vectors is None:
            some = generator.standard_normal((2 * len(products), DIMENSION)).astype(np.float32)
            some /= np.linalg.norm(some, axis=1, keepdims=True)
        else:
            some = vectors[2 * start : 2 * (start + len(products))]
        pairs = zip(some[::2], some[1::2], strict=True)
        writer.write(
            Survey(encode=products, describe=products),
            {
                one.product_id: ProductVectors(text, image)
                for one, (text, image) in zip(products, pairs, strict=True)
            },
        )
        entries += [one.entry for one in products]
    Publisher(
        online,
        offline,
        clock,
        model_id=model,
        dimension=DIMENSION,
        products_per_shard=PRODUCTS_PER_SHARD,
    ).publish(entries)


def catalogue_product(number: int, model: str = MODEL) -> CatalogueProduct:
    return CatalogueProduct.of(
        FeedProduct(
            row=number,
            product_id=f"p-{number:07}",
            title=f"Product {number}, striped, in red",
            description="A product with a description of about the length that shops give. " * 2,
            brand=f"Brand {number % 100}",
            category=f"Kitchen > Shelf {number % 50}",
            price=number % 1000 / 10,
            currency="EUR",
            product_url=f"https://example.com/{number}",
            picture_file=None,
            picture_link=f"https://example.com/{number}.jpg",
            attributes={"color": "red", "pattern": "striped"},
        ),
        None,
        model,
    )


def _bench_memory(repo: Path, count: int) -> str:
    """Memory of a retriever and of Redis while the catalogue is served."""
    listener = listening_socket()
    url = url_of(listener)
    retriever = ServiceProcess(
        ["services.retriever"],
        "RETRIEVER",
        listener,
        repo / "retriever.log",
        feature_store=str(repo),
    )
    try:
        started = time.perf_counter()
        retriever.wait_until_ready(url, within_s=600)
        seconds = time.perf_counter() - started
        told = httpx.get(f"{url}/metrics", trust_env=False).text
    finally:
        retriever.stop()
        listener.close()
    families = text_string_to_metric_families(told)
    resident = next(one for one in families if one.name == "process_resident_memory_bytes")
    store = yaml.safe_load((repo / "feature_store.yaml").read_text(encoding="utf-8"))
    address = str(store["online_store"]["connection_string"]).partition(",")[0]
    with Redis.from_url(f"redis://{address}") as client:
        stored = client.info("memory")["used_memory"]
    return (
        f"A retriever serves {count:,} products {seconds:.1f} s after it was started and has "
        f"{resident.samples[0].value / 1e6:,.0f} MB resident; Redis holds {stored / 1e6:,.0f} MB."
    )


def _bench_loads(repo: Path, options: argparse.Namespace) -> str:
    seconds: dict[int, list[float]] = {batch: [] for batch in options.batches}
    for _ in range(options.rounds):
        for batch in options.batches:
            features = FeastFeatures(repo, timeout_s=30)
            # As while the service searches.
            with (
                closing(CatalogueReader(features, batch=batch)) as reader,
                threadpool_limits(1, user_api="blas"),
            ):
                head = reader.head()
                started = time.perf_counter()
                reader.load(head)
                seconds[batch].append(time.perf_counter() - started)
    return table(
        ["products a read", "seconds, median", "least", "most"],
        [[batch, statistics.median(some), min(some), max(some)] for batch, some in seconds.items()],
    )


def _bench_reload(repo: Path, count: int) -> str:
    """Search latency while the same catalogue is read again beside the served one."""
    queries = Distribution().queries(200, ModalityWeights(text=1, image=1))
    rows: list[list[object]] = []
    for name, processes in (
        ("a thread", None),
        ("two processes", Processes(repo, 30, count=2, worth_from=0)),
    ):
        features = FeastFeatures(repo, timeout_s=30)
        with (
            closing(CatalogueReader(features, batch=500, processes=processes)) as reader,
            threadpool_limits(1, user_api="blas"),
            ThreadPoolExecutor(1) as pool,
        ):
            head = reader.head()
            index = reader.load(head).index
            at_rest = _searches(index, queries)
            started = time.perf_counter()
            load = pool.submit(reader.load, head, serving=True)
            meanwhile = _searches(index, queries, load)
            load.result()
            seconds = time.perf_counter() - started
        rows += [
            [f"nothing, before {name}", "", *np.percentile(at_rest, [50, 99])],
            [f"a load in {name}", seconds, *np.percentile(meanwhile, [50, 99])],
        ]
    return (
        f"A search of {count:,} products, one every few milliseconds, while another version of "
        "them is read:\n\n" + table(["beside", "seconds", "search p50, ms", "search p99, ms"], rows)
    )


def _searches(
    index: LiveIndex, queries: list[Vector], beside: Future[Catalogue] | None = None
) -> list[float]:
    """Milliseconds of one search after another: each query once, or as long as a load takes."""
    milliseconds: list[float] = []
    while len(milliseconds) < len(queries) if beside is None else not beside.done():
        started = time.perf_counter()
        index.search(queries[len(milliseconds) % len(queries)], 20)
        milliseconds.append(1_000 * (time.perf_counter() - started))
        time.sleep(0.005)
    return milliseconds


def _bench_metadata(repo: Path, count: int) -> str:
    features = FeastFeatures(repo, timeout_s=30)
    generator = np.random.default_rng(1)
    milliseconds: list[float] = []
    with closing(features):
        for _ in range(METADATA_READS):
            numbers = generator.integers(0, count, PRODUCTS_A_READ).tolist()
            products = [catalogue_product(number) for number in numbers]
            started = time.perf_counter()
            features.refresh()
            features.read(
                METADATA_VIEW,
                ["title", "price"],
                {
                    "product_id": [product.product_id for product in products],
                    "content": [product.metadata_fingerprint for product in products],
                },
            )
            milliseconds.append(1_000 * (time.perf_counter() - started))
    first, last = (
        float(np.percentile(part, 99)) for part in (milliseconds[:1_000], milliseconds[-1_000:])
    )
    return (
        f"{METADATA_READS:,} reads of the metadata of {PRODUCTS_A_READ} products, the registry "
        f"looked at before each: p50 {statistics.median(milliseconds):.2f} ms; p99 of the first "
        f"thousand {first:.2f} ms, of the last {last:.2f}: ×{last / first:.2f}."
    )


if __name__ == "__main__":
    main()
