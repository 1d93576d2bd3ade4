"""Magento 2's export: variations, store views, disabled products, categories."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from services.pipeline.feeds import FeedRow, open_feed
from services.pipeline.feeds.base import NOT_FOR_SALE

COLUMNS = (
    *("sku", "store_view_code", "attribute_set_code", "product_type", "categories", "name"),
    *("description", "short_description", "product_online", "visibility", "price"),
    *("special_price", "special_price_from_date", "special_price_to_date", "base_image"),
    *("additional_images", "additional_attributes", "is_in_stock", "configurable_variations"),
)
SHOWN = {
    "attribute_set_code": "Default",
    "product_type": "simple",
    "product_online": "1",
    "visibility": "Catalog, Search",
}
HIDDEN = SHOWN | {"visibility": "Not Visible Individually"}


def rows(folder: Path, *products: dict[str, str]) -> list[FeedRow]:
    path = folder / "export_catalog_product.csv"
    with path.open("w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, COLUMNS)
        writer.writeheader()
        writer.writerows(products)
    feed = open_feed(path)
    assert feed.format == "magento"
    found = list(feed.rows())
    assert feed.count() == len(found)
    return found


def test_variations_and_store_views_are_gathered_in_their_product(tmp_path: Path) -> None:
    picture = tmp_path / "media" / "catalog" / "product" / "m" / "1.jpg"
    picture.parent.mkdir(parents=True)
    picture.write_bytes(b"picture")
    small = HIDDEN | {"sku": "MUG-S", "name": "Mug S", "price": "20", "is_in_stock": "1"}
    small |= {"special_price": "9.5", "special_price_to_date": "2099-01-01 00:00:00"}
    small |= {"additional_attributes": "color=Red|Blue,size=S,has_options=0"}
    large = HIDDEN | {"sku": "MUG-L", "name": "Mug L", "price": "12"}
    large |= {"additional_attributes": '"color=Red, dark",size=L'}
    gone = HIDDEN | {"sku": "MUG-X", "name": "Mug X", "price": "1", "product_online": "2"}
    mug = SHOWN | {
        "sku": "MUG",
        "product_type": "configurable",
        "name": "Mug",
        "description": "<p>Holds 300 ml</p>",
        "categories": "Default Category,Default Category/Kitchen/Mugs,Default Category/Gifts",
        "base_image": "/m/1.jpg",
        "additional_images": "/m/1.jpg,/m/2.jpg",
        "additional_attributes": "manufacturer=Lumo",
        "configurable_variations": "sku=MUG-S,size=S|sku=MUG-L,size=L|sku=MUG-X,size=X",
    }
    german = {"sku": "MUG", "store_view_code": "de", "name": "Tasse"}
    (row,) = rows(tmp_path, small, large, gone, mug, german)
    assert row.fields == {
        "product_id": "MUG",
        "title": "Mug",
        "description": "Holds 300 ml",
        "brand": "Lumo",
        "category": "Kitchen > Mugs",
        "price": "9.5",
        "list_price": "20",
        "image": "media/catalog/product/m/1.jpg",
    }
    assert row.attributes == {
        "color": "Red, Blue, Red, dark",
        "size": "S, L",
        "sku": "MUG-S, MUG-L",
        "in_stock": "true",
        "more_categories": "Gifts",
        "more_images": "m/2.jpg",
    }


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"product_online": "2"}, "it is disabled in the shop"),
        ({"product_online": "0"}, "it is disabled in the shop"),
        (
            {"visibility": "Not Visible Individually"},
            "it is not visible individually, and no product lists it as a variation",
        ),
    ],
)
def test_what_the_shop_does_not_show_is_refused_with_that_reason(
    tmp_path: Path, values: dict[str, str], reason: str
) -> None:
    (row,) = rows(tmp_path, SHOWN | {"sku": "L", "name": "Lamp"} | values)
    assert (row.problem, row.problem_kind) == (reason, NOT_FOR_SALE)


def test_simple_is_no_category(tmp_path: Path) -> None:
    (row,) = rows(tmp_path, SHOWN | {"sku": "L", "name": "Lamp", "price": "5"})
    assert row.fields == {"product_id": "L", "title": "Lamp", "price": "5"}
    (tmp_path / "other.csv").write_text("sku,name,product_type\n1,Lamp,simple\n")
    (other,) = open_feed(tmp_path / "other.csv").rows()
    assert "category" not in other.fields
    assert other.attributes == {"product_type": "simple"}
