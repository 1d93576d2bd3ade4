"""Files with the habits of browsers, archives, databases and hostile senders."""

from __future__ import annotations

import gzip
import io
import zipfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from services.pipeline.errors import FeedUnusable
from services.pipeline.feeds import FeedOptions, FeedRow, files, open_feed
from services.pipeline.feeds.prices import Price, parse_price
from services.pipeline.feeds.validation import FeedProduct, RowValidator

CSV = "product_id,title,price\n1,Mug,9.90\n2,Cup,4.90\n"


def read(path: Path, **options: str) -> list[FeedRow]:
    feed = open_feed(path, FeedOptions(**options))  # type: ignore[arg-type]
    rows = list(feed.rows())
    assert feed.count() == len(rows)
    return rows


def titles(path: Path, **options: str) -> list[str]:
    return [row.fields.get("title", "") for row in read(path, **options)]


def written(folder: Path, name: str, content: bytes) -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def zipped(*members: tuple[str, str]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in members:
            archive.writestr(name, content)
    return out.getvalue()


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
@pytest.mark.parametrize("title", ["Mug", "Café", "Кружка красная большая для чая и кофе"])
def test_wide_encodings_need_no_mark(tmp_path: Path, encoding: str, title: str) -> None:
    path = written(tmp_path, "feed.csv", f"id,title\n1,{title}\n".encode(encoding))
    assert titles(path) == [title]


@pytest.mark.parametrize("name", ["rot13", "hex", "base64", "idna", "no-such"])
def test_a_codec_that_is_no_encoding_of_text_is_refused(tmp_path: Path, name: str) -> None:
    path = written(tmp_path, "feed.csv", CSV.encode())
    with pytest.raises(FeedUnusable):
        open_feed(path, FeedOptions(encoding=name))


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("unpacked-by-the-browser.csv.gz", CSV.encode()),
        ("two-members.csv.gz", gzip.compress(CSV[:23].encode()) + gzip.compress(CSV[23:].encode())),
        ("mac.zip", zipped(("feed.csv", CSV), ("__MACOSX/._feed.csv", "x"), (".DS_Store", "x"))),
        ("slip.zip", zipped(("../../feed.csv", CSV))),
    ],
)
def test_packed_files_as_people_have_them_are_read(
    tmp_path: Path, name: str, content: bytes
) -> None:
    assert titles(written(tmp_path, name, content)) == ["Mug", "Cup"]


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("twice.csv.gz", gzip.compress(gzip.compress(CSV.encode())), "packed twice"),
        ("none.zip", zipped(), "holds 0"),
        ("two.zip", zipped(("a.csv", CSV), ("b.csv", CSV)), "holds 2"),
        ("nested.zip", zipped(("inner.zip", "x")), "holds inner.zip"),
        ("cut.csv.gz", gzip.compress(CSV.encode() * 99)[:40], "cannot be unpacked"),
        ("page.csv", b"<!-- cms -->\n<HTML>", "HTML page"),
        ("page.xml", b'<?xml version="1.0"?><!DOCTYPE html PUBLIC "x"><html/>', "HTML page"),
        ("page.csv", "<html>".encode("utf-16"), "HTML page"),
    ],
)
def test_what_cannot_be_read_is_refused_in_one_line(
    tmp_path: Path, name: str, content: bytes, reason: str
) -> None:
    with pytest.raises(FeedUnusable, match=reason) as refused:
        read(written(tmp_path, name, content))
    assert "\n" not in str(refused.value)


def test_a_folder_without_a_feed_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FeedUnusable, match="neither Parquet files nor SQID's"):
        open_feed(tmp_path)


def test_a_bomb_is_refused_while_it_is_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "_LEAST_BOMB", 100_000)
    bomb = gzip.compress(CSV.encode() + b"3,Pot,1\n" * 200_000)
    with pytest.raises(FeedUnusable, match="unpacks to more than 300 times its size"):
        read(written(tmp_path, "feed.csv.gz", bomb))


def test_a_line_without_an_end_is_read_in_pieces(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "_LONGEST_LINE", 1_000)
    path = written(tmp_path, "feed.csv", CSV.encode() + b"3," + b"x" * 5_000 + b"\n4,Pot,1\n")
    rows = read(path)
    assert [row.fields["title"] for row in rows if row.problem is None] == ["Mug", "Cup", "Pot"]


def test_joined_files_lose_no_id_and_their_headers_are_no_products(tmp_path: Path) -> None:
    other = CSV.replace("1,", "3,").replace("2,", "4,")
    path = written(tmp_path, "feed.csv", f"{CSV}\ufeff{other}\ufeff5,Pot,1\n".encode())
    validator = RowValidator(tmp_path)
    rows = read(path)
    assert [row.problem for row in rows if row.problem] == ["the row repeats the header"]
    products = [validator.check(row) for row in rows if row.problem is None]
    assert [one.product_id for one in products if isinstance(one, FeedProduct)] == [
        *("1", "2", "3", "4", "5")
    ]


@pytest.mark.parametrize(
    ("line", "title"),
    [
        (r'1,"17\" screen",2', '17" screen'),
        (r'1,"a \"quoted\" word, and more",2', 'a "quoted" word, and more'),
        (r'1,"ends in \"",2', 'ends in "'),
        ('1,"over\n\\"two\\" lines",2', 'over\n"two" lines'),
    ],
)
def test_quotes_escaped_by_a_backslash_are_text(tmp_path: Path, line: str, title: str) -> None:
    path = written(tmp_path, "feed.csv", f"product_id,title,price\n{line}\n2,Cup,4.90\n".encode())
    assert titles(path) == [title, "Cup"]


def test_columns_that_only_a_later_part_has_are_read(tmp_path: Path) -> None:
    pq.write_table(pa.table({"id": ["1"], "title": ["a"]}), tmp_path / "part-0.parquet")
    later = pa.table({"price": [1.5], "title": ["b"], "id": ["2"]})
    pq.write_table(later, tmp_path / "part-1.parquet")
    first, second = read(tmp_path)
    assert first.fields == {"product_id": "1", "title": "a"}
    assert second.fields == {"product_id": "2", "title": "b", "price": "1.5"}


def test_the_first_of_two_columns_with_one_name_counts_in_parquet(tmp_path: Path) -> None:
    columns = [pa.array(["1"]), pa.array(["a"]), pa.array(["b"])]
    table = pa.Table.from_arrays(columns, names=["id", "title", "title"])
    pq.write_table(table, tmp_path / "feed.parquet")
    assert titles(tmp_path / "feed.parquet") == ["a"]


def test_parquet_is_read_under_another_name(tmp_path: Path) -> None:
    pq.write_table(pa.table({"id": ["1"], "title": ["a"]}), tmp_path / "feed.csv")
    assert titles(tmp_path / "feed.csv") == ["a"]


@pytest.mark.parametrize(
    ("text", "price"),
    [
        ("Rs. 1,299/-", Price(1299)),
        ("₹1,299/-", Price(1299, "INR")),
        ("€12.90 *", Price(12.9, "EUR")),
        ("12,90 €¹", Price(12.9, "EUR")),
        ("US $129.00", Price(129, "USD")),
        ("KSh 1,299", Price(1299, "KES")),
        ("KD 1.250", Price(1.25, "KWD")),
        ("QR 129", Price(129, "QAR")),
        ("Bs. 129", Price(129)),
    ],
)
def test_prices_of_further_markets(text: str, price: Price) -> None:
    assert parse_price(text) == price


@pytest.mark.parametrize("text", ["£1.2k", "1.5K", "2m €", "1,2 Mio. €"])
def test_shortened_thousands_are_not_read_as_ones(text: str) -> None:
    with pytest.raises(ValueError, match="is not one amount"):
        parse_price(text)


def test_a_magento_product_of_store_views_alone_is_that_of_the_first_with_a_name(
    tmp_path: Path,
) -> None:
    header = "sku,store_view_code,attribute_set_code,product_type,name,price\n"
    lines = "A,de,Default,simple,,9\nA,fr,Default,simple,Sac,10\nA,it,Default,simple,Borsa,11\n"
    (row,) = read(written(tmp_path, "feed.csv", (header + lines).encode()))
    assert (row.problem, row.fields["title"], row.fields["price"]) == (None, "Sac", "10")


def test_formulas_that_guard_a_number_are_the_number(tmp_path: Path) -> None:
    content = '="id";title;price;gtin\n="0012";"=""A ""mug""""";="12,90";"=""0401"""\n'
    (row,) = read(written(tmp_path, "excel.csv", content.replace('="id"', "id").encode()))
    assert row.fields == {"product_id": "0012", "title": 'A "mug"', "price": "12,90"}
    assert row.attributes == {"gtin": "0401"}


@pytest.mark.parametrize("ending", ["", ","])
def test_columns_without_a_name_at_the_end_may_be_left_out(tmp_path: Path, ending: str) -> None:
    content = f"id,title,,\n1,Mug{ending}\n2\n3,Pot,,\n"
    good, torn, padded = read(written(tmp_path, "feed.csv", content.encode()))
    assert (good.fields["title"], padded.fields["title"]) == ("Mug", "Pot")
    assert torn.problem == "the row has 1 values, the header has 4"


def test_what_facebooks_template_says_above_the_header_is_no_header(tmp_path: Path) -> None:
    said = '"# Required | A unique id, of 100 characters","# Required | A title",# Optional\n'
    (row,) = read(written(tmp_path, "facebook.csv", f"{said}id,title,price\n1,Mug,2\n".encode()))
    assert row.fields == {"product_id": "1", "title": "Mug", "price": "2"}
    (numbered,) = read(written(tmp_path, "numbered.csv", b"#,id,title\n1,m,Mug\n"))
    assert numbered.fields["product_id"] == "m"


@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
def test_empty_cells_at_the_end_of_a_row_may_be_missing(tmp_path: Path, mark: str) -> None:
    content = "id,title,price,color,size\np1,A,1,red,L\np2,B,2\np10,C\np11,D,4,red\n"
    (tmp_path / "feed.csv").write_text(content.replace(",", mark))
    found = list(open_feed(tmp_path / "feed.csv").rows())
    assert [row.problem for row in found] == [None] * 4
    assert [row.fields.get("price") for row in found] == ["1", "2", None, "4"]
    assert [row.attributes for row in found[1:]] == [{}, {}, {"color": "red"}]


@pytest.mark.parametrize(
    ("content", "good"),
    [
        ("p1,A mug\nthat is nice,1,red\np2,B,2,red\n", ["p2"]),  # a line break in a value
        ("p1,A,1,red\np2,B mug\nthat,2,red\n", ["p1"]),
        ("mug,A mug\nnice,1,red\nhat,B,2,red\n", ["hat"]),
        ("p1,A,1,red\np2,B mu", ["p1"]),  # the file breaks off
        ("p1,A,1,red\np2\np3,C,1,red\n", ["p1", "p3"]),
    ],
)
def test_a_torn_row_is_not_taken_for_one_without_its_last_cells(
    tmp_path: Path, content: str, good: list[str]
) -> None:
    (tmp_path / "feed.csv").write_text(f"id,title,price,color\n{content}")
    found = list(open_feed(tmp_path / "feed.csv").rows())
    assert [row.values[0] for row in found if row.problem is None] == good


def test_a_second_line_of_column_names_is_no_product(tmp_path: Path) -> None:
    content = "Seller SKU\tProduct Name\nitem_sku\titem_name\nM-1\tName\nname\tMug\n"
    (tmp_path / "amazon.txt").write_text(content)
    names, *products = open_feed(tmp_path / "amazon.txt").rows()
    assert names.problem == "the row names columns, as a header does"
    assert [row.fields["product_id"] for row in products] == ["M-1", "name"]
