"""WooCommerce's export: variations, drafts, sale prices, categories, pictures."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from services.pipeline.feeds import FeedRow, open_feed
from services.pipeline.feeds.base import NOT_FOR_SALE
from services.pipeline.feeds.validation import FeedProduct, RowValidator

COLUMNS = (
    *("ID", "Type", "SKU", "Name", "Published", "Is featured?", "Visibility in catalog"),
    *("Short description", "Description", "Date sale price starts", "Date sale price ends"),
    *("In stock?", "Sale price", "Regular price", "Categories", "Tags", "Images", "Parent"),
    *("Attribute 1 name", "Attribute 1 value(s)", "Attribute 1 visible", "Meta: _edit_lock"),
)
SIMPLE = {"Type": "simple", "Published": "1", "Visibility in catalog": "visible"}
VARIABLE = SIMPLE | {"ID": "1", "SKU": "MUG", "Name": "Mug", "Type": "variable"}


def variation(sku: str, **values: str) -> dict[str, str]:
    return SIMPLE | {"Type": "variation", "SKU": sku, "Name": f"Mug {sku}"} | values


def rows(folder: Path, *products: dict[str, str]) -> list[FeedRow]:
    path = folder / "wc-product-export.csv"
    with path.open("w", encoding="utf-8-sig", newline="") as out:
        writer = csv.DictWriter(out, COLUMNS)
        writer.writeheader()
        writer.writerows(products)
    feed = open_feed(path)
    assert feed.format == "woocommerce"
    found = list(feed.rows())
    assert feed.count() == len(found)
    return found


def test_variations_are_gathered_in_their_parent_wherever_they_stand(tmp_path: Path) -> None:
    red = variation("R", Parent="MUG", **{"Sale price": "9.50", "Regular price": "12.90"})
    red |= {"Attribute 1 name": "Colour", "Attribute 1 value(s)": "Red", "In stock?": "0"}
    red |= {"Images": "https://s.example/red.jpg"}
    blue = variation("B", Parent="id:1", **{"Regular price": "11", "In stock?": "1"})
    blue |= {"Attribute 1 name": "Colour", "Attribute 1 value(s)": "Blue"}
    parent = VARIABLE | {
        "Description": "<p>Holds 300 ml</p>\\n<p>Two</p>",
        "Short description": "A mug",
        "Categories": "Kitchen, Kitchen > Mugs, Gifts, Food\\, drink",
        "Images": "https://s.example/1.jpg, https://s.example/2.jpg",
        "Meta: _edit_lock": "123",
    }
    (row,) = rows(tmp_path, red, parent, blue)
    assert row.fields == {
        "product_id": "MUG",
        "title": "Mug",
        "description": "Holds 300 ml\nTwo",
        "category": "Kitchen > Mugs",
        "price": "9.50",
        "list_price": "12.90",
        "image": "https://s.example/1.jpg",
    }
    assert row.attributes == {
        "short_description": "A mug",
        "colour": "Red, Blue",
        "sku": "R, B",
        "in_stock": "true",
        "more_categories": "Gifts\nFood, drink",
        "more_images": "https://s.example/2.jpg https://s.example/red.jpg",
    }


def test_a_variation_without_its_parent_is_a_product_of_its_group(tmp_path: Path) -> None:
    (row,) = rows(tmp_path, variation("R", Parent="MUG", **{"Regular price": "5"}))
    assert (row.fields["product_id"], row.attributes["item_group_id"]) == ("R", "MUG")


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"Published": "-1"}, "it is a draft"),
        ({"Published": "0"}, "it is private"),
        ({"Visibility in catalog": "hidden"}, "it is hidden in the shop"),
    ],
)
def test_what_the_shop_does_not_show_is_refused_with_that_reason(
    tmp_path: Path, values: dict[str, str], reason: str
) -> None:
    (row,) = rows(tmp_path, SIMPLE | {"SKU": "L", "Name": "Lamp"} | values)
    assert (row.problem, row.problem_kind) == (reason, NOT_FOR_SALE)


@pytest.mark.parametrize(
    ("starts", "ends", "price"),
    [
        ("", "", 9.5),
        ("2020-01-01", "2099-01-01", 9.5),
        ("2020-01-01", "2020-02-01", 12.9),
        ("2099-01-01 00:00:00", "", 12.9),
        ("tomorrow", "", 12.9),
    ],
)
def test_a_sale_price_counts_in_its_dates(
    tmp_path: Path, starts: str, ends: str, price: float
) -> None:
    (row,) = rows(
        tmp_path,
        SIMPLE
        | {"SKU": "L", "Name": "Lamp", "Regular price": "12.90", "Sale price": "9.50"}
        | {"Date sale price starts": starts, "Date sale price ends": ends},
    )
    product = RowValidator(tmp_path).check(row)
    assert isinstance(product, FeedProduct)
    assert product.price == price
    assert ("list_price" in product.attributes) == (price == 9.5)
    assert len(product.notes) == (starts == "tomorrow")


@pytest.mark.parametrize(
    ("said", "in_stock"),
    [("1", "true"), ("1.0", "true"), ("0", "false"), ("FALSE", "false"), ("backorder", None)],
)
def test_stock_is_known_as_spreadsheets_write_it_too(
    tmp_path: Path, said: str, in_stock: str | None
) -> None:
    (row,) = rows(tmp_path, SIMPLE | {"SKU": "L", "Name": "Lamp", "In stock?": said})
    assert row.attributes.get("in_stock") == in_stock


@pytest.mark.parametrize(
    ("said", "in_stock"),
    [(("0", "1"), "true"), (("0", "0"), "false"), (("0", "backorder"), None)],
)
def test_a_product_is_out_of_stock_if_none_of_its_variations_can_be_had(
    tmp_path: Path, said: tuple[str, str], in_stock: str | None
) -> None:
    parts = [variation(f"M{at}", Parent="MUG", **{"In stock?": one}) for at, one in enumerate(said)]
    (row,) = rows(tmp_path, VARIABLE, *parts)
    assert row.attributes.get("in_stock") == in_stock


def test_a_product_without_a_sku_has_its_number_as_id(tmp_path: Path) -> None:
    (row,) = rows(tmp_path, SIMPLE | {"ID": "103", "Name": "Lamp"})
    assert row.fields == {"product_id": "103", "title": "Lamp"}
    assert row.attributes == {}
