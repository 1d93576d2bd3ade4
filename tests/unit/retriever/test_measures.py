"""Sizes, units and single letters: found however a feed and a shopper write them."""

from __future__ import annotations

from functools import cache

import pytest

from services.retriever.catalogue.catalogue import Catalogue
from services.retriever.searching.excluded import excluded_rows
from services.retriever.searching.words import sought_words
from services.retriever.words import Analyser
from services.retriever.words.concepts import concepts_of
from services.retriever.words.quantities import is_quantity
from services.retriever.words.said import rows_saying
from tests.unit.retriever.test_words import Row, catalogue

TITLES = [
    "Samsung 42 inch TV", "LG TV 55in", "Cola 1.5 L bottle", "Mineral water 1,5l", "Cola can 330ml",
    "Lemonade 6x330ml", "Hex bolt M8 x 40 mm", "Hex bolt M10x60mm", "Drill bit 9.5 mm",
    "Drill bit 9mm", "Car battery 12V", "Battery charger 12 V", "Picture frame 10 x 15 cm",
    "Rug 200x300", "Protein powder 2kg", "Milk 1 litre", "iPhone 15 case", "LED bulb E27 9W",
    "Vitamin C 1000 mg", "Vitamin B12 drops", "T-shirt cotton L", "T-shirt cotton 2XL",
    "Set of 2 shirts XL", "H&M hoodie", "C&A shirt",
    "iPhone 15 Pro Max", "Power bank 20,000 mAh", "Oil 5W-30", "Oil 10W40",
    "Tyre 205/55 R16", "Vitamin D3", "Plus size skirt",
    'Laptop 13" grey', "Laptop 13″", "Shelf 3 boards",
    "Creatine 500 g", "Aspirin 400mg", "Aspirin tablets 400 pieces", "Power bank 20000mAh",
    "Makita BL1850B battery", "Sony WH-1000XM5", "Headphones", "Phones for the head", "Tampons",
    "Plain belt", "Makita's men's vest", "Novel, J.K. Rowling", "Mac & cheese with E 100",
    "Heater 1200 W", "Drill, 1 bit, 200 W",
    "Screws 4,0x40 mm", "Screws 4 x 40", "Screws 4,5x40", "Two slice toaster", "2-slice toaster",
]  # fmt: skip
BRANDS = {"Tampons": "o.b.", "Plain belt": "D&G"}


@cache
def shop() -> Catalogue:
    rows: dict[str, Row] = {
        f"p{place:02}": {"title": one, "brand": BRANDS.get(one, "")}
        for place, one in enumerate(TITLES)
    }
    return catalogue(rows)


def found(text: str) -> list[str]:
    return [TITLES[row] for row in rows_saying(shop().words, text)]


@pytest.mark.parametrize(
    ("query", "titles"),
    [
        ("42in tv", ["Samsung 42 inch TV"]),
        ("42-inch tv", ["Samsung 42 inch TV"]),
        ("screw 4x40", ["Screws 4,0x40 mm", "Screws 4 x 40"]),
        ("screw 4.0 x 40", ["Screws 4,0x40 mm", "Screws 4 x 40"]),
        ("two slice toaster", ["Two slice toaster", "2-slice toaster"]),
        ("2 slice toaster", ["Two slice toaster", "2-slice toaster"]),
        ("55 inch tv", ["LG TV 55in"]),
        ("1.5l", ["Cola 1.5 L bottle", "Mineral water 1,5l"]),
        ("1,5 l", ["Cola 1.5 L bottle", "Mineral water 1,5l"]),
        ("cola 330 ml", ["Cola can 330ml"]),
        ("lemonade 6 x 330 ml", ["Lemonade 6x330ml"]),
        ("lemonade 6x330", ["Lemonade 6x330ml"]),
        ("m8x40 bolt", ["Hex bolt M8 x 40 mm"]),
        ("bolt m10", ["Hex bolt M10x60mm"]),
        ("bolt m 8", ["Hex bolt M8 x 40 mm"]),
        ("9.5mm drill bit", ["Drill bit 9.5 mm"]),
        ("12 v battery", ["Car battery 12V", "Battery charger 12 V"]),
        ("12v battery", ["Car battery 12V", "Battery charger 12 V"]),
        ("12-volt battery", ["Car battery 12V", "Battery charger 12 V"]),
        ("frame 10x15cm", ["Picture frame 10 x 15 cm"]),
        ("frame 10 × 15", ["Picture frame 10 x 15 cm"]),
        ("rug 200 x 300", ["Rug 200x300"]),
        ("rug 200×300", ["Rug 200x300"]),
        ("protein 2 kg", ["Protein powder 2kg"]),
        ("1l milk", ["Milk 1 litre"]),
        ("iphone15 case", ["iPhone 15 case"]),
        ("led 9 watt", ["LED bulb E27 9W"]),
        ("vitamin b 12", ["Vitamin B12 drops"]),
        ("iphone15case", ["iPhone 15 case"]),
        ("iphone15promax", ["iPhone 15 Pro Max"]),
        ("20000mah", ["Power bank 20,000 mAh", "Power bank 20000mAh"]),
        ("4 x 40 steel bolt", []),
        ("8 x 40 bolt", []),
        ("5w30 oil", ["Oil 5W-30"]),
        ("10w-40 oil", ["Oil 10W40"]),
        ("205/55r16", ["Tyre 205/55 R16"]),
        ("rug 200", ["Rug 200x300"]),
        ("power bank 20000 mah", ["Power bank 20,000 mAh", "Power bank 20000mAh"]),
        ('tv 55"', ["LG TV 55in"]),
        ('13" laptop', ['Laptop 13" grey', "Laptop 13″"]),
        ("13 inch laptop", ['Laptop 13" grey', "Laptop 13″"]),
        ("13in laptop", ['Laptop 13" grey', "Laptop 13″"]),
        ('"shelf 3"', ["Shelf 3 boards"]),
        ("creatine 500 gr", ["Creatine 500 g"]),
        ("creatine 500gr", ["Creatine 500 g"]),
        ("330 millilitres cola", ["Cola can 330ml"]),
        ("cola 330millilitres", ["Cola can 330ml"]),
        ("aspirin 400", ["Aspirin 400mg", "Aspirin tablets 400 pieces"]),
        ("aspirin400", ["Aspirin 400mg", "Aspirin tablets 400 pieces"]),
        ("aspirin 400 mg", ["Aspirin 400mg"]),
        ("aspirin 400 ml", []),
        ("20,000 mah power bank", ["Power bank 20,000 mAh", "Power bank 20000mAh"]),
        ("20.000 mah", ["Power bank 20,000 mAh", "Power bank 20000mAh"]),
        ("makita bl1850", ["Makita BL1850B battery"]),
        ("sony xm5", ["Sony WH-1000XM5"]),
        ("makita bl18501", []),
        ("headphones", ["Headphones"]),
        ("head phones", ["Headphones", "Phones for the head"]),
        ("ob tampons", ["Tampons"]),
        ("o.b. tampons", ["Tampons"]),
        ("dg belt", ["Plain belt"]),
        ("j.k. rowling", ["Novel, J.K. Rowling"]),
        ("1200 w", ["Heater 1200 W"]),
    ],
)
def test_a_size_is_found_with_and_without_blanks(query: str, titles: list[str]) -> None:
    assert found(query) == titles


@pytest.mark.parametrize(
    ("query", "titles"),
    [
        ("vitamin c", ["Vitamin C 1000 mg"]),
        ("vitamin d", ["Vitamin D3"]),
        ("t-shirt, size L", ["T-shirt cotton L"]),
        ("shirt size xl", ["Set of 2 shirts XL"]),
        ("t-shirt (l)", ["T-shirt cotton L"]),
        ("h&m", ["H&M hoodie"]),
        ("H & M hoodie", ["H&M hoodie"]),
        # No shirt is of this size, and no vitamin of this name.
        ("cotton t-shirt m", []),
        ("vitamin k", []),
        # Power banks have no letters, and that of another word says nothing.
        # Shorthand for "and" is no letter of a product.
        ("mac n cheese", ["Mac & cheese with E 100"]),
        ("power bank k", ["Power bank 20,000 mAh", "Power bank 20000mAh"]),
        ("makita s", ["Makita BL1850B battery", "Makita's men's vest"]),
        ("makita men's", ["Makita's men's vest"]),
        ("women's cotton shirt", []),
        ("2xl", ["T-shirt cotton 2XL"]),
        ("a4", []),
    ],
)
def test_a_letter_that_stands_alone_counts_where_a_product_says_it(
    query: str, titles: list[str]
) -> None:
    assert found(query) == titles


def test_a_letter_beside_words_that_no_product_says_counts_for_nothing() -> None:
    assert [one.text for one in concepts_of(shop().words, "tesla c")] == ["tesla"]
    assert [one.text for one in concepts_of(shop().words, "vitamin c")] == ["vitamin", "c"]


def test_a_letter_counts_only_beside_its_word() -> None:
    """The K of a writer is no vitamin K, and would be the first result of it."""
    sought = sought_words(shop(), "vitamin k")
    assert sought is not None
    assert [one.count for one in sought.concepts] == [3, 0]


def test_a_number_means_something_else_beside_other_words() -> None:
    """The meaning of "12" beside "v" or alone does not count for "12" beside "mm"."""
    for query, products in (("12 v", 2), ("12 mm", 1), ("12 volt", 2), ("12", 2), ("12 mm", 1)):
        sought = sought_words(shop(), query)
        says = 0 if sought is None else next(one.count for one in sought.concepts)
        assert says == products, query


def test_letters_are_no_words_in_a_catalogue_without_function_words() -> None:
    one = catalogue({"p": {"title": "A b c d l 10"}}, Analyser("none"))
    assert len(rows_saying(one.words, "c d")) == 0
    assert len(rows_saying(one.words, "fino a 10 l")) == 0
    assert len(rows_saying(one.words, "a 10 l")) == 1


QUANTITIES = [
    "Glue 500 g", "Glue 1 kg", "Cola 0.5 l", "Cola 50cl can", "Cola zero 500 ml", "Cola 1,5 l",
    "Paint 2.5 l", "Paint 5 litres", "Cable 1.5 m", "SSD 1 TB", "SSD 500GB", "Grinder 1.2 kW",
    "Power bank 10,000 mAh", "Battery 2.0 Ah", "Vitamin C 1 g", "Steel shelf 120x60x30 cm",
    "Lemonade 6x330ml", "Hex bolt M8 x 40 mm", "Peanut butter 16 oz", "Pipe 2 inch",
    "Sponges, set of 3 in blue", "Flour 1.250 kg",
]  # fmt: skip


@cache
def measured() -> Catalogue:
    return catalogue({f"p{at:02}": {"title": one} for at, one in enumerate(QUANTITIES)})


@pytest.mark.parametrize(
    ("query", "titles"),
    [
        ("glue 1000 g", ["Glue 1 kg"]),
        ("glue .5 kg", []),
        ("glue 0,5 kg", ["Glue 500 g"]),
        ("cola 500ml", ["Cola 0.5 l", "Cola 50cl can", "Cola zero 500 ml"]),
        ("cola 0.5 l", ["Cola 0.5 l", "Cola 50cl can", "Cola zero 500 ml"]),
        ("cola 1500 ml", ["Cola 1,5 l"]),
        # Not 2.5 litres, which says 5 too.
        ("paint 5 l", ["Paint 5 litres"]),
        ("cable 150 cm", ["Cable 1.5 m"]),
        ("cable 150-cm", ["Cable 1.5 m"]),
        ("ssd 1000 gb", ["SSD 1 TB"]),
        ("ssd 0.5tb", ["SSD 500GB"]),
        ("grinder 1200 watts", ["Grinder 1.2 kW"]),
        ("power bank 10 ah", ["Power bank 10,000 mAh"]),
        ("battery 2ah", ["Battery 2.0 Ah"]),
        ("vitamin c 1,000 mg", ["Vitamin C 1 g"]),
        ("shelf 0.6 m", ["Steel shelf 120x60x30 cm"]),
        ("lemonade 33 cl", ["Lemonade 6x330ml"]),
        ("bolt 4 cm", ["Hex bolt M8 x 40 mm"]),
        ("peanut butter 1 lb", ["Peanut butter 16 oz"]),
        ("pipe 50.8 mm", ["Pipe 2 inch"]),
        # About the same is not the same.
        ("pipe 5 cm", []),
        ("sponges 3 in blue", ["Sponges, set of 3 in blue"]),
        ("flour 1250 g", ["Flour 1.250 kg"]),
    ],
)
def test_a_quantity_is_found_in_whatever_unit_it_is_written(query: str, titles: list[str]) -> None:
    rows = rows_saying(measured().words, query)
    assert [QUANTITIES[row] for row in rows] == titles


def test_an_excluded_quantity_is_excluded_in_whatever_unit_it_is_written() -> None:
    for text in ("500 ml", "0.5 l", "50cl"):
        rows = excluded_rows(measured(), text)
        assert [QUANTITIES[row] for row in rows] == [
            "Cola 0.5 l",
            "Cola 50cl can",
            "Cola zero 500 ml",
        ]


@pytest.mark.parametrize(
    ("title", "query"),
    [
        # A letter that looks like "|", and that words of quantities begin with.
        ("Phone \u01c0 128 GB", "phone \u01c0 128 gb"),
        ("The \u01c0Xam language", "\u01c0xam"),
        ("Mug \u01c0ml500", "\u01c0ml500"),
        ("Mug \u01c05\u01c03\u01c0\u01c0ml", "\u01c0\u01c0 mug"),
        # The sign of kelvin, and a Greek capital for "micro".
        ("Flour 5 \u212ag", "flour 5000 g"),
        ("Vitamin 500 \u039cG", "vitamin 0.5 mg"),
    ],
)
def test_letters_like_those_of_quantities_do_no_harm(title: str, query: str) -> None:
    words = catalogue({"a": {"title": title, "description": title}, "b": {"title": "x"}}).words
    assert rows_saying(words, query).tolist() == [0]


@pytest.mark.parametrize(
    ("title", "word"),
    [
        ("Set 15 Möbelgriffe", "möbelgriffe"),
        ("Set 15-Möbelgriffe", "möbelgriffe"),
        ("2 Löffel", "löffel"),
        ("3 Große", "große"),
        ("6 Mo\u0308bel", "möbel"),
        ("Rug 20 m²", "rug"),
    ],
)
def test_a_word_that_begins_as_a_unit_does_is_no_unit(title: str, word: str) -> None:
    words = catalogue({"a": {"title": title}, "b": {"title": "x"}}).words
    assert rows_saying(words, word).tolist() == [0]
    assert rows_saying(words, title).tolist() == [0]
    assert not [*filter(is_quantity, words.base.words.texts())]


def test_letters_of_other_scripts_end_a_unit() -> None:
    words = catalogue({"a": {"title": "500ml红色 10cm×20"}, "b": {"title": "x"}}).words
    for query in ("0.5 l", "500ml红色", "100 mm"):
        assert rows_saying(words, query).tolist() == [0]


@pytest.mark.parametrize(
    ("title", "query"),
    [
        ("Flour 1.250 kilograms", "flour 1250 g"),
        ("Milk 1.500 litres", "milk 1500 ml"),
        ("Rod 3.125 inches", "rod 7.9375 cm"),
        ("Heater 1.500 kW", "heater 1500 w"),
        ("Router 2.400 GHz", "router 2400 mhz"),
        ("Power bank 10.000 mAh", "power bank 10 ah"),
        ("Lamp 1.500 watts", "lamp 1.5 kw"),
    ],
)
def test_three_digits_behind_a_mark_are_a_fraction_of_a_large_unit_by_any_name(
    title: str, query: str
) -> None:
    one, other = (
        [*filter(is_quantity, catalogue({"a": {"title": text}}).words.base.words.texts())]
        for text in (title, query)
    )
    assert one == other != []


def test_a_quantity_matches_as_the_query_writes_it() -> None:
    (glue, amount) = concepts_of(measured().words, "glue 1000 g")
    assert (glue.text, amount.text) == ("glue", "1000 g")


BOLTS = ["Hex bolt M8x20", "Hex bolt M8x40", "Hex bolt M6 x 40 mm", "Hex bolt M8 x 40 mm"]


@pytest.mark.parametrize("query", ["m8 bolt 40mm", "bolt M8 40 mm", "40 mm m8 bolt"])
def test_a_thread_and_a_length_apart_find_bolts_of_that_size(query: str) -> None:
    one = catalogue({f"p{at}": {"title": name} for at, name in enumerate(BOLTS)})
    sought = sought_words(one, query)
    assert sought is not None
    ranked = sought.ranked
    assert sorted(ranked.rows[ranked.certain].tolist()) == [1, 3]


PLAIN = ["Hammer drill", "USB stick", "Glue 5 kg", "Car tyre", "Shirt"]
NAMED = ["Under Armour shirt", "Plain shirt", "Stock pot", "Plain pot"]


@pytest.mark.parametrize(
    ("named", "query", "titles"),
    [
        (PLAIN, "best rated drill in stock", ["Hammer drill"]),
        (PLAIN, "newest drill on sale", ["Hammer drill"]),
        (PLAIN, "glue under 5 kg", ["Glue 5 kg"]),
        (PLAIN, "car tires", ["Car tyre"]),
        # Where products say such a word, it counts.
        (NAMED, "under armor shirt", ["Under Armour shirt"]),
        (NAMED, "stock pot", ["Stock pot"]),
    ],
)
def test_words_around_a_query_hide_no_product(
    named: list[str], query: str, titles: list[str]
) -> None:
    one = catalogue({f"p{at}": {"title": name} for at, name in enumerate(named)})
    sought = sought_words(one, query)
    assert sought is not None
    ranked = sought.ranked
    assert [named[row] for row in ranked.rows[ranked.certain].tolist()] == titles
