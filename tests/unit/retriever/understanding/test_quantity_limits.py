"""Limits of quantities in a query: what is within comes first, and nothing is hidden."""

from __future__ import annotations

from functools import cache

import pytest

from services.contracts.retriever import QueryTerm, RetrievalRequest
from services.retriever.catalogue.catalogue import Catalogue
from services.retriever.searching.words import sought_words
from services.retriever.understanding.understand import understand
from services.retriever.words import Analyser, Language
from tests.unit.retriever.searches import search
from tests.unit.retriever.test_words import IDS, MAKERS, Make, catalogue

TITLES = [
    "Mortar 1 kg",
    "Mortar 2.5kg",
    "Mortar 5 kg",
    "Mortar 25 kg",
    "Mortar in a bucket",
    "SSD 500 GB",
    "SSD 1 TB",
    "Cable 1.5 m",
    "Cable 2m",
    "Cable 300 cm",
    "Shelf 80 x 25 cm",
    "Shelf 60 cm",
    "Shelf 45 x 30 cm",
    'TV 43"',
    "TV 55 inch",
    "Phone Pro Max 256 GB",
    "Phone 12 GB + 512 GB",
    "Diapers, 6-10 kg",
    "Laptop, 8 GB, SSD 512 GB",
    "Laptop, 16 GB, SSD 512 GB",
]


@cache
def shop(language: Language = "en") -> Catalogue:
    rows = {f"p{at:02}": {"title": title} for at, title in enumerate(TITLES)}
    return catalogue(rows, Analyser(language), price=20.0)


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("mortar under 5 kg", "mortar <5 kg"),
        ("mortar, at most 5kg, grey", "mortar, ≤5kg, grey"),
        ("mortar max. 5 kg", "mortar ≤5 kg"),
        ("mortar <= 5 kg", "mortar ≤5 kg"),
        ("mortar not over 5 kg", "mortar ≤5 kg"),
        ("mortar 5 kg or less", "mortar ≤5 kg"),
        ("ssd over 500 gb", "ssd >500 gb"),
        ("drive 500gb+", "drive ≥500gb"),
        ("cable longer than 2 m", "cable >2 m"),
        ("cable no longer than 2 m", "cable ≤2 m"),
        ("cable 2 m or longer", "cable ≥2 m"),
        ('tv over 50"', 'tv >50"'),
        ("shelf between 40 and 60 cm", "shelf ≥40 cm≤60 cm"),
        ("mortar from 500 g to 2 kg", "mortar ≥500 g≤2 kg"),
        ("mortar 2 to 10 kg", "mortar ≥2 kg≤10 kg"),
        ("mortar 2-10 kg", "mortar ≥2 kg≤10 kg"),
        ("mortar 2 – 10kg", "mortar ≥2kg≤10kg"),
        ("mortar under 5 kg not grey", "mortar <5 kg"),
        ("mortar under 5 kg under 30 €", "mortar <5 kg"),
        ("mortar ≥2 kg≤5 kg", "mortar ≥2 kg≤5 kg"),
        # A negated limit brings nothing first.
        ("mortar not between 2 and 5 kg", "mortar not between 2 and 5 kg"),
        ("mortar without 5 kg or less", "mortar"),
        # Names and quantities without a limit.
        ("phone pro max 256 gb", "phone pro max 256 gb"),
        ("phone 12 gb + 512 gb", "phone 12 gb + 512 gb"),
        ("mortar 5 kg", "mortar 5 kg"),
        ("diapers 6-10 kg", "diapers 6-10 kg"),
        ("mortar mx2-10 kg", "mortar mx2-10 kg"),
        ("mortar 500 g-2 kg", "mortar 500 g-2 kg"),
        ("converter 12v to 5v", "converter 12v to 5v"),
        ("lamp from 5 kg", "lamp from 5 kg"),
        ("at least 3 pieces", "at least 3 pieces"),
    ],
)
def test_a_limit_of_a_quantity_becomes_a_sign(query: str, text: str) -> None:
    assert understand(shop(), query).text == text


@pytest.mark.parametrize(
    ("language", "query", "text"),
    [
        ("de", "kabel länger als 2 m", "kabel >2 m"),
        ("de", "müllbeutel mindestens 35 l", "müllbeutel ≥35 l"),
        ("fr", "câble de 5 m", "câble de 5 m"),
        ("fr", "câble entre 2 et 5 m", "câble ≥2 m≤5 m"),
        ("it", "cavo da 5 m", "cavo da 5 m"),
        ("none", "ケーブル 5m以上", "ケーブル ≥5m"),
    ],
)
def test_a_limit_is_read_in_the_language_of_the_catalogue(
    language: Language, query: str, text: str
) -> None:
    assert understand(shop(language), query).text == text


@pytest.mark.parametrize(("query", "high"), [("mortar under 5 €", 5), ("mortar under 50", 50)])
def test_a_limit_of_the_price_stays_one(query: str, high: float) -> None:
    meant = understand(shop(), query)
    assert meant.text == "mortar"
    assert meant.price is not None
    assert meant.price.max == pytest.approx(high, abs=0.01)


@pytest.mark.parametrize(
    ("query", "within", "outside"),
    [
        ("mortar under 5 kg", ["Mortar 1 kg", "Mortar 2.5kg"], ["Mortar 5 kg", "Mortar 25 kg"]),
        ("mortar under 5000 g", ["Mortar 1 kg", "Mortar 2.5kg"], ["Mortar 5 kg"]),
        ("mortar between 2 and 5 kg", ["Mortar 2.5kg", "Mortar 5 kg"], ["Mortar 1 kg"]),
        ("ssd over 500 gb", ["SSD 1 TB"], ["SSD 500 GB"]),
        ("cable longer than 2 m", ["Cable 300 cm"], ["Cable 1.5 m", "Cable 2m"]),
        ("shelf between 40 and 60 cm", ["Shelf 60 cm", "Shelf 45 x 30 cm"], ["Shelf 80 x 25 cm"]),
        ('tv over 50"', ["TV 55 inch"], ['TV 43"']),
    ],
)
def test_what_is_within_a_limit_comes_first_and_nothing_is_hidden(
    query: str, within: list[str], outside: list[str]
) -> None:
    text = understand(shop(), query).text
    term = QueryTerm(vector=[1.0, 0.0], text=text)
    answer = search(shop(), RetrievalRequest(model="mini@1", terms=[term], k=len(TITLES)))
    titles = [one.title for one in answer.results]
    assert sorted(titles[: len(within)]) == sorted(within)
    assert set(outside) <= set(titles)


@pytest.mark.parametrize("make", MAKERS, ids=IDS)
def test_a_limit_holds_for_products_that_changed_too(make: Make) -> None:
    one = make({f"p{at:02}": {"title": title} for at, title in enumerate(TITLES)})
    term = QueryTerm(vector=[1.0, 0.0], text="mortar ≥2 kg≤5 kg")
    answer = search(one, RetrievalRequest(model="mini@1", terms=[term], k=2))
    assert sorted(str(found.title) for found in answer.results) == ["Mortar 2.5kg", "Mortar 5 kg"]
    assert [one.word for one in answer.results[0].matched] == ["mortar", "≥2 kg≤5 kg"]


def test_a_limit_that_no_product_meets_is_no_word_of_the_query() -> None:
    concepts = {
        query: [one.concept.text for one in sought.concepts]
        for query in ("ssd ≥64 tb", "ssd ≥1 tb")
        if (sought := sought_words(shop(), query)) is not None
    }
    assert concepts == {"ssd ≥64 tb": ["ssd"], "ssd ≥1 tb": ["ssd", "≥1 tb"]}


@pytest.mark.parametrize(
    "query",
    ["ǀǀ0", "ǀǀ0 <5 kg", "ǀǀ≥5kg", "ǀmm5", "mortar <5 \u212ag", "mortar 5 lb\u017f", "<9" * 900],
)
def test_no_letters_of_a_query_are_taken_for_the_marks_of_quantities(query: str) -> None:
    text = understand(shop(), query).text
    sought_words(shop(), text)
    rows = {"p0": {"title": query[:200]}, "p1": {"title": "Mortar 1 kg"}}
    assert len(catalogue(rows).index) == 2


def test_words_of_quantities_complete_nothing() -> None:
    assert shop().vocabulary.completions("\u01c0") == []


def test_a_product_that_states_a_quantity_outside_too_comes_behind() -> None:
    text = understand(shop(), "laptop at least 16 gb").text
    vector = [1.0, 0.0]
    request = RetrievalRequest(model="mini@1", terms=[QueryTerm(vector=vector, text=text)], k=2)
    found = [one.title for one in search(shop(), request).results]
    assert found == ["Laptop, 16 GB, SSD 512 GB", "Laptop, 8 GB, SSD 512 GB"]
