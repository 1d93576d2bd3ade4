"""Exports of systems that are read as our own format: prices, stock, and what is not offered."""

from __future__ import annotations

from pathlib import Path

import pytest

from services.pipeline.feeds import FeedRow, open_feed
from services.pipeline.feeds.base import NOT_FOR_SALE
from services.pipeline.feeds.validation import FeedProduct, Reject, RowValidator


def read(folder: Path, header: str, values: str) -> FeedRow:
    (folder / "feed.csv").write_text(f"id;title;{header}\nm;Mug;{values}\n", encoding="utf-8")
    (row,) = open_feed(folder / "feed.csv").rows()
    return row


def load(folder: Path, header: str, values: str) -> FeedProduct:
    product = RowValidator(folder).check(read(folder, header, values))
    assert isinstance(product, FeedProduct)
    return product


@pytest.mark.parametrize(
    ("header", "values", "price", "list_price"),
    [
        ("Price;Retail Price;Sale Price", "12;15;9.5", 9.5, "12"),  # BigCommerce
        ("Price;Retail Price;Sale Price", "12;15;0", 12, "15"),
        ("Price;Retail Price", "12;0.00", 12, None),
        ("Price;Sale Price;On Sale", "12;9.5;No", 12, None),  # Squarespace
        ("Price;Sale Price;On Sale", "12;9.5;Yes", 9.5, "12"),
        ("price;strikethroughPrice", "9.5;12", 9.5, "12"),  # Wix
        ("price;discountMode;discountValue", "12;PERCENT;25.0", 9, "12"),
        ("price;discountMode;discountValue", "12;AMOUNT;2.5", 9.5, "12"),
        ("price;discountMode;discountValue", "12;PERCENT;0", 12, None),
        *(  # PrestaShop
            (
                f"Price tax included;On sale (0/1);Discount amount;Discount percent;{dates}",
                *expected,
            )
            for dates, *expected in (
                ("Discount to (yyyy-mm-dd)", "12;0;2.5;;", 9.5, "12"),
                ("Discount to (yyyy-mm-dd)", "12;1;2.5;;", 9.5, "12"),
                ("Discount to (yyyy-mm-dd)", "12;1;;25;", 9, "12"),
                ("Discount to (yyyy-mm-dd)", "12;1;;25;2020-01-01", 12, None),
                ("Discount to", "12;1;;;", 12, None),
            )
        ),
        ("price;Discount amount;Discount percent", "12,00;2,5;", 9.5, "12.0"),
        ("price;discountMode;discountValue", "12,00 €;PERCENT;25%", 9, "12.0"),
        ("price;Discount amount", "9.5;2.5", 9.5, None),
        ("price;discountPercentage", "9.5;10", 9.5, None),
        ("product_price;product_compare_to_price", "9.5;12", 9.5, "12"),  # Ecwid
        ("Price;Price_Old", "9.5;12", 9.5, "12"),  # Lightspeed
        ("price;Compare-at Price", "9.5;12,00 €", 9.5, "12.0"),
        ("Regular price;Sale price", "12;9.5", 9.5, "12"),
        ("regular_price;price", "12;9.5", 9.5, "12"),
        ("MRP;selling_price", "12;9.5", 9.5, "12"),
        ("price;sale_price", "12;15", 12, None),
        ("price;sale_price;sale_price_effective_date", "12;9.5;2020-01-01/2020-02-01", 12, None),
        ("price;sale_price;sale_end_date", "12;9.5;2020-02-01", 12, None),
        ("price;sale_price;Sale Start Date", "12;9.5;2020-02-01", 9.5, "12"),
        ("price;list_price;sale_price", "12;15;9.5", 9.5, "12"),
        ("price;listPrice", "9.5;12", 9.5, "12"),
        ("price;formerPrice", "9.5;12", 9.5, "12"),  # idealo
        ("standard_price;list_price", "9.5;12", 9.5, "12"),  # Amazon
        ("standard_price;list_price;default_code", "5;12;F", 12, None),  # Odoo: the cost
        ("Sales Price;Cost", "12;5", 12, None),
    ],
)
def test_a_lower_sale_price_is_the_price_and_the_other_the_list_price(
    tmp_path: Path, header: str, values: str, price: float, list_price: str | None
) -> None:
    product = load(tmp_path, header, values)
    assert product.price == price
    assert product.attributes.get("list_price") == list_price
    assert not product.notes


def test_a_sale_price_that_cannot_be_read_leaves_the_regular_price_and_a_note(
    tmp_path: Path,
) -> None:
    product = load(tmp_path, "price;Special Price", "12;soon")
    assert product.price == 12
    (note,) = product.notes
    assert "the regular price is shown" in note.reason
    feed = open_feed(tmp_path / "feed.csv")
    assert feed.column(next(feed.rows()), note.column) == "Special Price"


def test_a_list_price_without_a_price_stays_an_attribute(tmp_path: Path) -> None:
    product = load(tmp_path, "MSRP", "12")
    assert (product.price, product.attributes) == (None, {"msrp": "12"})


@pytest.mark.parametrize(
    ("header", "currency"),
    [
        ("Price (tax incl.)", ""),
        ("Price tax included", ""),
        ("price_gross", ""),
        ("Price incl. VAT", ""),
        ("PRICE_VAT", ""),
        ("price inc GST", ""),
        ("Retail price with tax", ""),
        ("Price (EUR)", "EUR"),
        ("Price €", "EUR"),
        ("price-EUR", "EUR"),
        ("Price incl. VAT (EUR)", "EUR"),
        ("price_eur_gross", "EUR"),
    ],
)
def test_a_price_with_its_tax_or_currency_in_the_name_is_the_price(
    tmp_path: Path, header: str, currency: str
) -> None:
    product = load(tmp_path, f"Price (tax excl.);{header}", "10;12.5")
    assert (product.price, product.currency) == (12.5, currency)


@pytest.mark.parametrize(
    ("header", "price", "currency"),
    [("price_all", None, ""), ("price_top", None, ""), ("Price (ALL)", 12, "ALL")],
)
def test_a_word_in_the_name_of_a_price_is_no_currency(
    tmp_path: Path, header: str, price: float | None, currency: str
) -> None:
    product = load(tmp_path, header, "12")
    assert (product.price, product.currency) == (price, currency)


def test_of_several_currencies_the_first_column_counts_and_a_column_names_it(
    tmp_path: Path,
) -> None:
    product = load(tmp_path, "price_usd;price_eur", "12;11")
    assert (product.price, product.currency) == (12, "USD")
    assert product.attributes == {"price_eur": "11"}
    assert load(tmp_path, "price_usd;currency", "12;CAD").currency == "CAD"


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("visible", "false"),  # Wix
        ("Is Visible", "FALSE"),  # BigCommerce
        ("Product Visible?", "N"),
        ("Visible", "No"),  # Squarespace
        ("online", "false"),  # Salesforce
        ("online-flag", "0"),
        ("Active (0/1)", "0"),  # PrestaShop
        ("Status", "0"),
        ("status", "Draft"),
        ("product_status", "archived"),
        ("enabled", "nein"),
        ("published", "-1"),
        ("visibility", "hidden"),
        ("Visibility", "none"),  # PrestaShop
        ("is_deleted", "true"),
        ("Archived", "1.0"),
        ("Square Online Item Visibility", "hidden"),
        ("is_for_sale", "0"),  # Awin
        ("status", "Entwurf"),
        ("status", "ENDED"),
    ],
)
def test_a_product_that_the_shop_hides_is_refused_and_is_no_fault(
    tmp_path: Path, header: str, value: str
) -> None:
    row = read(tmp_path, header, value)
    reject = RowValidator(tmp_path).check(row)
    assert isinstance(reject, Reject)
    assert reject.kind == NOT_FOR_SALE
    assert value in reject.reason
    assert header in reject.reason


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("visible", "true"),
        ("visible", ""),
        ("Active (0/1)", "1"),
        ("Status", "1"),
        ("status", "active"),
        ("status", "in stock"),
        ("visibility", "high"),
        ("status", "none"),
        ("published", "2024-02-01"),
        ("archived", "no"),
        ("Product Type", "false"),
    ],
)
def test_a_product_that_the_shop_shows_is_loaded(tmp_path: Path, header: str, value: str) -> None:
    load(tmp_path, header, value)


@pytest.mark.parametrize(
    ("header", "values", "in_stock"),
    [
        *(("in_stock", one, "true") for one in ("ja", "oui", "sí", "Auf Lager", "en stock", "5")),
        *(("in_stock", one, "true") for one in ("1.0", "10+", "В наличии", "TRUE", "in stock")),
        *(
            ("in_stock", one, "false")
            for one in ("nein", "non", "0", "-3", "ausverkauft", "épuisé")
        ),
        ("in_stock", "soon", "soon"),
        ("availability", "auf lager", "true"),
        ("Stock", "Unlimited", "true"),  # Squarespace
        ("inventory", "InStock", "true"),  # Wix
        ("Quantity", "0", "false"),  # PrestaShop
        ("Current Stock Level;Track Inventory", "0;none", None),  # BigCommerce
        ("Current Stock Level;Track Inventory", "7;by product", "true"),
        ("stock_status;manage_stock", "outofstock;no", "false"),
        ("in_stock;manage_stock", "0;no", "false"),
        ("in_stock;quantity", "no;5", "false"),
        ("inStock", "no", "false"),
        ("is_available;quantity", "false;5", "false"),
        ("available", "3", "true"),
    ],
)
def test_stock_is_known_in_many_languages_and_as_a_quantity(
    tmp_path: Path, header: str, values: str, in_stock: str | None
) -> None:
    assert read(tmp_path, header, values).attributes.get("in_stock") == in_stock


@pytest.mark.parametrize(
    "header",
    [
        *("Cost Price", "Cost", "product_cost_price", "Default Unit Cost", "Cost per item"),
        *("purchase_prices_net", "supply_price", "Wholesale price", "wholesale_prices"),
        *("cost_of_goods_sold", "default_code;standard_price"),
        # With a currency or tax in the name, as members of an object, and in other languages
        *("Cost price (EUR)", "cost_eur", "cost_of_goods_sold.total_value", "cost.amount"),
        *("net_purchase_price", "Landed cost", "Avg. Cost", "COGS", "Supplier price", "Margin %"),
        *("Dealer Price", "EK", "EK netto", "Einkaufspreis", "Netto-EK", "Prix d'achat HT"),
        *("Precio de compra", "Costo", "Inkoopprijs", "Cena zakupu netto", "Закупочная цена"),
    ],
)
def test_the_price_that_the_shop_paid_is_not_published(tmp_path: Path, header: str) -> None:
    row = read(tmp_path, f"list_price;{header}", "12;F;5" if ";" in header else "12;5")
    assert "5" not in {**row.fields, **row.attributes}.values()


@pytest.mark.parametrize(
    "header",
    ["shipping_cost", "delivery_cost", "Costume", "EK-Nummer", "Händler", "Margin of error"],
)
def test_other_columns_with_such_words_stay_attributes(tmp_path: Path, header: str) -> None:
    row = read(tmp_path, f"list_price;{header}", "12;5")
    assert "5" in row.attributes.values()


def test_what_ecwid_calls_not_available_is_not_for_sale(tmp_path: Path) -> None:
    row = read(tmp_path, "product_internal_id;product_is_available", "7;false")
    assert row.problem_kind == NOT_FOR_SALE


@pytest.mark.parametrize("header", ["deep_link", "permalink", "Buy URL", "page-url", "offers.url"])
def test_the_page_of_a_product_has_many_names(tmp_path: Path, header: str) -> None:
    assert load(tmp_path, header, "https://x/1").product_url == "https://x/1"


def test_alternate_images_are_further_pictures(tmp_path: Path) -> None:
    header = "image_url;alternate_image;alternate_image_two;Alternative Image"
    product = load(tmp_path, header, "https://x/1;https://x/2;https://x/3;https://x/1")
    assert product.more_pictures == ("https://x/2", "https://x/3")
