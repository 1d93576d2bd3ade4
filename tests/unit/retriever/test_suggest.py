"""Suggestions: what completes what is typed, how many products stand behind it, live changes."""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from services.contracts.suggestions import Suggestion
from services.retriever.catalogue.catalogue import Catalogue
from services.retriever.searching.suggest import suggest
from tests.unit.retriever.test_words import IDS, MAKERS, Row, catalogue, changed, table

Make = Callable[[Mapping[str, Row]], Catalogue]


def _mug(number: int, color: str = "red", **more: object) -> Row:
    return {
        "title": f"{color.title()} striped mug",
        "brand": "Lumo",
        "category": "Kitchen > Mugs",
        "image_url": f"/images/{number}.webp" if number % 2 else "",
        "attributes": {"color": color, "material": "stoneware"},
        **more,
    }


SHOP: dict[str, Row] = {
    **{f"m{n}": _mug(n) for n in range(6)},
    **{f"n{n}": _mug(n, "blue") for n in range(4)},
    "c1": {"title": "Café chair, set of two", "brand": "Möbelhaus", "category": "Garden > Café"},
    "c2": {"title": "Cafe table in teak", "brand": "Möbelhaus", "description": "Zinc feet."},
    "d1": {
        "title": "Okabe cordless drill OK-GSR 40V-404",
        "brand": "Okabe",
        "attributes": {"sku": "KX-4471"},
    },
    "j1": {"title": "红色条纹马克杯", "brand": "小米"},
    "j2": {"title": "蓝色条纹马克杯"},
    "j3": {"title": "ﾗﾝﾆﾝｸﾞシューズ 赤"},
    "j4": {"title": "รองเท้าวิ่งสีแดง"},
    "j5": {"title": "빨간 머그컵"},
    "j6": {"title": "Синяя кружка", "brand": "Нева"},
    "j7": {"title": "كوب أحمر"},
    "j8": {"title": "लाल मग"},
    "j9": {"title": "Κόκκινη κούπα"},
    "v1": {"title": "Võ Đình rượu vang đỏ"},
    "w1": {"title": "Men's wool vest, L"},
    "w2": {"title": "Men’s wool vest, S"},
}


def texts(one: Catalogue, typed: str, limit: int = 8) -> list[str]:
    return [found.text for found in suggest(one, typed, limit).suggestions]


def first(one: Catalogue, typed: str) -> Suggestion:
    return suggest(one, typed, 8).suggestions[0]


@pytest.mark.parametrize("make", MAKERS, ids=IDS)
@pytest.mark.parametrize(
    ("typed", "text", "kind", "products"),
    [
        ("str", "striped mug", "title", 10),
        ("STRIPED", "striped mug", "title", 10),
        ("red st", "Red striped mug", "title", 6),
        ("mug", "Mugs", "category", 10),
        ("kitch", "Kitchen", "category", 10),
        ("lu", "Lumo", "brand", 10),
        ("möb", "Möbelhaus", "brand", 2),
        ("mobel", "Möbelhaus", "brand", 2),
        ("stonew", "stoneware", "attribute", 10),
        ("blue", "blue", "attribute", 4),
        ("café t", "Cafe table in teak", "title", 1),
        ("cafe ch", "Café chair", "title", 1),
        ("okabe c", "Okabe cordless drill OK-GSR 40V-404", "title", 1),
        ("红", "红色条纹马克杯", "title", 1),
        ("条纹", "条纹马克杯", "title", 2),
        ("马", "马克杯", "title", 2),
        ("小", "小米", "brand", 1),
        ("ランニ", "ﾗﾝﾆﾝｸﾞシューズ 赤", "title", 1),
        ("シュ", "シューズ 赤", "title", 1),
        ("วิ่ง", "วิ่งสีแดง", "title", 1),
        ("머", "머그컵", "title", 1),
        ("кр", "кружка", "title", 1),
        ("не", "Нева", "brand", 1),
        ("أح", "أحمر", "title", 1),
        ("ला", "लाल मग", "title", 1),
        ("κοκ", "Κόκκινη κούπα", "title", 1),
        ("men's w", "Men's wool vest", "title", 2),
        ("men’s wo", "Men's wool vest", "title", 2),
        ("men wo", "Men's wool vest", "title", 2),
        ("vo dinh", "Võ Đình rượu vang", "title", 1),
    ],
)
def test_what_is_typed_is_completed_from_titles_and_values(
    make: Make, typed: str, text: str, kind: str, products: int
) -> None:
    found = suggest(make(SHOP), typed, 8).suggestions
    assert (text, kind, products) in [(one.text, one.kind, one.products) for one in found]


@pytest.mark.parametrize("make", MAKERS, ids=IDS)
@pytest.mark.parametrize(
    ("typed", "text"),
    [
        ("strp", "striped mug"),
        ("stirp", "striped mug"),
        ("strpied mu", "striped mug"),
        ("red strped", "Red striped mug"),
        ("rde str", "Red striped mug"),
        ("lmu", "Lumo"),
        ("stonewre", "stoneware"),
        ("okbae", "Okabe"),
        ("круж", "кружка"),
        ("крж", "кружка"),
        ("kictchen", "Kitchen"),
    ],
)
def test_typos_are_tolerated(make: Make, typed: str, text: str) -> None:
    assert text in texts(make(SHOP), typed)


@pytest.mark.parametrize("make", MAKERS, ids=IDS)
def test_words_that_stand_apart_are_completed_too(make: Make) -> None:
    one = make(SHOP)
    assert "red mug" in texts(one, "red mu")
    assert "mug red" in texts(one, "mug re")
    assert "lumo striped" in texts(one, "lumo str")
    found = first(one, "lumo blu")
    assert (found.text.lower(), found.products) == ("lumo blue", 4)


@pytest.mark.parametrize("make", MAKERS, ids=IDS)
@pytest.mark.parametrize("typed", ["xqzw", "!!", "☃", "", " ", "99999", "zzzz zzzz"])
def test_what_nothing_begins_with_has_no_completion(make: Make, typed: str) -> None:
    answer = suggest(make(SHOP), typed, 8)
    assert answer.suggestions == []
    assert answer.products == []


@pytest.mark.parametrize("typed", ["the", "lamp with"])
def test_a_function_word_is_no_typo(typed: str) -> None:
    shop = catalogue({"h1": {"title": "Checked shirt"}, "h2": {"title": "Lamp, white"}})
    assert texts(shop, typed) == []
    assert texts(shop, "chekc") == ["Checked shirt"]


@pytest.mark.parametrize("make", MAKERS, ids=IDS)
def test_products_match_the_best_suggestion_and_pictured_ones_come_first(make: Make) -> None:
    one = make(SHOP)
    cards = suggest(one, "red stri", 8).products
    assert [card.title for card in cards] == ["Red striped mug"] * 3
    assert all(card.image_url for card in cards)
    assert [card.product_id for card in suggest(one, "KX-44", 8).products] == ["d1"]
    assert [card.product_id for card in suggest(one, "40V-404", 8).products] == ["d1"]
    assert {card.product_id for card in suggest(one, "möb", 8).products} == {"c1", "c2"}


@pytest.mark.parametrize("make", MAKERS, ids=IDS)
def test_products_have_the_value_in_the_field_that_was_counted(make: Make) -> None:
    one = make(
        {"a1": {"title": "Bag of grit", "attributes": {"material": "sand"}}}
        | {f"c{n}": {"title": "Linen shirt", "attributes": {"color": "sand"}} for n in range(3)}
    )
    found = suggest(one, "san", 8)
    assert (found.suggestions[0].text, found.suggestions[0].products) == ("sand", 3)
    assert {card.product_id for card in found.products} == {"c0", "c1", "c2"}


@pytest.mark.parametrize("make", MAKERS, ids=IDS)
def test_a_product_with_a_value_in_two_spellings_counts_once(make: Make) -> None:
    one = make({"a": {"title": "Sencha", "category": "Tea > TEA"}})
    assert suggest(one, "te", 1).suggestions[0].products == 1


@pytest.mark.parametrize("make", MAKERS, ids=IDS)
def test_sizes_are_completed_with_products(make: Make) -> None:
    one = make({"a": {"title": "Screw 4,0x40 galvanised"}, "b": {"title": "Screw 4,0x40 brass"}})
    for typed in ("screw 4,0", "4,0x40 bra"):
        found = suggest(one, typed, 8)
        assert found.suggestions, typed
        assert "b" in {card.product_id for card in found.products}, typed


@pytest.mark.parametrize("make", MAKERS, ids=IDS)
def test_the_most_products_come_first_and_no_text_comes_twice(make: Make) -> None:
    one = make(SHOP)
    for typed in ("r", "s", "m", "k", "b", "c"):
        for limit in (1, 3, 20):
            found = suggest(one, typed, limit).suggestions
            assert 0 < len(found) <= limit
            counts = [suggestion.products for suggestion in found]
            assert counts == sorted(counts, reverse=True)
            assert len({suggestion.text.casefold() for suggestion in found}) == len(found)


def test_a_change_is_followed_at_once() -> None:
    one = catalogue(SHOP)
    assert first(one, "lum").products == 10
    vectors = np.ones((2, 2), np.float32) / np.float32(2**0.5)
    put = table({"m0": {"title": "Green lantern", "brand": "Zanzibar"}, "z1": _mug(1)})
    one = one.with_changes(1, put, vectors, vectors, ["m1", "c1"])
    assert first(one, "lum").products == 9
    assert first(one, "striped").products == 9
    assert (first(one, "zanz").text, first(one, "green l").text) == ("Zanzibar", "Green lantern")
    assert texts(one, "café ch") == []
    assert {"m0", "m1"}.isdisjoint(
        card.product_id for typed in ("lum", "red") for card in suggest(one, typed, 8).products
    )


def _rows_of_sample() -> dict[str, Row]:
    with Path("data/sample/products.csv").open(newline="", encoding="utf-8") as file:
        return {
            row["product_id"]: {
                **{name: row[name] for name in ("title", "description", "category", "brand")},
                "attributes": {"color": row["color"], "material": row["material"]},
            }
            for row in csv.DictReader(file)
        }


@pytest.mark.parametrize("make", [catalogue, changed])
@pytest.mark.parametrize("every_phrase", [True, False])
def test_counts_are_those_of_a_look_at_every_product(
    make: Make, every_phrase: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not every_phrase:
        monkeypatch.setattr("services.retriever.words.phrases._EVERY_PHRASE", 10)
    rows = _rows_of_sample()
    one = make(rows)
    for typed in ("r", "mu", "stri", "peb", "black", "cotton", "pebble mug", "run", "mug in"):
        for found in suggest(one, typed, 20).suggestions:
            counts = [
                sum(_has(row, found, apart=apart) for row in rows.values())
                for apart in (False, True)
            ]
            assert found.products in counts, found


def _has(row: Row, found: Suggestion, *, apart: bool) -> bool:
    text = f" {_plain(found.text)} "
    attributes = row["attributes"]
    assert isinstance(attributes, dict)
    if found.kind == "title":
        title = f" {_plain(str(row['title']))} "
        more = _plain(f"{row['brand']} {row['category']} {' '.join(attributes.values())}")
        if not apart:
            return text in title
        return all(f" {word} " in f"{title}{more} " for word in text.split())
    if found.kind == "category":
        return found.text in str(row["category"]).split(" > ")
    values = [str(row["brand"])] if found.kind == "brand" else attributes.values()
    return found.text in values


@cache
def _plain(text: str) -> str:
    text = text.replace(", ", " then ")
    return " ".join("".join(c if c.isalnum() else " " for c in text.lower()).split())


@pytest.mark.parametrize(
    ("typed", "completions"),
    [
        ("h&m", ["H&M", "H&M hoodie"]),
        ("coca c", ["Coca-Cola", "coca can", "Coca-Cola can"]),
        ("hoodie q", ["H&M hoodie"]),
        ("samsung t", ["samsung TV", "Samsung TVs stand", "Curved TV by Samsung"]),
    ],
)
def test_letters_repeated_words_and_codes_are_not_completed(
    typed: str, completions: list[str]
) -> None:
    rows: dict[str, Row] = {
        "p1": {"title": "H&M hoodie", "brand": "H&M", "attributes": {"sku": "QX-1 B"}},
        "p2": {"title": "Coca-Cola can", "brand": "Coca-Cola"},
        "p3": {"title": "Mug"},
        "p4": {"title": "Measuring cup"},
        "p5": {"title": "Curved TV by Samsung"},
        "p6": {"title": "Samsung TVs stand"},
    }
    assert texts(catalogue(rows), typed) == completions
