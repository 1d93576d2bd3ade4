"""Benchmark `features`: Feast's `get_online_features` as documented, beside what is done here.

One Redis, one catalogue written by the pipeline's own writer. First the metadata of 20 products, as
a page of results needs them; then the whole catalogue, vectors and metadata, into memory. All ways
take turns in one run. `--write` puts the tables into docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import gc
import statistics
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path

import prometheus_client  # noqa: F401 - before Feast, see services/retriever/loading/store.py

# isort: split
import numpy as np
from feast import FeatureStore

from services.contracts.catalogue import IMAGE_VECTOR, METADATA_VIEW, TEXT_VECTOR, VECTOR_VIEW
from services.pipeline.catalogue.product import CatalogueProduct
from services.retriever.catalogue.catalogue import Catalogue
from services.retriever.catalogue.product_table import TEXT_COLUMNS
from services.retriever.index import IndexChoice
from services.retriever.loading.reader import CatalogueReader
from services.retriever.loading.store import FeastFeatures
from tests.benchmarks.loading.__main__ import (
    DIMENSION,
    MODEL,
    catalogue_product,
    feature_store,
    publish,
)
from tests.benchmarks.machine import measured_by
from tests.benchmarks.report import table, write_section
from tests.benchmarks.timing import in_turns, percentile

PRODUCTS_A_READ = 20
BATCH = 500
"""Products a read of the retriever's bulk load."""
FEATURES = (*TEXT_COLUMNS, "price")
VECTORS = (TEXT_VECTOR, IMAGE_VECTOR)
Keys = list[dict[str, str]]
"""Feast's entity rows."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--products", type=int, default=23_000)
    parser.add_argument("--reads", type=int, default=500, help="of 20 products, for each way")
    parser.add_argument("--rounds", type=int, default=3, help="of whole loads")
    parser.add_argument("--write", action="store_true", help="into docs/benchmarks.md")
    options = parser.parse_args()
    with feature_store() as repo:
        publish(repo, options.products)
        features = FeastFeatures(repo, timeout_s=30)
        choice = IndexChoice(kind="exact")
        with closing(CatalogueReader(features, batch=BATCH, choice=choice)) as reader:

            def load() -> Catalogue:
                return reader.load(reader.head())

            reads = _reads(repo, features, load(), options)
            loads = _loads(repo, features, load, options)
    text = _told(options, reads, loads)
    print(text)
    if options.write:
        write_section("Feature store", text)


def _reads(
    repo: Path, features: FeastFeatures, catalogue: Catalogue, options: argparse.Namespace
) -> dict[str, list[float]]:
    """Milliseconds of each read, by method; each read takes 20 other random products."""
    store = FeatureStore(repo_path=str(repo))
    every = [catalogue_product(number) for number in range(options.products)]
    names = [f"{METADATA_VIEW}:{name}" for name in FEATURES]

    def documented(numbers: list[int]) -> object:
        keys = _metadata_keys([every[number] for number in numbers])
        return store.get_online_features(features=names, entity_rows=keys).to_dict()

    def columns(numbers: list[int]) -> object:
        wanted = [every[number] for number in numbers]
        found = features.read(
            METADATA_VIEW,
            FEATURES,
            {
                "product_id": [one.product_id for one in wanted],
                "content": [one.metadata_fingerprint for one in wanted],
            },
        )
        return [found.texts(name) for name in TEXT_COLUMNS], found.numbers("price")

    ways: Mapping[str, Callable[[list[int]], object]] = {
        "Feast, as documented: `get_online_features(…).to_dict()`": documented,
        "Feast, columns in, no dictionary out": columns,
        "retriever: columns in memory": lambda numbers: catalogue.products.values(numbers),
    }
    found: dict[str, list[float]] = {name: [] for name in ways}
    generator = np.random.default_rng(1)
    for number in range(-10, options.reads):
        numbers = generator.integers(0, options.products, PRODUCTS_A_READ).tolist()
        for name, read in ways.items():
            started = time.perf_counter()
            read(numbers)
            if number >= 0:
                found[name].append(1000 * (time.perf_counter() - started))
    return found


def _loads(
    repo: Path, features: FeastFeatures, load: Callable[[], Catalogue], options: argparse.Namespace
) -> dict[str, float]:
    """Median seconds until all vectors and metadata are in memory, by each way."""
    store = FeatureStore(repo_path=str(repo))
    every = [catalogue_product(number) for number in range(options.products)]

    def documented(size: int) -> Callable[[], object]:
        def run() -> object:
            parts = [every[start : start + size] for start in range(0, len(every), size)]
            return [_read_documented(store, part) for part in parts]

        return run

    return in_turns(
        {
            "Feast, as documented, 20 products a call": documented(PRODUCTS_A_READ),
            "Feast, as documented, all in one call": documented(len(every)),
            f"columns and bytes, {BATCH} products a call": lambda: _read_here(features, every),
            "the retriever's whole load, which reads so": load,
        },
        rounds=options.rounds,
    )


def _read_documented(store: FeatureStore, part: list[CatalogueProduct]) -> object:
    """Vectors as (n, d) arrays and metadata as lists, from the dictionaries that Feast gives."""
    metadata = store.get_online_features(
        features=[f"{METADATA_VIEW}:{name}" for name in FEATURES], entity_rows=_metadata_keys(part)
    ).to_dict()
    vectors = store.get_online_features(
        features=[f"{VECTOR_VIEW}:{name}" for name in VECTORS],
        entity_rows=[
            {"product_id": one.product_id, "model_id": MODEL, "content": one.vector_fingerprint}
            for one in part
        ],
    ).to_dict()
    arrays = [np.array(vectors[name], np.float32) for name in VECTORS]
    if any(array.shape != (len(part), DIMENSION) for array in arrays) or None in metadata["title"]:
        raise RuntimeError("Feast does not know every product: no comparison")
    return metadata, arrays


def _read_here(features: FeastFeatures, every: list[CatalogueProduct]) -> object:
    """The same as `_read_documented`, as the retriever's reader reads: the collector rests, columns
    go in, and vectors come out as bytes."""
    arrays = np.zeros((2, len(every), DIMENSION), np.float32)
    metadata: list[object] = []
    gc.disable()
    try:
        for start in range(0, len(every), BATCH):
            part = every[start : start + BATCH]
            ids = [one.product_id for one in part]
            contents = [one.metadata_fingerprint for one in part]
            found = features.read(METADATA_VIEW, FEATURES, {"product_id": ids, "content": contents})
            metadata += [found.texts(name) for name in TEXT_COLUMNS] + [found.numbers("price")]
            keys = {"product_id": ids, "model_id": [MODEL] * len(part)}
            keys["content"] = [one.vector_fingerprint for one in part]
            columns = features.read(VECTOR_VIEW, VECTORS, keys)
            for name, array in zip(VECTORS, arrays, strict=True):
                columns.vectors(name, array[start : start + BATCH])
    finally:
        gc.enable()
    return metadata, arrays


def _metadata_keys(products: list[CatalogueProduct]) -> Keys:
    return [{"product_id": one.product_id, "content": one.metadata_fingerprint} for one in products]


def _told(
    options: argparse.Namespace, reads: dict[str, list[float]], loads: dict[str, float]
) -> str:
    slowest = statistics.median(next(iter(reads.values())))
    rows = [
        [name, statistics.median(some), percentile(some, 99), _times(slowest, some)]
        for name, some in reads.items()
    ]
    longest = next(iter(loads.values()))
    load_rows = [[name, value, f"{longest / value:.1f}×"] for name, value in loads.items()]
    return (
        f"{measured_by('features', ('feast', 'redis'))} {options.products:,} products of two "
        f"vectors of {DIMENSION}, a Redis on the same machine; all ways take turns.\n\n"
        f"### {PRODUCTS_A_READ} products' metadata, {len(FEATURES)} features each\n\n"
        + table(["way", "p50 ms", "p99 ms", "times faster"], rows)
        + f"\n\nMedians of {options.reads} reads of products drawn at random.\n\n"
        f"### All {options.products:,} products, vectors and metadata, into memory\n\n"
        + table(["way", "seconds", "times faster"], load_rows)
        + f"\n\nMedians of {options.rounds} loads, no search index built. The whole load also "
        "finds out which products there are, checks every row's fingerprint and every vector's "
        "length, validates every product, and computes the mean and covariance of all vectors."
    )


def _times(slowest: float, some: list[float]) -> str:
    return f"{slowest / statistics.median(some):.1f}×"


if __name__ == "__main__":
    main()
