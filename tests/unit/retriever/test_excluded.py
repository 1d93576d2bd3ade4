"""Products that are without what a query excludes say it, and are found."""

from __future__ import annotations

import pytest

from services.retriever.searching.excluded import excluded_rows
from services.retriever.words import Analyser, Language
from tests.unit.retriever.test_words import Row, catalogue

SHOPS: dict[Language, dict[str, Row]] = {
    "en": {
        "a": {"title": "Lactose-free milk"},
        "b": {"title": "Milk, with lactose"},
        "c": {"title": "Gluten free bread", "attributes": {"allergens": "lactose"}},
        "d": {"title": "Lactose-free cheese", "attributes": {"contains": "traces of lactose"}},
        "e": {"title": "Eggs free range"},
        "f": {"title": "Juice, no added sugar"},
        "g": {"title": "Whole milk", "description": "Full of lactose."},
        "h": {"title": "Nut-free muesli without sugar"},
        "i": {"title": "Muesli with nuts"},
    },
    "de": {
        "a": {"title": "Glutenfreies Brot"},
        "b": {"title": "Brot ohne Gluten"},
        "c": {"title": "Brot mit Gluten"},
        "d": {"title": "Cola zuckerfrei"},
        "e": {"title": "Cola mit Zucker"},
    },
}


@pytest.mark.parametrize(
    ("language", "text", "products"),
    [
        ("en", "lactose", ["b", "c", "d"]),
        ("en", "gluten", []),
        ("en", "eggs", ["e"]),
        ("en", "sugar", []),
        ("en", "nuts", ["i"]),
        ("en", "whole milk", ["g"]),
        ("de", "Gluten", ["c"]),
        ("de", "Zucker", ["e"]),
    ],
)
def test_a_product_without_what_is_excluded_is_kept(
    language: Language, text: str, products: list[str]
) -> None:
    one = catalogue(SHOPS[language], Analyser(language))
    assert [one.index.id_of(row) for row in excluded_rows(one, text).tolist()] == products
