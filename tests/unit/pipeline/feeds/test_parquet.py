"""Parquet: folders of parts, lists, structs of pictures, float ids, nested attributes."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from services.pipeline.errors import FeedUnusable
from services.pipeline.feeds import FeedRow, open_feed
from services.pipeline.feeds.validation import FeedProduct, RowValidator

PNG = b"\x89PNG\r\n\x1a\n and so on"


def rows(path: Path) -> list[FeedRow]:
    feed = open_feed(path)
    found = list(feed.rows())
    assert feed.count() == len(found)
    return found


def row_of(folder: Path, **columns: object) -> FeedRow:
    arrays = {name: [value] for name, value in columns.items()}
    path = folder / "feed.parquet"
    pq.write_table(pa.table({"product_id": ["1"], "title": ["Mug"]} | arrays), path)
    (row,) = rows(path)
    return row


@pytest.mark.parametrize("name", ["products", "products.parquet"])
def test_a_folder_of_parts_is_one_table(tmp_path: Path, name: str) -> None:
    folder = tmp_path / name
    for colour, number in (("red", 0), ("dark%20blue", 1), ("__HIVE_DEFAULT_PARTITION__", 2)):
        part = folder / f"color={colour}" / f"part-0000{number}.snappy.parquet"
        part.parent.mkdir(parents=True)
        columns = {"product_id": [f"{number}"], "title": ["Mug"]}
        # A part may have its columns in another order.
        order = list(columns) if number else list(columns)[::-1]
        pq.write_table(pa.table(columns).select(order), part)
    (folder / "_SUCCESS").touch()
    (folder / "_temporary").mkdir()
    pq.write_table(pa.table({"x": [1]}), folder / "_temporary" / "part.parquet")
    found = rows(folder)
    assert [row.number for row in found] == [1, 2, 3]
    assert {row.fields["product_id"]: row.attributes.get("color") for row in found} == {
        "0": "red",
        "1": "dark blue",
        "2": None,
    }


def test_a_folder_that_is_neither_parts_nor_sqid_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(FeedUnusable):
        open_feed(tmp_path / "empty")
    (tmp_path / "empty.parquet").mkdir()
    with pytest.raises(FeedUnusable, match=r"holds no \.parquet file"):
        open_feed(tmp_path / "empty.parquet")


@pytest.mark.parametrize(
    "image",
    [
        {"bytes": PNG, "path": "a.png"},
        {"bytes": PNG, "path": None},
        [{"bytes": PNG, "path": None}, {"bytes": b"other", "path": None}],
        PNG,
    ],
)
def test_a_picture_in_a_struct_or_as_bytes_is_the_products(tmp_path: Path, image: object) -> None:
    row = row_of(tmp_path, image=image)
    assert row.picture == PNG
    product = RowValidator(tmp_path).check(row)
    assert isinstance(product, FeedProduct)
    assert (product.picture_bytes, product.picture_link, product.notes) == (PNG, "", ())


def test_a_struct_without_bytes_names_its_picture(tmp_path: Path) -> None:
    kind = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    image = pa.array([{"bytes": None, "path": "https://c.example/1.jpg"}], kind)
    path = tmp_path / "feed.parquet"
    pq.write_table(pa.table({"id": ["1"], "title": ["Mug"], "image": image}), path)
    (row,) = rows(path)
    assert (row.picture, row.fields["image"]) == (None, "https://c.example/1.jpg")


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        (pa.float64(), 1001.0, "1001"),
        (pa.float64(), 12345678901234568.0, "12345678901234568"),
        (pa.float32(), 7.0, "7"),
        (pa.float64(), 1.5, "1.5"),
        (pa.int64(), 1001, "1001"),
        (pa.string(), "1001.0", "1001.0"),
    ],
)
def test_whole_floats_are_whole_numbers(
    tmp_path: Path, kind: pa.DataType, value: object, expected: str
) -> None:
    path = tmp_path / "feed.parquet"
    identifiers = pa.array([value], kind)
    columns = {"product_id": identifiers, "title": ["Mug"], "gtin": identifiers}
    pq.write_table(pa.table(columns), path)
    (row,) = rows(path)
    assert (row.fields["product_id"], row.attributes["gtin"]) == (expected, expected)


@pytest.mark.parametrize(
    ("value", "expected"), [(12.9, "12.9"), (None, None), (1e-6, "1e-06"), (float("nan"), None)]
)
def test_a_price_of_32_bits_has_the_digits_that_it_had(
    tmp_path: Path, value: float | None, expected: str | None
) -> None:
    path = tmp_path / "feed.parquet"
    columns = {"id": ["1"], "title": ["Mug"], "price": pa.array([value], pa.float32())}
    pq.write_table(pa.table(columns), path)
    (row,) = rows(path)
    assert row.fields.get("price") == expected


def test_lists_of_words_are_text_and_of_categories_several(tmp_path: Path) -> None:
    row = row_of(
        tmp_path,
        description=["Holds 300 ml.", "<p>Clay</p>"],
        category=["Gifts", "Kitchen > Mugs"],
        image=["https://c.example/1.jpg", "https://c.example/2.jpg"],
        tags=["a", "b"],
    )
    assert row.fields["description"] == "Holds 300 ml.\nClay"
    assert row.fields["category"] == "Kitchen > Mugs"
    assert row.fields["image"] == "https://c.example/1.jpg"
    assert row.attributes == {
        "more_categories": "Gifts",
        "more_images": "https://c.example/2.jpg",
        "tags": "a, b",
    }


@pytest.mark.parametrize("as_map", [False, True])
def test_nested_attributes_are_attributes(tmp_path: Path, as_map: bool) -> None:
    values = {"color": "red", "size": "M", "none": None}
    if not as_map:
        nested = pa.array([values | {"sizes": ["S", "M"], "eco": True, "box": {"cm": 3}}])
    else:
        nested = pa.array([list(values.items())], pa.map_(pa.string(), pa.string()))
    path = tmp_path / "feed.parquet"
    pq.write_table(pa.table({"id": ["1"], "title": ["Mug"], "attributes": nested}), path)
    (row,) = rows(path)
    more = {} if as_map else {"sizes": "S, M", "eco": "true", "box": '{"cm": 3}'}
    assert row.attributes == {"color": "red", "size": "M"} | more


def test_pictures_of_every_format_are_in_the_folder_of_its_parts(tmp_path: Path) -> None:
    folder = tmp_path / "feed"
    folder.mkdir()
    (folder / "a.jpg").write_bytes(b"a picture")
    table = pa.table({"id": ["1"], "title": ["Mug"], "link": [""], "image_link": ["a.jpg"]})
    pq.write_table(table, folder / "part-0.parquet")
    feed = open_feed(folder)
    assert feed.format == "google-merchant"
    product = RowValidator(feed.folder).check(next(feed.rows()))
    assert isinstance(product, FeedProduct)
    assert product.picture_file == folder / "a.jpg"


def test_products_of_esci_in_several_parts_are_counted(tmp_path: Path) -> None:
    for part, locale in enumerate(["us", "us", "es"]):
        names = {"product_id": [str(part)], "product_title": ["Mug"], "product_locale": [locale]}
        pq.write_table(pa.table(names), tmp_path / f"part-{part}.parquet")
    assert len(rows(tmp_path)) == 2
