"""Products that are without what a query excludes say it, and are found."""

from __future__ import annotations

import pytest

from services.retriever.searching.excluded import excluded_rows
from services.retriever.searching.words import sought_words
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
        "j": {"title": "Sunscreen SPF 50+, 100 ml"},
        "k": {"title": "Sunscreen SPF 30, 50 ml"},
        "l": {"title": "Sunscreen SPF 30, 0.5 l"},
        "m": {"title": "Shirt men's", "attributes": {"size": "L"}},
        "n": {"title": "Shirt women's, S"},
        "p": {"title": 'TV 55"'},
        "q": {"title": "TV 55 inch"},
        "r": {"title": "Power bank 20,000 mAh"},
        "s": {"title": "Power bank 20000mAh"},
        "t": {"title": "Mugs, 4 packs"},
        "u": {"title": "Mug, 4 pack"},
        "ua": {"title": "Mugs, pack of 4"},
        "v": {"title": "Phone 12"},
        "w": {"title": "Phone 11, 12MP"},
        "x": {"title": "Rug 12x15"},
        "y": {"title": "Phone with headphone jack"},
        "z": {"title": "Phone without a headphone jack"},
    },
    "de": {
        "a": {"title": "Glutenfreies Brot"},
        "b": {"title": "Brot ohne Gluten"},
        "c": {"title": "Brot mit Gluten"},
        "d": {"title": "Cola zuckerfrei"},
        "e": {"title": "Cola mit Zucker"},
        "f": {"title": "Akku-Bohrer ohne Akku"},
        "g": {"title": "Akku-Bohrer mit Akku"},
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
        ("en", "spf 50", ["j"]),
        ("en", "50 ml", ["k"]),
        ("en", "50ml", ["k"]),
        ("en", "spf 30", ["k", "l"]),
        ("en", "spf 55", []),
        ("en", "s", ["n"]),
        ("en", "55 inch", ["p", "q"]),
        ("en", '55"', ["p", "q"]),
        ("en", "20000 mah", ["r", "s"]),
        ("en", "20,000 mah", ["r", "s"]),
        ("en", "4 pack", ["t", "u", "ua"]),
        ("en", "12", ["v", "x"]),
        ("en", "headphone jack", ["y"]),
        ("de", "Gluten", ["c"]),
        ("de", "Zucker", ["e"]),
        ("de", "Akku", ["g"]),
    ],
)
def test_a_product_without_what_is_excluded_is_kept(
    language: Language, text: str, products: list[str]
) -> None:
    one = catalogue(SHOPS[language], Analyser(language))
    assert [one.index.id_of(row) for row in excluded_rows(one, text).tolist()] == products


def test_products_whose_texts_are_not_read_are_excluded() -> None:
    shop = {f"p{place:04}": {"title": "Cream 50 ml"} for place in range(5_001)}
    assert len(excluded_rows(catalogue(shop), "50 ml")) == 5_001


@pytest.mark.parametrize(
    ("language", "query", "without", "others"),
    [
        ("en", "pot with lid", "Pot without a lid", ["Pot with lid, 24 cm, steel, silver"]),
        ("en", "pot lid", "Pot without lid", ["Pot with lid, 24 cm, steel", "Pot, lid"]),
        ("de", "Topf mit Deckel", "Topf ohne Deckel", ["Topf mit Glasdeckel, 24 cm, Edelstahl"]),
        ("fr", "robe avec manches", "Robe sans manches", ["Robe noire avec manches longues"]),
        ("es", "olla con tapa", "Olla sin tapa", ["Olla roja con tapa de cristal, 24 cm"]),
    ],
)
def test_what_a_title_is_without_comes_behind_what_others_have(
    language: Language, query: str, without: str, others: list[str]
) -> None:
    titles = [without, *others]
    shop: dict[str, Row] = {f"p{at}": {"title": title} for at, title in enumerate(titles)}
    found = sought_words(catalogue(shop, Analyser(language)), query)
    assert found is not None
    assert found.ranked.rows.tolist()[-1] == 0
    # It is no other word either: a book is called "Men Without Women".
    assert found.ranked.certain.all()
