"""A fault in a row names the file's own column, in every format."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from services.pipeline.feeds import open_feed
from services.pipeline.feeds.sqid import ESCI_PRODUCTS, IMAGE_FEATURES
from services.pipeline.feeds.validation import Reject, RowValidator


def refused_columns(path: Path) -> list[str]:
    feed = open_feed(path)
    validator = RowValidator(feed.folder)
    outcomes = [(row, validator.check(row)) for row in feed.rows()]
    return [
        feed.column(row, fault.column)
        for row, one in outcomes
        for fault in ([one] if isinstance(one, Reject) else one.notes)
    ]


@pytest.mark.parametrize(
    ("name", "content", "columns"),
    [
        (
            "own.csv",
            "SKU;Product Name;Price;Image URL;Picture;Note\n1;;1;;;\n2;a;x;;;\n3;a;;ftp://a;;\n"
            "4;a;;;none.png;\n5;a;;;;\a\n;a;;;;\n",
            ["Product Name", "Price", "Image URL", "Picture", "Note", "SKU"],
        ),
        (
            "google.tsv",
            "id\ttitle\tlink\timage_link\tprice\n1\ta\tx\t\t\n2\ta\t\tftp://a\t\n3\ta\t\t\tx\n",
            ["link", "image_link", "price"],
        ),
        (
            "google.xml",
            "<rss><channel><item><id>1</id></item><item><id>2</id><title>a</title><price>x</price>"
            "</item></channel></rss>",
            ["title", "price"],
        ),
        (
            "shopify.csv",
            "Handle,Title,Body (HTML),Variant Price,Image Src\na,A,,x,\nb,,,1,\nc,C,,1,ftp://a\n",
            ["Variant Price", "Title", "Image Src"],
        ),
    ],
)
def test_a_column_is_named_as_in_the_file(
    tmp_path: Path, name: str, content: str, columns: list[str]
) -> None:
    (tmp_path / name).write_text(content)
    assert refused_columns(tmp_path / name) == columns


def test_sqid_names_the_columns_of_its_several_files(tmp_path: Path) -> None:
    esci = {"product_id": ["A", "B"], "product_title": ["", "b"], "product_locale": ["us", "us"]}
    pq.write_table(pa.table(esci), tmp_path / ESCI_PRODUCTS)
    links = {"product_id": ["A", "B"], "image_url": ["", "ftp://a"]}
    pq.write_table(pa.table(links), tmp_path / "product_image_urls.parquet")
    assert refused_columns(tmp_path) == ["product_title", "image_url"]
    feed = open_feed(tmp_path)
    assert feed.column(next(feed.rows()), "image_vector") == IMAGE_FEATURES
