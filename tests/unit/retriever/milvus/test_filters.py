"""Filters where Milvus scans: what passes a filter meets its conditions, there and here."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from pymilvus import MilvusClient  # type: ignore[import-untyped]

from services.contracts.retriever import QueryTerm, RetrievalRequest
from services.contracts.search import Filters, PriceRange
from services.retriever.catalogue.catalogue import Catalogue
from services.retriever.catalogue.engine_fields import conditions_of, engine_fields
from services.retriever.index import Between, IndexChoice, Passing, RowFields, Where
from services.retriever.index.milvus import MilvusIndex
from tests.unit.retriever.engines import choice_at
from tests.unit.retriever.milvus.shop import MODEL, D, catalogue, product_id, table, vectors
from tests.unit.retriever.searches import search

N = 1_500

FILTERS = [
    Filters(brand=["lumo"]),
    Filters(brand=["ÇELIK", "nobody"]),
    Filters(category=["home"]),
    Filters(category=["Home>Kitchen", "gifts"]),
    Filters(category=["Garden"]),
    Filters(category=["sale", "nothing > like it"]),
    Filters(in_stock=True),
    Filters(in_stock=False),
    Filters(price=PriceRange(min=2.5)),
    Filters(price=PriceRange(max=4)),
    Filters(price=PriceRange(min=0, max=9, currency="usd")),
    Filters(attributes={"material": ["oak wood"]}),
    Filters(attributes={"inner/outer": ["IN"], "size": ["L"]}),
    Filters(attributes={"item_group_id": ["G3", "g4"]}),
    Filters(attributes={"category": ["home"], "brand": ["Lumo"]}),
    Filters(attributes={"in_stock": ["no"]}),
    Filters(brand=["Lumo"], category=["home"], in_stock=True, attributes={"inner/outer": ["in"]}),
]


@pytest.fixture(scope="module")
def there(uri: str) -> Iterator[Catalogue]:
    with choice_at(uri) as choice:
        yield catalogue(choice, N)


@pytest.fixture(scope="module")
def here() -> Catalogue:
    return catalogue(IndexChoice("exact"), N)


def met(where: Where, fields: RowFields) -> Passing:
    """(n,) the rows that meet all conditions."""
    rows = np.ones(len(fields.ids), np.bool_)
    for one in where:
        if isinstance(one, Between):
            numbers = fields.numbers[one.field]
            rows &= numbers >= one.least
            rows &= numbers <= (np.inf if one.most is None else one.most)
        elif one.field in fields.sets:
            rows &= [bool({*one.codes} & {*codes}) for codes in fields.sets[one.field]]
        else:
            rows &= np.isin(fields.codes[one.field], one.codes)
    return rows


@pytest.mark.parametrize("filters", FILTERS, ids=str)
def test_conditions_are_met_by_exactly_what_passes(filters: Filters) -> None:
    products = table(range(N))
    fields = products.fields
    where = conditions_of(filters, fields, None, "EUR")
    passing = fields.passing(filters, currency="EUR")
    assert np.array_equal(met(where, engine_fields(products.ids, fields)), passing)


def test_a_field_that_is_left_aside_is_no_condition() -> None:
    fields = table(range(9)).fields
    both = Filters(brand=["Lumo"], in_stock=True)
    assert conditions_of(both, fields, "brand", None) == conditions_of(
        Filters(in_stock=True), fields, None, None
    )


@pytest.mark.parametrize("filters", FILTERS, ids=str)
def test_milvus_counts_as_many_rows(uri: str, there: Catalogue, filters: Filters) -> None:
    index = there.index.base
    assert isinstance(index, MilvusIndex)
    fields = there.products.fields[0]
    expression = index.stored.collection.expression(conditions_of(filters, fields, None, "EUR"))
    client = MilvusClient(uri)
    (answer,) = client.query(
        index.stored.collection.name,
        filter=expression,
        output_fields=["count(*)"],
        consistency_level="Strong",
    )
    client.close()
    assert answer["count(*)"] == np.count_nonzero(fields.passing(filters, currency="EUR")) > 0


@pytest.mark.parametrize("filters", FILTERS, ids=str)
def test_answers_are_those_of_memory(here: Catalogue, there: Catalogue, filters: Filters) -> None:
    for seed in (1, 2):
        query = vectors([seed], 99)[0, :D]
        request = RetrievalRequest(
            model=MODEL,
            terms=[QueryTerm(vector=query.tolist())],
            filters=filters,
            exclude=[product_id(12)],
            facets=["brand", "category"],
            k=50,
            cutoff="off",
        )
        found, expected = search(there, request), search(here, request)
        assert [one.product_id for one in found.results] == [
            one.product_id for one in expected.results
        ]
        assert (found.found, found.facets) == (expected.found, expected.facets)
