"""Browsing: a request without terms lists what passes the filters."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from services.common.problems import InvalidRequest
from services.contracts.retriever import CatalogueInfo, RetrievalRequest, RetrievalResponse
from services.contracts.search import Filters, PriceRange
from services.retriever.catalogue.catalogue import Catalogue
from services.retriever.catalogue.moments import Moments
from services.retriever.catalogue.product_table import TEXT_COLUMNS, ProductTable, product_batch
from services.retriever.catalogue.products import Products
from services.retriever.index import ExactIndex, LiveIndex
from tests.unit.retriever.paging import every_page, ids_of
from tests.unit.retriever.searches import search

N = 2_500


def table(numbers: list[int]) -> ProductTable:
    texts = {name: [""] * len(numbers) for name in TEXT_COLUMNS}
    texts["title"] = [f"Product {number}" for number in numbers]
    texts["category"] = [["Kitchen > Mugs", "kitchen>mugs", "Garden"][n % 3] for n in numbers]
    texts["currency"] = ["EUR" for _ in numbers]
    texts["brand"] = [["Lumo", "LUMO", "lumo ", "Lumo", "Kestrel"][n % 5] for n in numbers]
    texts["attributes"] = [
        json.dumps({"color": ["red", "Red", "RED "][n % 3], "item_group_id": f"g{n // 2}"})
        if n < 20
        else json.dumps({"color": "blue"})
        for n in numbers
    ]
    prices = [math.nan if n % 7 == 0 else float(n % 11) for n in numbers]
    batch, refused = product_batch([f"p-{n:05d}" for n in numbers], texts, prices)
    assert refused == []
    return ProductTable.of([batch])


def catalogue(n: int = N) -> Catalogue:
    numbers = list(range(n))
    rows = np.zeros((n, 8), np.float32)
    rows[:, [0, 4]] = 1
    index = LiveIndex(ExactIndex(rows), [f"p-{number:05d}" for number in numbers])
    info = CatalogueInfo(version="v1", model="mini@1", dimension=4, products=n)
    return Catalogue(info, Products(table(numbers)), index, Moments.of(rows))


def changed() -> Catalogue:
    one = catalogue()
    half = np.zeros((4, 4), np.float32)
    half[:, 0] = 1
    gone = ["p-00030", "p-00099"]
    one = one.with_changes(1, table([3, 5, N, N + 1]), half, half, gone)
    return one.with_changes(
        2, table([30, 99]), half[:2], half[:2], [f"p-{N:05d}", f"p-{N + 1:05d}"]
    )


def browse(one: Catalogue, **asked: object) -> RetrievalResponse:
    usual = {"k": 100, "group_variants": False}
    return search(one, RetrievalRequest.model_validate({**usual, **asked}))


def every(one: Catalogue, **asked: object) -> list[str]:
    pages = every_page(lambda after: browse(one, after=after, **asked))
    found = ids_of(pages)
    assert len(found) == len(set(found)) == pages[-1].found
    return found


@pytest.mark.parametrize("one", [catalogue(), changed()], ids=["as loaded", "changed since"])
def test_all_products_are_listed_in_order_of_id_beyond_the_first_thousand(one: Catalogue) -> None:
    assert every(one) == [f"p-{number:05d}" for number in range(N)]
    answer = browse(one)
    assert answer.confidence == 1
    assert {(product.score, product.strength) for product in answer.results} == {(0.0, "strong")}


@pytest.mark.parametrize("one", [catalogue(), changed()], ids=["as loaded", "changed since"])
@pytest.mark.parametrize("sort", ["price_asc", "price_desc"])
def test_a_category_is_listed_by_price_and_what_has_none_comes_last(
    one: Catalogue, sort: str
) -> None:
    listed = [int(one[2:]) for one in every(one, sort=sort, filters={"category": ["KITCHEN"]})]
    wanted = [number for number in range(N) if number % 3 < 2]
    sign = 1 if sort == "price_asc" else -1
    assert listed == sorted(wanted, key=lambda n: (n % 7 == 0, sign * (n % 11) * (n % 7 > 0), n))


@pytest.mark.parametrize("one", [catalogue(), changed()], ids=["as loaded", "changed since"])
def test_facets_count_all_products_one_value_for_every_spelling(one: Catalogue) -> None:
    facets = browse(one, facets=["brand", "category", "price"]).facets
    assert facets is not None
    brands = {value.value: value.count for value in facets.fields["brand"]}
    assert brands == {"Lumo": 2_000, "Kestrel": 500}
    for value, count in brands.items():
        assert browse(one, filters=Filters(brand=[value.lower()])).found == count
    categories = {value.value: value.count for value in facets.fields["category"]}
    assert categories == {"Kitchen": 1667, "Kitchen > Mugs": 1667, "Garden": 833}
    assert facets.price is not None
    assert (facets.price.min, facets.price.max) == (0, 10)


def test_only_one_of_variants_is_listed_the_first_in_the_order() -> None:
    one = catalogue()
    assert browse(one, group_variants=True).found == N - 10
    cheap = {"filters": Filters(color=["red"]), "sort": "price_desc", "group_variants": True}
    listed = every(one, **cheap)
    assert len(listed) == 10
    assert "p-00009" in listed  # 9.00, its variant p-00008 costs 8.00


def test_the_variants_of_one_product_are_listed_by_their_group() -> None:
    one = catalogue()
    assert every(one, filters=Filters(attributes={"item_group_id": ["g4"]})) == [
        "p-00008",
        "p-00009",
    ]
    with pytest.raises(InvalidRequest):
        browse(one, facets=["item_group_id"])


def test_filters_without_a_match_and_an_empty_catalogue_list_nothing() -> None:
    one = catalogue()
    nobody = browse(one, filters=Filters(price=PriceRange(min=999)), facets=["*"])
    assert (nobody.results, nobody.found, nobody.next) == ([], 0, None)
    assert browse(catalogue(0), facets=["*"]).found == 0
