"""Prices of several currencies are never compared as bare numbers."""

from __future__ import annotations

import math

import numpy as np
import pytest

from services.contracts.retriever import CatalogueInfo, RetrievalRequest, RetrievalResponse
from services.contracts.search import Filters, PriceRange
from services.retriever.catalogue.catalogue import Catalogue
from services.retriever.catalogue.moments import Moments
from services.retriever.catalogue.product_table import TEXT_COLUMNS, ProductTable, product_batch
from services.retriever.catalogue.products import Products
from services.retriever.index import ExactIndex, LiveIndex
from tests.unit.retriever.searches import search

PRICES = [
    ("bare-6", 6.0, ""),
    ("euro-20", 20.0, "EUR"),
    ("euro-5", 5.0, "EUR"),
    ("euro-8", 8.0, "EUR"),
    ("free", math.nan, "EUR"),
    ("yen-10", 10.0, "JPY"),
    ("yen-900", 900.0, "JPY"),
]
"""By id, as a version is."""
NO_VECTORS = np.zeros((0, 4), np.float32)
ADDED = [("dollar-7", 7.0, "USD"), ("euro-7", 7.0, "eur"), ("yen-7", 7.0, "JPY")]


def table(rows: list[tuple[str, float, str]]) -> ProductTable:
    texts = {name: [""] * len(rows) for name in TEXT_COLUMNS}
    texts["title"] = [product_id for product_id, _, _ in rows]
    texts["currency"] = [currency for _, _, currency in rows]
    texts["attributes"] = ["{}" for _ in rows]
    batch, _ = product_batch([one[0] for one in rows], texts, [one[1] for one in rows])
    return ProductTable.of([batch])


def catalogue(rows: list[tuple[str, float, str]]) -> Catalogue:
    vectors = np.zeros((len(rows), 8), np.float32)
    vectors[:, [0, 4]] = 1
    index = LiveIndex(ExactIndex(vectors), [one[0] for one in rows])
    info = CatalogueInfo(version="v1", model="mini@1", dimension=4, products=len(rows))
    return Catalogue(info, Products(table(rows)), index, Moments.of(vectors))


@pytest.fixture
def mixed() -> Catalogue:
    return catalogue(PRICES)


@pytest.fixture
def changed(mixed: Catalogue) -> Catalogue:
    half = np.zeros((len(ADDED), 4), np.float32)
    half[:, 0] = 1
    return mixed.with_changes(1, table(ADDED), half, half, [])


def without(one: Catalogue, *deletes: str) -> Catalogue:
    """After these are deleted."""
    return one.with_changes(one.sequence + 1, table([]), NO_VECTORS, NO_VECTORS, deletes)


def browse(one: Catalogue, **asked: object) -> RetrievalResponse:
    return search(one, RetrievalRequest.model_validate({"k": 100, **asked}))


def ids(one: Catalogue, **asked: object) -> set[str]:
    return {product.product_id for product in browse(one, **asked).results}


def test_a_range_is_of_the_currency_that_most_products_have(changed: Catalogue) -> None:
    found = ids(changed, filters=Filters(price=PriceRange(max=10)))
    assert found == {"euro-5", "euro-8", "euro-7", "bare-6"}


@pytest.mark.parametrize("code", ["JPY", "jpy"])
def test_a_range_may_name_its_currency(changed: Catalogue, code: str) -> None:
    found = ids(changed, filters=Filters(price=PriceRange(max=10, currency=code)))
    assert found == {"yen-10", "yen-7"}
    assert ids(changed, filters=Filters(price=PriceRange(min=1, currency="USD"))) == {"dollar-7"}
    assert ids(changed, filters=Filters(price=PriceRange(min=1, currency="CHF"))) == set()


@pytest.mark.parametrize("order", ["price_asc", "price_desc"])
def test_an_order_by_price_never_mixes_currencies(changed: Catalogue, order: str) -> None:
    found = [one.product_id for one in browse(changed, sort=order).results]
    euros = ["euro-5", "bare-6", "euro-7", "euro-8", "euro-20"]
    yens = ["yen-7", "yen-10", "yen-900"]
    if order == "price_desc":
        euros, yens = euros[::-1], yens[::-1]
    assert found == [*euros, *yens, "dollar-7", "free"]


def test_the_span_is_of_one_currency_and_says_which(changed: Catalogue) -> None:
    def span(price: PriceRange | None) -> tuple[float, float, str | None]:
        facets = browse(changed, filters=Filters(price=price), facets=["price"]).facets
        assert facets is not None
        assert facets.price is not None
        return facets.price.min, facets.price.max, facets.price.currency

    assert span(None) == (5, 20, "EUR")
    assert span(PriceRange(max=100, currency="jpy")) == (7, 900, "JPY")


def test_a_catalogue_without_currencies_is_compared_as_it_is() -> None:
    bare = catalogue([(name, price, "") for name, price, _ in PRICES])
    assert ids(bare, filters=Filters(price=PriceRange(max=8))) == {"euro-5", "euro-8", "bare-6"}
    facets = browse(bare, facets=["price"]).facets
    assert facets is not None
    assert facets.price is not None
    assert facets.price.currency is None


def test_a_currency_is_gone_with_its_last_product(changed: Catalogue) -> None:
    assert changed.products.currencies == {"EUR", "JPY", "USD"}
    assert without(changed, "dollar-7").products.currencies == {"EUR", "JPY"}
    yenless = without(changed, "yen-900", "yen-10", "yen-7")
    assert yenless.products.currencies == {"EUR", "USD"}
    assert without(changed, "yen-10").products.currencies == {"EUR", "JPY", "USD"}


def test_the_main_currency_is_that_of_most_products_that_are_left(changed: Catalogue) -> None:
    yens = without(changed, "euro-5", "euro-20", "euro-8")
    assert yens.products.currency == "JPY"
    assert ids(yens, filters=Filters(price=PriceRange(max=10))) == {"bare-6", "yen-7", "yen-10"}
    found = [one.product_id for one in browse(yens, sort="price_asc").results]
    assert found == ["bare-6", "yen-7", "yen-10", "yen-900", "euro-7", "dollar-7", "free"]


def test_prices_are_known_while_a_product_has_one(mixed: Catalogue) -> None:
    prices = [name for name, price, _ in PRICES if not math.isnan(price)]
    few = without(mixed, *prices[1:])
    assert few.products.has_prices
    assert not without(few, prices[0]).products.has_prices
