"""`python -m tests.benchmarks.feeds`: a gigabyte of each kind of feed, read in how much memory?

Each file is written and read in a process of its own, and removed.
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from services.pipeline.feeds import open_feed
from services.pipeline.feeds.sqid import (
    ESCI_PRODUCTS,
    FEATURES,
    IMAGE_FEATURES,
    MODEL,
    TEXT_FEATURES,
)

_WORDS = "A description of a product, about a kilobyte long, in words of a person. " * 14
_PRICE = "1.299,00 EUR"
_VECTORS_AT_ONCE = 10_000


@dataclass(frozen=True, slots=True)
class Reading:
    """Time and memory of reading one file."""

    name: str
    gigabytes: float
    rows: int
    seconds: float
    """Processor time, so that other work on the machine does not count."""
    megabytes_before: int
    megabytes_at_most: int


def _csv(path: Path, rows: int) -> None:
    _lines(path, "product_id,title,description\n", (f"{n},Mug,{_WORDS}\n" for n in range(rows)))


def _tsv(path: Path, rows: int) -> None:
    header = "id\ttitle\tdescription\tlink\timage_link\tprice\n"
    links = "https://shop.example/\thttps://cdn.example/"
    lines = (f"{n}\tMug\t<p>{_WORDS}</p>\t{links}\t{_PRICE}\n" for n in range(rows))
    _lines(path, header, lines)


def _xml(path: Path, rows: int) -> None:
    items = (
        f"<item><id>{n}</id><title>Mug</title><description>{_WORDS}</description></item>\n"
        for n in range(rows)
    )
    _lines(path, "<rss><channel>\n", items, "</channel></rss>")


def _shopify(path: Path, rows: int) -> None:
    lines = (f"mug-{n // 2},{'' if n % 2 else 'Mug'},<p>{_WORDS}</p>,1\n" for n in range(rows))
    _lines(path, "Handle,Title,Body (HTML),Variant Price\n", lines)


def _lines(path: Path, header: str, lines: Iterator[str], footer: str = "") -> None:
    with path.open("w", encoding="utf-8") as out:
        out.write(header)
        out.writelines(lines)
        out.write(footer)


def _parquet(path: Path, rows: int) -> None:
    """One row group, of words that no codec makes small: the worst there is."""
    columns = {
        "product_id": [str(n) for n in range(rows)],
        "title": ["Mug"] * rows,
        "description": [f"{_WORDS}{n}" for n in range(rows)],
    }
    table = pa.table(columns)
    pq.write_table(table, path, row_group_size=rows, compression="none", use_dictionary=False)


def _sqid(folder: Path, rows: int) -> None:
    """6 kB of vectors a product, in another order than the words."""
    rows //= 6
    folder.mkdir()
    ids = np.array([f"B{n:09}" for n in range(rows)])
    words = {"product_id": ids, "product_title": ["Mug"] * rows, "product_locale": ["us"] * rows}
    pq.write_table(pa.table(words), folder / ESCI_PRODUCTS)
    links = {"product_id": ids, "image_url": [f"https://cdn.example/{n}.jpg" for n in ids]}
    pq.write_table(pa.table(links), folder / "product_image_urls.parquet")
    random = np.random.default_rng(7)
    vectors = pa.list_(pa.float32())
    names = (TEXT_FEATURES, IMAGE_FEATURES)
    schema = pa.schema([("product_id", pa.string()), *((name, vectors) for name in names)])
    with pq.ParquetWriter(folder / FEATURES, schema, compression="none") as out:
        for some in np.split(
            random.permutation(ids), range(_VECTORS_AT_ONCE, rows, _VECTORS_AT_ONCE)
        ):
            floats = random.standard_normal((len(names), some.size, MODEL.dimension), np.float32)
            ends = np.arange(some.size + 1, dtype=np.int32) * MODEL.dimension
            columns = [pa.ListArray.from_arrays(ends, one.ravel()) for one in floats]
            out.write_table(pa.table([pa.array(some), *columns], schema=schema))


KINDS: Mapping[str, Callable[[Path, int], None]] = {
    "own.csv": _csv,
    "google.tsv": _tsv,
    "google.xml": _xml,
    "shopify.csv": _shopify,
    "own.parquet": _parquet,
    "sqid": _sqid,
}


def _read(path: Path) -> Reading:
    before = _most_megabytes()
    started = time.process_time()
    rows = sum(1 for _ in open_feed(path).rows())
    seconds = time.process_time() - started
    files = path.iterdir() if path.is_dir() else [path]
    gigabytes = sum(file.stat().st_size for file in files) / 1e9
    return Reading(path.name, gigabytes, rows, seconds, before, _most_megabytes())


def _most_megabytes() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--rows",
        type=int,
        default=1_000_000,
        help="of a kilobyte each; a sixth as many of six for SQID",
    )
    options = parser.parse_args()
    processes = multiprocessing.get_context("spawn")
    print("| feed | GB | products | CPU s | MB before | MB at most |")
    print("| --- | --- | --- | --- | --- | --- |")
    for name, write in KINDS.items():
        with tempfile.TemporaryDirectory(prefix="feeds-") as folder:
            path = Path(folder) / name
            with processes.Pool(1) as pool:
                pool.apply(write, (path, options.rows))
            with processes.Pool(1) as pool:
                one = pool.apply(_read, (path,))
        print(
            f"| {one.name} | {one.gigabytes:.2f} | {one.rows:,} | {one.seconds:.0f} "
            f"| {one.megabytes_before} | {one.megabytes_at_most} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
