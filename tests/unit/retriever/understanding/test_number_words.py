"""Prices in words: numbers as people say them, and what is none."""

from __future__ import annotations

import pytest

from services.retriever.understanding.number_words import number_at, number_words
from services.retriever.understanding.tokens import tokens_of
from tests.unit.retriever.understanding.test_limits import Price, read


@pytest.mark.parametrize(
    ("language", "text", "value"),
    [
        ("en", "five", 5),
        ("en", "twenty", 20),
        ("en", "Twenty-five", 25),
        ("en", "twenty five", 25),
        ("en", "ninety nine", 99),
        ("en", "hundred", 100),
        ("en", "one hundred and fifty", 150),
        ("en", "two hundred twenty-two", 222),
        ("en", "two thousand", 2_000),
        ("en", "twelve thousand five hundred", 12_500),
        ("en", "one million two hundred thousand", 1_200_000),
        ("de", "zwölf", 12),
        ("de", "zweitausend fünfhundert", 2_500),
        ("de", "fünfundzwanzig", 25),
        ("de", "dreissig", 30),
        ("de", "zweihundert", 200),
        ("de", "einundneunzig", 91),
        ("fr", "vingt-cinq", 25),
        ("fr", "vingt et un", 21),
        ("fr", "soixante-quinze", 75),
        ("fr", "quatre-vingts", 80),
        ("fr", "quatre-vingt-dix", 90),
        ("fr", "deux cents", 200),
        ("fr", "mille deux cents", 1_200),
        ("es", "treinta y cinco", 35),
        ("es", "mil", 1_000),
        ("it", "cinquanta", 50),
        ("it", "duecento", 200),
        ("nl", "vijfentwintig", 25),
        ("pt", "vinte e cinco", 25),
    ],
)
def test_a_number_is_read_in_the_words_of_its_language(
    language: str, text: str, value: int
) -> None:
    tokens = tokens_of(text)
    assert number_at(tokens, 0, number_words([language])) == (value, len(tokens))


@pytest.mark.parametrize(
    ("text", "value", "length"),
    [
        ("twenty thirty", 20, 1),
        ("five six", 5, 1),
        ("twenty mugs", 20, 1),
        ("twenty - mugs", 20, 1),
        ("twenty and mugs", 20, 1),
        ("ten and twenty", 10, 1),
    ],
)
def test_a_number_ends_where_another_word_or_number_begins(
    text: str, value: int, length: int
) -> None:
    assert number_at(tokens_of(text), 0, number_words(["en"])) == (value, length)


def test_what_is_no_number_is_none() -> None:
    words = number_words(["en"])
    assert [number_at(tokens_of(one), 0, words) for one in ("mug", "and", "-")] == [None] * 3
    assert number_words(["xx"]) == {}


@pytest.mark.parametrize(
    ("query", "language", "left", "price"),
    [
        ("mug under twenty", "en", "mug", (None, 19.999)),
        ("mug under twenty dollars", "en", "mug", (None, 19.999)),
        ("mug below twenty-five euros", "en", "mug", (None, 24.999)),
        ("mug for less than five bucks", "en", "mug", (None, 4.999)),
        ("mug between ten and twenty euros", "en", "mug", (10.0, 20.0)),
        ("mug from ten to twenty euros", "en", "mug", (10.0, 20.0)),
        ("mug twenty euros or less", "en", "mug", (None, 20.0)),
        ("lamp under a hundred", "en", "lamp", (None, 99.999)),
        ("lamp at most one hundred and fifty dollars", "en", "lamp", (None, 150.0)),
        ("Tasse unter zwanzig Euro", "de", "Tasse", (None, 19.999)),
        ("Tasse unter fünfundzwanzig", "de", "Tasse", (None, 24.999)),
        ("tasse à moins de vingt euros", "fr", "tasse", (None, 19.999)),
        ("taza por menos de veinte euros", "es", "taza", (None, 19.999)),
    ],
)
def test_a_price_in_words_is_a_limit(query: str, language: str, left: str, price: Price) -> None:
    assert read(query, language) == (left, [price], False)


@pytest.mark.parametrize(
    "query",
    [
        "bag with at least two pockets",
        "lamp over six feet",
        "set of twelve mugs",
        "one more mug",
        "under one roof",
        "twenty one pilots shirt",
        "table under fifty cm",
        "chess for two",
    ],
)
def test_a_number_of_things_is_no_price(query: str) -> None:
    assert read(query) == (query, [], False)
