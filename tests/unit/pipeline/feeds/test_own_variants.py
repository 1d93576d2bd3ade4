"""Variants in rows without a title are gathered in the product above them."""

from __future__ import annotations

from pathlib import Path

import pytest

from services.pipeline.feeds import FeedRow, open_feed
from services.pipeline.feeds.validation import FeedProduct, RowValidator

WIX = """handleId,fieldType,name,description,productImageUrl,sku,price,visible,inventory,\
productOptionName1,productOptionType1,productOptionDescription1
shirt,Product,Shirt,<p>Soft</p>,https://x/1.jpg;https://x/2.jpg,,20,true,InStock,\
Color,COLOR,#ff0000:Red;#0000ff:Blue
shirt,Variant,,,,S-R,,true,4,,,#ff0000:Red
shirt,Variant,,,,S-B,18,true,0,,,#0000ff:Blue
mug,Product,Mug,,,M-1,9,true,OutOfStock,,,
"""
SQUARESPACE = """Product ID [Non Editable],Variant ID [Non Editable],\
Product Type [Non Editable],Title,Description,SKU,\
Option Name 1,Option Value 1,Price,Sale Price,On Sale,Stock,Visible,Hosted Image URLs
shirt,v1,PHYSICAL,Shirt,<p>Soft</p>,S-R,Color,Red,20,0,No,0,Yes,https://x/1.jpg https://x/2.jpg
,v2,,,,S-B,Color,Blue,20,18,Yes,Unlimited,,
mug,v3,PHYSICAL,Mug,,M-1,,,9,0,No,0,Yes,
"""
BIGCOMMERCE = """Item,ID,Name,Description,SKU,Price,Current Stock,Is Visible,Options,Image URL
Product,shirt,Shirt,<p>Soft</p>,,20,0,TRUE,,https://x/1.jpg
Variant,102,,,S-R,,3,,Type=Rectangles|Name=Color|Value=Red,
Variant,103,,,S-B,18,3,,Type=Rectangles|Name=Color|Value=Blue,
Image,7,,,,,,,,https://x/2.jpg
Product,mug,Mug,,M-1,9,0,TRUE,,
"""
PARENTS = """id,parent_sku,sku,title,description,image,price,color,qty
shirt,,S,Shirt,Soft,"https://x/1.jpg,https://x/2.jpg",20,,0
v1,S,S-R,,,,20,Red,3
v2,S,S-B,,,,18,Blue,
mug,,M-1,Mug,,,9,,0
"""


def rows(folder: Path, content: str) -> list[FeedRow]:
    (folder / "feed.csv").write_text(content, encoding="utf-8")
    feed = open_feed(folder / "feed.csv")
    found = list(feed.rows())
    assert feed.count() == len(found)
    return found


@pytest.mark.parametrize(
    ("content", "skus"),
    [
        (WIX, "S-R, S-B"),
        (SQUARESPACE, "S-R, S-B"),
        (BIGCOMMERCE, "S-R, S-B"),
        (PARENTS, "S, S-R, S-B"),
    ],
)
def test_a_product_has_the_lowest_price_and_all_values_of_its_variants(
    tmp_path: Path, content: str, skus: str
) -> None:
    shirt, mug = rows(tmp_path, content)
    product = RowValidator(tmp_path).check(shirt)
    assert isinstance(product, FeedProduct)
    assert not product.notes
    assert (product.title, product.description, product.price) == ("Shirt", "Soft", 18)
    assert (product.picture_link, product.more_pictures) == (
        "https://x/1.jpg",
        ("https://x/2.jpg",),
    )
    assert product.attributes["color"] == "Red, Blue"
    assert product.attributes["sku"] == skus
    assert product.attributes["in_stock"] == "true"
    assert (product.product_id, product.category) == ("shirt", "")
    assert (mug.fields["title"], mug.fields["price"]) == ("Mug", "9")
    assert mug.attributes["in_stock"] == "false"
    assert not any("option" in name for name in product.attributes if name != "options")


def test_a_product_has_the_list_price_of_its_cheapest_variant(tmp_path: Path) -> None:
    (shirt,) = rows(tmp_path, "handle,title,price,list_price\na,Shirt,20,30\na,,10,12\n")
    product = RowValidator(tmp_path).check(shirt)
    assert isinstance(product, FeedProduct)
    assert (product.price, product.attributes) == (10, {"list_price": "12"})


@pytest.mark.parametrize(
    ("prices", "price", "faults"),
    [(("20", "12 - 15"), 20, 1), (("12 - 15", "20"), 20, 1), (("soon", "12 - 15"), None, 2)],
)
def test_each_price_that_cannot_be_read_is_reported_once(
    tmp_path: Path, prices: tuple[str, str], price: float | None, faults: int
) -> None:
    (shirt,) = rows(tmp_path, "handle,title,price\na,Shirt,{}\na,,{}\n".format(*prices))
    product = RowValidator(tmp_path).check(shirt)
    assert isinstance(product, FeedProduct)
    assert (product.price, len(product.notes)) == (price, faults)


def test_an_option_without_a_column_for_its_name_stays_an_attribute(tmp_path: Path) -> None:
    (mug,) = rows(tmp_path, "id,title,option1_value\nm,Mug,Red\n")
    assert mug.attributes == {"option1_value": "Red"}


def test_rows_for_options_of_bigcommerces_older_export_are_no_products(tmp_path: Path) -> None:
    content = (
        "Item Type,Product ID,Product Name,Product Code/SKU,Price\n"
        "Product,1,Shirt,S,20\n  SKU,5,[RT]Size=S,S-S,\n  Rule,6,,S-S,[ADD]2\nProduct,2,Mug,M,9\n"
    )
    assert [row.fields["title"] for row in rows(tmp_path, content)] == ["Shirt", "Mug"]


def test_rows_of_ecwid_that_repeat_the_id_are_one_product(tmp_path: Path) -> None:
    content = """type,product_internal_id,product_sku,product_name,product_price,product_quantity,\
product_is_inventory_tracked,product_variation_option_Color
product,7,S,Shirt,20,0,true,
product_option,7,S,,,,,
product_variation,7,S,,,3,,Red
product_variation,7,S,,18,,,Blue
product,8,M-1,Mug,9,0,false,
"""
    shirt, mug = rows(tmp_path, content)
    assert (shirt.fields["product_id"], shirt.fields["price"]) == ("S", "18")
    assert (shirt.attributes["color"], shirt.attributes["in_stock"]) == ("Red, Blue", "true")
    assert "in_stock" not in mug.attributes


def test_options_in_place_of_a_title_are_values_of_the_product(tmp_path: Path) -> None:
    content = """Item Type,Product ID,Product Name,Product SKU,Price
Product,1,Shirt,S,20
SKU,2,"[S]Size=M,[CS]Color=Red:#ff0000",S-M,
SKU,3,[S]Size=L,S-L,
"""
    (shirt,) = rows(tmp_path, content)
    assert (shirt.attributes["size"], shirt.attributes["color"]) == ("M, L", "Red")


def test_variants_of_a_product_whose_stock_is_not_counted_are_not_out_of_stock(
    tmp_path: Path,
) -> None:
    content = """Item,ID,Name,SKU,Inventory Tracking,Current Stock
Product,1,Shirt,S,none,0
Variant,2,,S-M,,0
Product,3,Hat,H,variant,0
Variant,4,,H-M,,0
"""
    shirt, hat = rows(tmp_path, content)
    assert "in_stock" not in shirt.attributes
    assert hat.attributes["in_stock"] == "false"


def test_a_row_without_a_title_that_names_another_product_is_refused(tmp_path: Path) -> None:
    _, lost, no_key = rows(tmp_path, "handle,title,price\nmug,Mug,9\nhat,,5\n,,1\n")
    assert (lost.fields, no_key.fields) == (
        {"product_id": "hat", "price": "5"},
        {"price": "1"},
    )


def test_variants_with_titles_stay_products_of_one_group(tmp_path: Path) -> None:
    content = "id,item_group_id,title,color\n1,g,Mug red,red\n2,g,Mug blue,blue\n"
    assert [row.attributes["color"] for row in rows(tmp_path, content)] == ["red", "blue"]


def test_a_hidden_variant_is_left_out_and_a_hidden_product_takes_its_variants_along(
    tmp_path: Path,
) -> None:
    content = (
        "handle,title,price,sku,visible\na,A,9,a-1,yes\na,,5,a-2,no\nb,B,9,b-1,no\nb,,5,b-2,yes\n"
    )
    shown, hidden = rows(tmp_path, content)
    assert (shown.fields["price"], shown.attributes["sku"]) == ("9", "a-1")
    assert hidden.problem == "the shop does not offer it: visible is 'no'"


def test_an_unreadable_variant_costs_itself_alone(tmp_path: Path) -> None:
    broken, mug = rows(tmp_path, "handle,title,price\na,A,9\na\na,,5\n")
    assert broken.problem == "the row has 1 values, the header has 3"
    assert mug.fields["price"] == "5"
