"""However long a feed is, reading it takes the same memory."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from services.pipeline.feeds import open_feed

ROWS = 12_000
WORDS = "A description of a product, a kilobyte long. " * 23
MOST_BYTES = 6_000_000


def own(path: Path) -> None:
    with path.open("w") as out:
        out.write("product_id,title,description\n")
        out.writelines(f"{number},Mug,{WORDS}{number}\n" for number in range(ROWS))


def parquet(path: Path) -> None:
    """One row group, of words that no codec makes small."""
    columns = {
        "product_id": [str(number) for number in range(ROWS)],
        "title": ["Mug"] * ROWS,
        "description": [f"{WORDS}{number}" for number in range(ROWS)],
    }
    pq.write_table(
        pa.table(columns), path, row_group_size=ROWS, compression="none", use_dictionary=False
    )


def google(path: Path) -> None:
    with path.open("w") as out:
        out.write("<rss><channel>")
        out.writelines(
            f"<item><id>{number}</id><title>Mug</title><description>{WORDS}</description></item>"
            for number in range(ROWS)
        )
        out.write("</channel></rss>")


def shopify(path: Path) -> None:
    with path.open("w") as out:
        out.write("Handle,Title,Body (HTML),Variant Price\n")
        out.writelines(f"mug-{number},Mug,<p>{WORDS}</p>,1\n" for number in range(ROWS))


@pytest.mark.parametrize(
    ("write", "name"),
    [(own, "a.csv"), (parquet, "a.parquet"), (google, "a.xml"), (shopify, "b.csv")],
)
def test_a_feed_is_read_in_bounded_memory(
    tmp_path: Path, write: Callable[[Path], None], name: str
) -> None:
    path = tmp_path / name
    write(path)
    assert path.stat().st_size > 2 * MOST_BYTES
    before = pa.default_memory_pool().bytes_allocated()
    tracemalloc.start()
    try:
        arrow = 0
        for number, row in enumerate(open_feed(path).rows(), 1):
            assert row.number == number
            if number % 500 == 0:
                arrow = max(arrow, pa.default_memory_pool().bytes_allocated() - before)
        _, python = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert number == ROWS
    assert python + arrow < MOST_BYTES
