"""Packed files, encodings, and what only looks like a feed."""

from __future__ import annotations

import gzip
import zipfile
from pathlib import Path

import pytest

from services.pipeline.errors import FeedUnusable
from services.pipeline.feeds import FeedOptions, FeedRow, open_feed
from services.pipeline.feeds.opening import wrong_encoding

CSV = "product_id;title;price\n1;Größe L;1.299,00 €\n"
XML = "<rss><channel><item><id>1</id><title>Größe L</title></item></channel></rss>"


def rows(path: Path, encoding: str = "") -> list[FeedRow]:
    feed = open_feed(path, FeedOptions(encoding=encoding))
    found = list(feed.rows())
    assert feed.count() == len(found)
    return found


@pytest.mark.parametrize(("content", "name"), [(CSV, "feed.csv"), (XML, "feed.xml")])
def test_gz_and_zip_with_one_file_are_read_as_that_file(
    tmp_path: Path, content: str, name: str
) -> None:
    with gzip.open(tmp_path / f"{name}.gz", "wb") as packed:
        packed.write(content.encode())
    with zipfile.ZipFile(tmp_path / "feed.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("__MACOSX/._feed.csv", b"x")
        archive.writestr(f"export/{name}", content.encode())
    for path in (tmp_path / f"{name}.gz", tmp_path / "feed.zip"):
        (row,) = rows(path)
        assert row.fields["title"] == "Größe L"
    (tmp_path / "feed.gz").write_bytes(gzip.compress(CSV.encode()))
    assert rows(tmp_path / "feed.gz")[0].fields["title"] == "Größe L"


def test_a_packed_file_that_is_no_single_feed_is_refused(tmp_path: Path) -> None:
    several, workbook = tmp_path / "several.zip", tmp_path / "book.csv"
    with zipfile.ZipFile(several, "w") as archive:
        archive.writestr("a.csv", CSV)
        archive.writestr("b.csv", CSV)
    with zipfile.ZipFile(workbook, "w") as archive:
        archive.writestr("[Content_Types].xml", "x")
        archive.writestr("xl/workbook.xml", "x")
    cut = tmp_path / "cut.csv.gz"
    cut.write_bytes(gzip.compress(b"id,title\n" + b"1,Mug\n" * 100_000)[:-200])
    for path, reason in (
        (several, "must hold one file; this one holds 2"),
        (workbook, "an Excel workbook; save it as CSV"),
        (cut, "cannot be unpacked"),
    ):
        with pytest.raises(FeedUnusable, match=reason):
            rows(path)


@pytest.mark.parametrize("name", ["feed.csv", "feed.tsv", "feed.xml"])
@pytest.mark.parametrize("page", ["<!DOCTYPE html>\n<html>", "\ufeff\n <HTML lang=en>"])
def test_a_page_saved_as_a_feed_is_refused(tmp_path: Path, name: str, page: str) -> None:
    (tmp_path / name).write_text(page)
    with pytest.raises(FeedUnusable, match="this is an HTML page, not a product feed"):
        open_feed(tmp_path / name)


@pytest.mark.parametrize(
    ("written", "named"),
    [
        ("utf-8-sig", "utf-8"),
        ("utf-8-sig", "cp1252"),
        ("utf-16", "utf-16"),
        ("utf-16", ""),
        ("utf-16-le", ""),
        ("utf-16-be", ""),
        ("utf-32", ""),
        ("cp1252", "cp1252"),
        ("gb18030", "gb18030"),
    ],
)
def test_a_byte_order_mark_is_dropped_and_counts_more_than_a_name(
    tmp_path: Path, written: str, named: str
) -> None:
    (tmp_path / "feed.csv").write_bytes(CSV.encode(written))
    feed = open_feed(tmp_path / "feed.csv", FeedOptions(encoding=named))
    assert feed.columns == ("product_id", "title", "price")
    (row,) = feed.rows()
    assert row.fields["title"] == "Größe L"


@pytest.mark.parametrize("encoding", ["utf-8", "shift_jis", "gbk", "ascii", "utf-16-le"])
def test_wrong_bytes_cost_their_own_row(tmp_path: Path, encoding: str) -> None:
    good = "id,title\n1,Mug\n".encode(encoding)
    wrong = b"2,\xff\xff\x00\xdc" if encoding == "utf-16-le" else b"2,\x81\xff"
    end = "\n".encode(encoding)
    if encoding == "utf-16-le":
        wrong = "2,".encode(encoding) + b"\x00\xdc"
    (tmp_path / "feed.csv").write_bytes(good + wrong + end + "3,Hat\n".encode(encoding))
    first, second, third = rows(tmp_path / "feed.csv", encoding)
    assert (first.fields["title"], third.fields["title"]) == ("Mug", "Hat")
    assert not second.fields["title"].isprintable()


def test_columns_that_come_twice_are_read_once(tmp_path: Path) -> None:
    path = tmp_path / "feed.csv"
    path.write_text("id,title,Color,Title,color\n1,,Red,Mug,red\n2,Hat,,Cap,blue\n")
    first, second = rows(path)
    assert (first.fields["title"], first.attributes) == ("Mug", {"color": "Red"})
    assert (second.fields["title"], second.attributes) == ("Hat", {"color": "blue"})


def test_columns_that_no_format_knows_are_named(tmp_path: Path) -> None:
    path = tmp_path / "feed.csv"
    path.write_text("Id,Title,Wholesale,Item Type\n1,Mug,5,Ware\n")
    assert open_feed(path).attribute_columns == ("Wholesale", "Item Type")


@pytest.mark.parametrize(
    ("members", "reason"),
    [
        (("mimetype", "content.xml"), "a document of LibreOffice or Apple; save it as CSV"),
        (("Index/Document.iwa", "preview.jpg"), "a document of LibreOffice or Apple"),
        (("feed.csv", "images/1.jpg"), "holds 2. Unpack it, and load the file with the products"),
    ],
)
def test_other_zip_files_are_refused_with_advice(
    tmp_path: Path, members: tuple[str, ...], reason: str
) -> None:
    path = tmp_path / "feed.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name in members:
            archive.writestr(name, "x")
    with pytest.raises(FeedUnusable, match=reason):
        open_feed(path)


def test_kaggles_styles_load(tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / "15970.jpg").write_bytes(b"picture")
    path = tmp_path / "styles.csv"
    path.write_text(
        "id,gender,masterCategory,subCategory,articleType,baseColour,season,year,usage,"
        "productDisplayName\n"
        "15970,Men,Apparel,Topwear,Shirts,Navy Blue,Fall,2011,Casual,Turtle Check Shirt\n"
        "1,Men,Apparel,Topwear,Shirts,Red,Fall,2011,Casual,Shirt, with a comma\n"
    )
    shirt, torn = rows(path)
    assert shirt.fields == {
        "product_id": "15970",
        "title": "Turtle Check Shirt",
        "category": "Apparel > Topwear > Shirts",
        "image": "images/15970.jpg",
    }
    assert shirt.attributes == {
        "gender": "Men",
        "color": "Navy Blue",
        "season": "Fall",
        "year": "2011",
        "usage": "Casual",
    }
    assert torn.problem is not None


@pytest.mark.parametrize(
    ("beginning", "reason"),
    [
        (b"%PDF-1.7\n", "this is a PDF document"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "of Microsoft Office; save it as CSV"),
        (b"SQLite format 3\0", "an SQLite database; export a table as CSV"),
        (b"\x89PNG\r\n\x1a\n", "this is a picture"),
        (b"RIFF\x10\0\0\0WEBP", "this is a picture"),
    ],
)
def test_another_kind_of_file_saved_as_a_feed_is_named(
    tmp_path: Path, beginning: bytes, reason: str
) -> None:
    path = tmp_path / "feed.csv"
    path.write_bytes(beginning + bytes(range(256)))
    with pytest.raises(FeedUnusable, match=reason):
        open_feed(path)


def test_a_cut_or_strangely_packed_file_is_refused_in_one_line_by_the_check_too(
    tmp_path: Path,
) -> None:
    cut = tmp_path / "cut.csv.gz"
    cut.write_bytes(
        gzip.compress(b"id,title\n" + b"".join(b"%d,Mug\n" % n for n in range(9_000)))[:-9]
    )
    strange = tmp_path / "strange.zip"
    with zipfile.ZipFile(strange, "w") as archive:
        archive.writestr("a.csv", CSV)
    method = b"\x63\0"  # 99, which the standard library does not know
    content = bytearray(strange.read_bytes())
    central = content.index(b"PK\x01\x02")
    content[8:10], content[central + 10 : central + 12] = method, method
    strange.write_bytes(content)
    for path in (cut, strange):
        with pytest.raises(FeedUnusable, match="cannot be unpacked"):
            wrong_encoding(path, "")
        with pytest.raises(FeedUnusable, match="cannot be unpacked"):
            rows(path)
