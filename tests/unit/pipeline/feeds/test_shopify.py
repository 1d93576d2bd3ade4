"""Shopify's CSV: many rows, one product."""

from __future__ import annotations

from pathlib import Path

import pytest

from services.pipeline.errors import FeedUnusable
from services.pipeline.feeds import FeedOptions, FeedRow, open_feed
from services.pipeline.feeds.validation import FeedProduct, RowValidator
from services.pipeline.feeds.variants import MOST_ROWS

HEADER = (
    "Handle,Title,Body (HTML),Vendor,Product Category,Type,Tags,Published,Option1 Name,"
    "Option1 Value,Variant SKU,Variant Price,Image Src,Image Position,Status,"
    "Material (product.metafields.custom.material)"
)
SHIRT = (
    'shirt,Shirt,"<p>Soft</p>\n<p>and light</p>",Lumo,Clothing > Shirts,Top,'
    '"summer, new",true,Size,'
    "S,S-1,25.00,https://cdn.example/b.jpg,2,active,Cotton",
    "shirt,,,,,,,,,M,S-2,19.50,https://cdn.example/a.jpg,1,,",
    "shirt,,,,,,,,,L,S-3,30,,,,",
    "shirt,,,,,,,,,,,,https://cdn.example/a.jpg,3,,",
)
NEWER = (
    "Title,URL handle,Description,Vendor,Product category,Type,Tags,Published on online store,"
    "Status,SKU,Option1 name,Option1 value,Price,Product image URL,Image position\n"
    "Mug,mug,<p>Tea</p>,Lumo,,Mugs,,TRUE,Active,M1,Title,Default Title,9.90,"
    "https://cdn.example/mug.jpg,1\n"
)


def rows(folder: Path, content: str) -> list[FeedRow]:
    path = folder / "products_export.csv"
    path.write_text(content, encoding="utf-8")
    feed = open_feed(path)
    found = list(feed.rows())
    assert feed.count() == len(found)
    return found


def test_variants_and_pictures_of_a_handle_are_one_product(tmp_path: Path) -> None:
    (shirt,) = rows(tmp_path, "\n".join((HEADER, *SHIRT)))
    assert shirt.fields == {
        "product_id": "shirt",
        "title": "Shirt",
        "description": "Soft\nand light",
        "brand": "Lumo",
        "category": "Clothing > Shirts",
        "price": "19.50",
        "image": "https://cdn.example/a.jpg",
    }
    assert shirt.attributes == {
        "type": "Top",
        "tags": "summer, new",
        "size": "S, M, L",
        "sku": "S-1, S-2, S-3",
        "material": "Cotton",
        "more_images": "https://cdn.example/b.jpg",
    }
    assert (shirt.number, shirt.problem) == (1, None)


def test_the_values_of_options_count_before_a_metafield_of_the_same_name(tmp_path: Path) -> None:
    content = (
        "Handle,Title,Option1 Name,Option1 Value,Variant Price,Barcode,"
        "Color (product.metafields.shopify.color-pattern),Fabric (product.metafields.custom.fabric)"
        "\nshirt,Shirt,Color,Dark red,1,'0401,red; blue,cotton; wool\nshirt,,,Navy,1,0402,,\n"
    )
    (shirt,) = rows(tmp_path, content)
    assert shirt.attributes == {
        "color": "Dark red, Navy",
        "fabric": "cotton, wool",
        "barcode": "0401, 0402",
    }


def test_several_pictures_of_one_cell_are_told_apart(tmp_path: Path) -> None:
    links = [f"https://cdn.example/{name}.jpg?a=1;b=2" for name in "abc"]
    (mug,) = rows(tmp_path, f"Handle,Title,Image Src\nmug,Mug,{links[0]};{links[1]} ; {links[2]}\n")
    assert mug.fields["image"] == links[0]
    assert mug.attributes["more_images"].split() == links[1:]


@pytest.mark.parametrize(
    ("variants", "in_stock"),
    [
        (["shopify,0,deny", "shopify,3,deny"], "true"),
        (["shopify,0,deny", "shopify,-1,deny"], "false"),
        (["shopify,0,deny", "shopify,0,continue"], None),
        ([",0,deny"], "true"),
        (["shopify,,deny"], None),
    ],
)
def test_stock_is_that_of_the_variants(
    tmp_path: Path, variants: list[str], in_stock: str | None
) -> None:
    header = "Handle,Title,Variant Price,Variant Inventory Tracker,Variant Inventory Qty,"
    lines = [f"{header}Variant Inventory Policy", *(f"mug,Mug,1,{one}" for one in variants)]
    (mug,) = rows(tmp_path, "\n".join(lines))
    assert mug.attributes.get("in_stock") == in_stock


def test_the_newer_template_is_read_too(tmp_path: Path) -> None:
    (mug,) = rows(tmp_path, NEWER)
    assert mug.fields["product_id"] == "mug"
    assert (mug.fields["description"], mug.fields["price"]) == ("Tea", "9.90")
    assert (mug.fields["category"], mug.problem) == ("Mugs", None)
    assert "title" not in mug.attributes  # `Default Title` is no option


@pytest.mark.parametrize(
    ("published", "status", "problem"),
    [
        ("false", "active", "it is not published in the shop"),
        ("true", "draft", "its status is 'draft', not active"),
        ("true", "archived", "its status is 'archived', not active"),
        ("", "", None),
    ],
)
def test_what_is_not_sold_is_refused(
    tmp_path: Path, published: str, status: str, problem: str | None
) -> None:
    content = f"Handle,Title,Published,Status,Variant Price\nmug,Mug,{published},{status},1\n"
    (mug,) = rows(tmp_path, content)
    assert mug.problem == problem


def test_a_torn_row_and_one_without_a_handle_are_rows_of_their_own(tmp_path: Path) -> None:
    content = "Handle,Title,Variant Price\na,A,1\na,A\n,No handle,2\n,No handle,3\nb,B,x\nb,,4\n"
    torn, first, nameless, other, last = rows(tmp_path, content)
    assert first.problem is None
    assert torn.problem == "the row has 2 values, the header has 3"
    assert "product_id" not in nameless.fields
    assert "product_id" not in other.fields
    assert last.fields["price"] == "x"  # for validation to refuse


def test_more_pictures_than_are_kept_cost_no_product(tmp_path: Path) -> None:
    lines = (f"a,A,https://cdn.example/{number:0200}.jpg\n" for number in range(100))
    (product,) = rows(tmp_path, "Handle,Title,Image Src\n" + "".join(lines))
    kept = product.attributes["more_images"].split(" ")
    assert kept == [f"https://cdn.example/{number:0200}.jpg" for number in range(1, len(kept) + 1)]
    assert 40 < len(kept) < 99
    assert isinstance(RowValidator(tmp_path).check(product), FeedProduct)


def test_a_handle_without_end_is_refused_and_the_next_product_read(tmp_path: Path) -> None:
    content = "Handle,Title,Variant Price\n" + "a,A,1\n" * (MOST_ROWS + 2) + "b,B,1\n"
    endless, other = rows(tmp_path, content)
    assert endless.problem == f"more than {MOST_ROWS} rows have its handle"
    assert (other.fields["product_id"], other.number) == ("b", MOST_ROWS + 3)


def test_a_table_without_a_handle_is_not_shopifys(tmp_path: Path) -> None:
    (tmp_path / "feed.csv").write_text("id,Title\n1,Mug\n")
    with pytest.raises(FeedUnusable, match="no columns Handle and Title"):
        open_feed(tmp_path / "feed.csv", FeedOptions(format="shopify"))


MATRIXIFY = (
    "ID,Handle,Title,Body HTML,Vendor,Type,Status,Published,Image Src,Image Position,"
    "Option1 Name,Option1 Value,Variant Price,Variant Compare At Price\n"
    "7001,red-mug,Red mug,<p>Holds 300 ml</p>,Lumo,Mugs,Active,TRUE,https://c.example/back.jpg,"
    "2.0,Title,Default Title,12.90,19.90\n"
    "7001,red-mug,,,,,,,https://c.example/front.jpg,1.0,,,,\n"
)


def test_matrixify_names_columns_and_numbers_in_its_own_way(tmp_path: Path) -> None:
    (mug,) = rows(tmp_path, MATRIXIFY)
    assert (mug.fields["description"], mug.fields["image"]) == (
        "Holds 300 ml",
        "https://c.example/front.jpg",
    )
    assert (mug.fields["price"], mug.fields["list_price"]) == ("12.90", "19.90")
    assert mug.attributes["more_images"] == "https://c.example/back.jpg"


def test_a_torn_variant_costs_itself_and_not_its_product(tmp_path: Path) -> None:
    content = "Handle,Title,Body (HTML),Variant Price\nmug,Mug,,9\nmug,,torn\nmug,,,5\n"
    torn, mug = rows(tmp_path, content)
    assert torn.problem == "the row has 3 values, the header has 4"
    assert (mug.problem, mug.fields["price"]) == (None, "5")


def test_more_codes_than_an_attribute_holds_are_cut_and_keep_the_attribute(tmp_path: Path) -> None:
    lines = (f"a,A,1,{number:0100}\n" for number in range(200))
    (row,) = rows(tmp_path, "Handle,Title,Variant Price,Variant SKU\n" + "".join(lines))
    product = RowValidator(tmp_path).check(row)
    assert isinstance(product, FeedProduct)
    codes = product.attributes["sku"].split(", ")
    assert codes == [f"{number:0100}" for number in range(98)]
    assert not product.notes
