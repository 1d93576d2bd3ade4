"""Reading feeds: every row comes out as it stands in the file, or the file is refused in a line."""

from __future__ import annotations

import datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from services.pipeline.errors import FeedUnusable
from services.pipeline.feeds import FeedOptions, FeedRow, VectorsModel, open_feed


def write(folder: Path, content: str | bytes, name: str = "feed.csv") -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def rows(path: Path) -> list[FeedRow]:
    return list(open_feed(path).rows())


def test_values_come_out_as_fields_and_attributes(tmp_path: Path) -> None:
    path = write(tmp_path, "product_id,title,color\n1, Mug ,red\n2,Hat,\n")
    first, second = rows(path)
    assert first.number == 1
    assert first.fields == {"product_id": "1", "title": "Mug"}
    assert first.attributes == {"color": "red"}
    assert first.values == ("1", " Mug ", "red")
    assert second.attributes == {}
    assert open_feed(path).count() == 2


def test_a_byte_order_mark_is_no_part_of_the_first_column(tmp_path: Path) -> None:
    path = write(tmp_path, b"\xef\xbb\xbfproduct_id,title\n1,Mug\n")
    assert open_feed(path).columns == ("product_id", "title")


def test_quoted_values_hold_line_breaks_commas_and_quotes(tmp_path: Path) -> None:
    path = write(tmp_path, 'id,name,description\r\n1,"A ""big"", mug","two\r\nlines"\r\n2,Hat,\r\n')
    assert [row.number for row in rows(path)] == [1, 2]
    assert rows(path)[0].fields["title"] == 'A "big", mug'
    assert rows(path)[0].fields["description"] == "two\r\nlines"


@pytest.mark.parametrize(
    ("column", "field"),
    [
        ("url", "product_url"),
        ("link", "product_url"),
        ("image", "image"),
        ("image_link", "image"),
        ("Image URL", "image"),
        ("vendor", "brand"),
        ("product_type", "category"),
        ("product_brand", "brand"),  # Ecwid
        ("manufacturer_name", "brand"),  # Shopware
        ("product_category", "category"),  # Lightspeed
        ("product_category_1", "category"),
        ("categoryPath", "category"),  # idealo
        ("merchant-category", "category"),  # Kelkoo
        ("Product Image", "image"),
        ("product_media_main_image_url", "image"),
        ("cover_media_url", "image"),
        ("Internal Image URL (Export)", "image"),  # BigCommerce
        ("product-url", "product_url"),
    ],
)
def test_columns_are_known_by_other_names(tmp_path: Path, column: str, field: str) -> None:
    (row,) = rows(write(tmp_path, f"ID,Title,{column}\n1,Mug,x\n"))
    assert row.fields == {"product_id": "1", "title": "Mug", field: "x"}


@pytest.mark.parametrize("column", ["sku_id", "offer-id", "product_sku", "Item ID"])
def test_the_id_is_known_by_other_names(tmp_path: Path, column: str) -> None:
    (row,) = rows(write(tmp_path, f"{column},Title\n1,Mug\n"))
    assert row.fields == {"product_id": "1", "title": "Mug"}


@pytest.mark.parametrize(
    ("column", "value", "category", "more"),
    [
        ("categories", "Home > Mugs;Sale", "Home > Mugs", "Sale"),
        ("categories", "Sale, Home > Mugs", "Home > Mugs", "Sale"),
        ("product_categories", "Sale, Home > Mugs", "Home > Mugs", "Sale"),
        ("Categories", "/mugs, /sale", "mugs", "sale"),  # Squarespace
        ("categories", '["Sale", "Home > Mugs"]', "Home > Mugs", "Sale"),
        ("category", "Bath;Shop All", "Bath", "Shop All"),  # BigCommerce
        ("category", "Food, Drinks", "Food, Drinks", None),
        ("category", "Home >> Mugs", "Home > Mugs", None),
        ("category", "Home->Mugs", "Home > Mugs", None),
        ("category", "Home » Mugs >", "Home > Mugs", None),
        ("category", "Food/Fruit", "Food/Fruit", None),
    ],
)
def test_categories_are_paths_and_the_deepest_counts(
    tmp_path: Path, column: str, value: str, category: str, more: str | None
) -> None:
    (row,) = rows(write(tmp_path, f"id\ttitle\t{column}\n1\tMug\t{value}\n", "feed.tsv"))
    assert row.fields["category"] == category
    assert row.attributes == ({"more_categories": more} if more else {})


def test_numbers_of_categories_are_no_category(tmp_path: Path) -> None:
    (row,) = rows(write(tmp_path, "id,title,categories\n1,Mug,23;18\n"))
    assert "category" not in row.fields
    assert row.attributes == {"categories": "23;18"}


@pytest.mark.parametrize("value", [";", ">", " » "])
def test_marks_between_categories_alone_are_no_category(tmp_path: Path, value: str) -> None:
    (row,) = rows(write(tmp_path, f"id,title,category\n1,Mug,{value}\n"))
    assert row.fields == {"product_id": "1", "title": "Mug"}


def test_of_two_columns_for_a_field_the_second_fills_in_and_is_never_lost(tmp_path: Path) -> None:
    path = write(tmp_path, "id,title,image_url,image_path\n1,a,http://x/1,1.png\n2,b,http://x/2,\n")
    both, link = rows(path)
    assert (both.fields["image"], both.attributes) == ("1.png", {"image_url": "http://x/1"})
    assert (link.fields["image"], link.attributes) == ("http://x/2", {})


@pytest.mark.parametrize("nothing", ["NULL", r"\N", "nan", "None", "<NA>", "#N/A", "  "])
def test_what_programs_write_for_nothing_is_nothing(tmp_path: Path, nothing: str) -> None:
    (row,) = rows(write(tmp_path, f"id,title,brand,price,color\n1,Mug,{nothing},12,{nothing}\n"))
    assert row.fields == {"product_id": "1", "title": "Mug", "price": "12"}
    assert row.attributes == {}
    assert nothing in row.values


@pytest.mark.parametrize(
    ("value", "first", "more"),
    [
        ("https://x/1.jpg,https://x/2.jpg", "https://x/1.jpg", "https://x/2.jpg"),
        ("http://x/1 | HTTP://x/2; https://x/3", "http://x/1", "HTTP://x/2 https://x/3"),
        ('["https://x/1", "https://x/2"]', "https://x/1", "https://x/2"),
        ('["https://x/1"]', "https://x/1", None),
        ("https://x/a,b.jpg?size=1,2", "https://x/a,b.jpg?size=1,2", None),
        ("https://proxy/https://x/1.jpg", "https://proxy/https://x/1.jpg", None),
        ("[1] mug.png", "[1] mug.png", None),
        ("[" * 100_000, "[" * 100_000, None),
        ("x" + "," * 900_000, "x" + "," * 900_000, None),
        ("[]", None, None),
        (" , https://x/1", "https://x/1", None),
    ],
)
def test_of_several_pictures_the_first_counts_and_the_others_are_kept(
    tmp_path: Path, value: str, first: str | None, more: str | None
) -> None:
    (row,) = rows(write(tmp_path, f"id\ttitle\timage\n1\tMug\t{value}\n", "feed.tsv"))
    assert row.fields.get("image") == first
    assert row.attributes.get("more_images") == more


@pytest.mark.parametrize(
    ("header", "values", "first", "more"),
    [
        ("image\tadditional_image_link", "a.jpg\tb.jpg,c.jpg", "a.jpg", "b.jpg c.jpg"),
        ("Product Image File - 1\tProduct Image File - 2", "a.jpg\tb.jpg", "a.jpg", "b.jpg"),
        ("image\tproduct_media_gallery_image_url_1", "a.jpg\tb.jpg", "a.jpg", "b.jpg"),
        ("image\tadditional_images", "a.jpg\thttp://x/b , http://x/c", "a.jpg",
         "http://x/b http://x/c"),
        ("image\tmore_images", "a.jpg\t/images/b.png /images/c.png", "a.jpg",
         "/images/b.png /images/c.png"),
        ("image\timages", 'a.jpg\t["b, c.jpg", "d.webp"]', "a.jpg", "b,%20c.jpg d.webp"),
        ("Image 1\tImage 2\tImage 3", "a.jpg\t\tc d.png", "a.jpg", "c%20d.png"),
        ("image_url\timage_url_2\timage_url_3", "http://x/1\thttp://x/2\thttp://x/3", "http://x/1",
         "http://x/2 http://x/3"),
        ("picture\tphotos", "a.avif\tb.JPG|c.jpeg; d.png", "a.avif", "b.JPG c.jpeg d.png"),
        ("Image URLs (x,y,z...)\tcolor", "http://x/1.jpg,http://x/2.jpg\tred", "http://x/1.jpg",
         "http://x/2.jpg"),
        ("images\tcolor", "a.jpg;b.jpg\tred", "a.jpg", "b.jpg"),
        ("image\tgallery", "\ta.jpg", "a.jpg", None),
    ],
)  # fmt: skip
def test_further_pictures_may_have_columns_of_their_own(
    tmp_path: Path, header: str, values: str, first: str, more: str | None
) -> None:
    feed = write(tmp_path, f"id\ttitle\t{header}\n1\tMug\t{values}\n", "feed.tsv")
    (row,) = rows(feed)
    assert row.fields["image"] == first
    assert row.attributes.get("more_images") == more
    assert row.attributes.keys() <= {"more_images", "color"}


def test_a_column_called_like_pictures_that_holds_none_is_an_attribute(tmp_path: Path) -> None:
    feed = write(tmp_path, "id,title,image,gallery,images\n1,Mug,a.jpg,North hall,3\n")
    (row,) = rows(feed)
    assert row.fields["image"] == "a.jpg"
    assert row.attributes == {"gallery": "North hall", "images": "3"}


def test_html_in_words_becomes_text_and_nothing_else_changes(tmp_path: Path) -> None:
    (row,) = rows(write(tmp_path, "id,title,body,note\n1,A &amp; B,<p>Soft</p>,<p>raw</p>\n"))
    assert (row.fields["title"], row.fields["description"]) == ("A & B", "Soft")
    assert row.attributes == {"note": "<p>raw</p>"}


@pytest.mark.parametrize("above", ["sep=;\r\n", '"sep=;"\r\n', "\r\n\r\n", "\nsep=;\n"])
def test_what_stands_above_the_header_is_passed_over(tmp_path: Path, above: str) -> None:
    path = write(tmp_path, f'{above}id;title\r\n1;"a"b\r\n2;Hat, blue\r\n')
    broken, hat = rows(path)
    assert broken.problem is not None
    assert f"line {above.count(chr(10)) + 2} " in broken.problem
    assert hat.fields["title"] == "Hat, blue"


def test_empty_values_beyond_the_header_are_no_values(tmp_path: Path) -> None:
    (row,) = rows(write(tmp_path, "id,title\n1,Mug,, \n"))
    assert (row.problem, row.values) == (None, ("1", "Mug"))


def test_blank_lines_are_no_rows(tmp_path: Path) -> None:
    assert len(rows(write(tmp_path, "id,title\n\n1,a\n\n2,b\n\n"))) == 2


def test_a_row_with_too_few_or_many_values_is_told_and_the_next_one_read(tmp_path: Path) -> None:
    short, long, good = rows(write(tmp_path, "id,title\n1\n2,b,c\n3,d\n"))
    assert short.problem == "the row has 1 values, the header has 2"
    assert long.problem == "the row has 3 values, the header has 2"
    assert good.problem is None


def test_a_row_that_is_no_csv_is_told_and_the_next_one_read(tmp_path: Path) -> None:
    broken, good = rows(write(tmp_path, 'id,title\n1,"a"b\n2,c\n'))
    assert broken.problem is not None
    assert "line 2" in broken.problem
    assert good.fields["product_id"] == "2"


def test_a_quote_that_nobody_closes_is_told(tmp_path: Path) -> None:
    good, broken, after = rows(write(tmp_path, 'id,title\n1,a\n2,"b\n3,c\n'))
    assert good.problem is None
    assert broken.problem == "line 3 cannot be read as CSV: a quote is not closed"
    assert after.fields == {"product_id": "3", "title": "c"}


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("", "the file is empty"),
        ("foo,bar\n1,2\n", "no column for product_id"),
        ("id,bar\n1,2\n", r"no column for title \(title or name"),
        ("\x00\x01\x02", "no column for"),
        (b"\xff\xfei\x00d\x00,\x00", "no column for"),
    ],
)
def test_a_file_that_is_no_feed_is_refused_by_name(
    tmp_path: Path, content: str | bytes, reason: str
) -> None:
    path = write(tmp_path, content)
    with pytest.raises(FeedUnusable, match=reason) as refused:
        open_feed(path)
    assert str(path) in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_missing_file_a_folder_and_another_format_are_refused(tmp_path: Path) -> None:
    with pytest.raises(FeedUnusable, match="no such file"):
        open_feed(tmp_path / "none.csv")
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(FeedUnusable, match="cannot be read"):
        open_feed(tmp_path / "folder.csv")
    with pytest.raises(FeedUnusable, match=r"only \.csv, \.tsv, \.txt, \.json, .* files"):
        open_feed(write(tmp_path, "x", "feed.xlsx"))


def test_parquet_gives_the_same_text_as_csv(tmp_path: Path) -> None:
    path = tmp_path / "feed.parquet"
    columns = {
        "product_id": [7, 8],
        "title": ["Mug", None],
        "price": [1.5, None],
        "in_stock": [True, False],
        "tags": [["a", "b"], []],
        "since": [datetime.date(2024, 2, 1), None],
    }
    pq.write_table(pa.table(columns), path)
    first, second = rows(path)
    assert first.fields == {"product_id": "7", "title": "Mug", "price": "1.5"}
    assert first.attributes == {"in_stock": "true", "tags": "a, b", "since": "2024-02-01"}
    assert second.fields == {"product_id": "8"}
    assert open_feed(path).count() == 2


def test_parquet_in_name_only_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FeedUnusable, match="cannot be read"):
        open_feed(write(tmp_path, "id,title\n1,a\n", "feed.parquet"))


def test_a_file_of_excel_is_read_by_its_mark_and_its_delimiter(tmp_path: Path) -> None:
    content = "Product ID;Title;Price\r\n1;Müg;12,90 €\r\n"
    for encoding in ("utf-8-sig", "utf-16"):
        (row,) = rows(write(tmp_path, content.encode(encoding)))
        assert row.fields == {"product_id": "1", "title": "Müg", "price": "12,90 €"}


def test_an_encoding_that_is_named_is_held_to(tmp_path: Path) -> None:
    path = write(tmp_path, "id,title\n1,Müg\n".encode("cp1252"))
    (row,) = open_feed(path, FeedOptions(encoding="cp1252")).rows()
    assert row.fields["title"] == "Müg"
    (unnamed,) = rows(path)
    assert unnamed.fields["title"] == "M\udcfcg"  # which validation refuses
    (wrong,) = open_feed(path, FeedOptions(encoding="ascii")).rows()
    assert wrong.fields["title"] == "M\udcfcg"


VECTORS = pa.schema(
    [
        ("product_id", pa.string()),
        ("title", pa.string()),
        ("text_vector", pa.list_(pa.float32())),
        ("image_vector", pa.list_(pa.float64())),
        ("vector_model", pa.string()),
    ]
)


def with_vectors(folder: Path, models: list[str | None]) -> Path:
    columns = {
        "product_id": ["1", "2", "3"],
        "title": ["Mug", "Hat", "Rug"],
        "text_vector": [None, [1.0, 0.0], [0.6, 0.8]],
        "image_vector": [None, [0.0, 1.0], []],
        "vector_model": models,
    }
    pq.write_table(pa.table(columns, VECTORS), folder / "feed.parquet")
    return folder / "feed.parquet"


def test_a_parquet_file_may_bring_vectors_and_says_whose(tmp_path: Path) -> None:
    path = with_vectors(tmp_path, [None, "clip@1", "clip@1"])
    feed = open_feed(path)
    assert feed.vectors_model == VectorsModel("clip@1", 2)
    none, both, words = feed.rows()
    assert none.vectors is None
    assert both.vectors is not None
    assert both.vectors.image is not None
    assert both.vectors.image.tolist() == [0, 1]
    assert words.vectors is not None
    assert words.vectors.image is None
    assert "text_vector" not in both.attributes
    without = open_feed(path, FeedOptions(with_vectors=False))
    assert without.vectors_model is None
    assert all(row.vectors is None for row in without.rows())


def test_vectors_of_two_models_or_of_none_are_refused(tmp_path: Path) -> None:
    _, _, other = rows(with_vectors(tmp_path, [None, "clip@1", "clip@2"]))
    assert other.problem == "its vectors are not of 'clip@1', as the first row's are"
    with pytest.raises(FeedUnusable, match="the vectors of row 2 are of no model"):
        open_feed(with_vectors(tmp_path, [None, None, None]))


@pytest.mark.parametrize(
    "header",
    [
        "productId,productName,imageUrl,additionalImageUrls,currencyCode,shoeSize",
        "product-id,product-name,image-url,additional-image-urls,currency-code,shoesize",
        "Product ID*,Product Name *,Image URL:,Additional Image URLs,Currency (Code),ShoeSize",
    ],
)
def test_columns_are_known_however_their_words_are_joined(tmp_path: Path, header: str) -> None:
    links = "https://a.example/1.jpg,https://a.example/2.jpg"
    (tmp_path / "feed.csv").write_text(f"{header}\nm,Mug,{links},EUR,42\n", encoding="utf-8")
    (row,) = open_feed(tmp_path / "feed.csv").rows()
    assert row.fields == {
        "product_id": "m",
        "title": "Mug",
        "image": "https://a.example/1.jpg",
        "currency": "EUR",
    }
    assert row.attributes == {"more_images": "https://a.example/2.jpg", "shoesize": "42"}


@pytest.mark.parametrize(
    ("header", "values", "in_stock"),
    [
        ("availability", "in stock", "true"),
        ("Availability", "https://schema.org/OutOfStock", "false"),
        ("availability", "preorder", None),
        ("availability,in_stock", "in stock,no", "false"),
    ],
)
def test_availability_says_what_is_in_stock(
    tmp_path: Path, header: str, values: str, in_stock: str | None
) -> None:
    (tmp_path / "feed.csv").write_text(f"id,title,{header}\nm,Mug,{values}\n", encoding="utf-8")
    (row,) = open_feed(tmp_path / "feed.csv").rows()
    assert row.attributes.get("in_stock") == in_stock


@pytest.mark.parametrize(
    ("content", "advice"),
    [
        ("identifier;name-en_US\n1;Mug\n",
         "rename 'identifier' to product_id and 'name-en_US' to title"),  # Akeneo
        ("product_id,name(en-gb),model\n1,Mug,m\n", "rename 'name.en-gb.' to title"),  # OpenCart
        ("Herstellernummer;Name\n1;Mug\n", "no column for product_id"),
        ("TemplateType=x\tVersion=1\nSKU\tTitle\n", "in the first line of the file"),  # Amazon
    ],
)  # fmt: skip
def test_a_refusal_names_the_columns_that_are_likely_meant(
    tmp_path: Path, content: str, advice: str
) -> None:
    with pytest.raises(FeedUnusable, match=advice):
        open_feed(write(tmp_path, content))


def test_a_refusal_of_another_kind_of_file_says_what_to_convert_it_to(tmp_path: Path) -> None:
    name, content = "feed.xml", "<products><product><id>1</id></product></products>"
    with pytest.raises(FeedUnusable, match="a CSV file whose first line names columns: product_id"):
        open_feed(write(tmp_path, content, name))
