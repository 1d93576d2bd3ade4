"""Limits of the price and of the stock, in many wordings and languages; and what is none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.contracts.search import PriceRange
from services.retriever.understanding import wording
from services.retriever.understanding.amounts import value_of
from services.retriever.understanding.limits import Limits
from services.retriever.understanding.tokens import tokens_of, without

Price = tuple[float | None, float | None]
SAID = frozenset({"mug", "poster", "dumbbell", "paint", "shirt", "cable"})


def read(query: str, language: str = "en") -> tuple[str, list[Price], bool]:
    """The rest of the query, the prices, and whether it asks for products in stock."""
    words = wording.of(language)
    tokens = tokens_of(query, words.cut)
    limits = Limits(tokens, words, {"EUR"}, SAID.__contains__)
    prices = limits.prices()
    stock = limits.stock({place for one in prices for place in range(one.start, one.end)})
    places = [(one.start, one.end) for one in prices] + [(one.start, one.end) for one in stock]
    spans = [(tokens[start].start, tokens[end - 1].end) for start, end in places]
    found = [(one.price.min, one.price.max) for one in prices]
    return without(query, spans), found, any(one.available for one in stock)


def _amounts() -> st.SearchStrategy[tuple[str, float]]:
    whole = st.integers(1, 999).map(lambda n: (str(n), float(n)))
    cents = st.tuples(st.integers(1, 999), st.integers(0, 99))
    return st.one_of(
        whole,
        cents.map(lambda n: (f"{n[0]}.{n[1]:02}", n[0] + n[1] / 100)),
        cents.map(lambda n: (f"{n[0]},{n[1]:02}", n[0] + n[1] / 100)),
        st.integers(1_000, 99_999).map(lambda n: (f"{n:,}", float(n))),
    )


def _money(text: str) -> st.SearchStrategy[str]:
    forms = ("{}", "{} €", "€{}", "{}€", "€ {}", "{} EUR", "{} euros", "EUR {}", "${}", "{} bucks")
    return st.sampled_from([form.format(text) for form in forms])


THINGS = st.sampled_from(["mug", "red striped mug", "wool scarf", "t-shirt", "100% cotton shirt"])
BELOW = ["under", "below", "less than", "cheaper than", "for under", "priced below",
         "that costs less than", "with a price under", "<"]  # fmt: skip
UP_TO = [
    "up to",
    "at most",
    "no more than",
    "maximum of",
    "within",
    "<=",
    "not more than",
    "not over",
    "don't want to spend more than",
    "that does not cost over",
]
ABOVE = ["over", "above", "more than", "more expensive than", ">"]
AT_LEAST = ["at least", "no less than", "upwards of", ">="]


@given(st.data(), THINGS, _amounts())
def test_a_limit_in_any_wording_is_a_price(
    data: st.DataObject, thing: str, amount: tuple[str, float]
) -> None:
    words = data.draw(st.sampled_from(BELOW + UP_TO + ABOVE + AT_LEAST))
    limit = f"{words} {data.draw(_money(amount[0]))}"
    query = data.draw(
        st.sampled_from([f"{thing} {limit}", f"{limit} {thing}", f"{thing}, {limit}"])
    )
    left, prices, _ = read(query)
    value = amount[1]
    expected: Price
    if words in BELOW + UP_TO:
        expected = (None, round(value - (0.001 if words in BELOW else 0), 3))
    else:
        expected = (round(value + (0.001 if words in ABOVE else 0), 3), None)
    assert (left, prices) == (thing, [expected]), query


@given(st.data(), THINGS, st.integers(1, 400), st.integers(1, 400))
def test_a_range_in_any_wording_is_a_price(
    data: st.DataObject, thing: str, low: int, more: int
) -> None:
    high = low + more
    form = data.draw(
        st.sampled_from(
            ["between {} and {}", "from {} to {}", "between {} to {}", "{}-{} €", "{} – {} €",
             "€{}-€{}", "{} to {} euros", "$ {} - $ {}", "{}€ to {}€", "between €{} and €{}"]
        )
    )  # fmt: skip
    assert read(f"{thing} {form.format(low, high)}") == (thing, [(low, high)], False)


@given(
    THINGS,
    st.integers(1, 999),
    st.sampled_from(
        ["cm", "mm", "inches", "ml", "l", "kg", "g", "years", "months", "pieces", "pcs", "watts",
         "V", "%", '"', "people", "stars", "GB", "mAh", "degrees", "pounds", "oz"]
    ),
    st.sampled_from(["under", "over", "up to", "less than", "between 3 and"]),
    st.sampled_from(["", " "]),
)  # fmt: skip
def test_a_measure_is_no_price(thing: str, number: int, unit: str, words: str, blank: str) -> None:
    query = f"{thing} {words} {number}{blank}{unit}"
    assert read(query) == (query.strip(), [], False) or query.endswith(('"', "%"))
    assert read(query)[1] == []


@pytest.mark.parametrize(
    "query",
    [
        "bag 20-30 l", "shoes size under 40", "games for ages 3-6", "levi's 501 jeans", "2-in-1",
        "budget gaming laptop 15-17",
        "GSR 12V-15", "gsr12v-15 drill", "20-30 mug", "iphone 13", "chanel no 5", "over the knee",
        "under armour shirt", "7up", "mp3 player", "from 2010", "us size 10-12", "4x4", "24/7",
        "lego 75192", "under the sea poster", "level 3 to 5", "nothing", "", "…", "€", "under",
        "mug under 1000001k", "air max", "size 10-12", "iphone 12", "pack of 12", "500 ml",
        "plates under 10-12 cm", "under 10-12 pack", "ages 10-12 and up", "50 Cent poster",
        "10 pounds dumbbell", "best price for 10 pounds dumbbell", "under 99p", "under 50 ct",
        "under 5 million pieces", "10..20 mugs", "bottle .5 l", "two US$10 mugs",
        "under 1 trillion", "under two fifty",
    ],
)  # fmt: skip
def test_a_number_that_is_no_limit_stays(query: str) -> None:
    assert read(query)[1] == []


@pytest.mark.parametrize(
    ("language", "query", "left", "price"),
    [
        ("en", "laptop under 500 up to 15 inch", "laptop up to 15 inch", (None, 499.999)),
        ("de", "Tasse unter 20 €", "Tasse", (None, 19.999)),
        ("de", "Tasse für höchstens 20 Euro", "Tasse", (None, 20)),
        ("de", "Tasse zwischen 10 und 20 Euro", "Tasse", (10, 20)),
        ("de", "Tasse ab 20 €", "Tasse", (20, None)),
        ("fr", "tasse à moins de 20 €", "tasse", (None, 19.999)),
        ("fr", "tasse entre 10 et 20 euros", "tasse", (10, 20)),
        ("fr", "tasse de plus de 1\u202f299,50 €", "tasse", (1299.501, None)),
        ("es", "taza por menos de 20 euros", "taza", (None, 19.999)),
        ("es", "taza hasta 20 €", "taza", (None, 20)),
        ("it", "tazza sotto i 20 euro", "tazza", (None, 19.999)),
        ("it", "tazza tra 10 e 20 euro", "tazza", (10, 20)),
        ("pt", "caneca até 20 reais", "caneca", (None, 20)),
        ("nl", "mok onder de 20 euro", "mok", (None, 19.999)),
        ("sv", "mugg under 200 kr", "mugg", (None, 199.999)),
        ("da", "krus op til 200 kr", "krus", (None, 200)),
        ("no", "kopp mellom 100 og 200 kr", "kopp", (100, 200)),
        ("pl", "kubek poniżej 50 zł", "kubek", (None, 49.999)),
        ("ru", "кружка до 500 рублей", "кружка", (None, 500)),
        ("ru", "кружка дешевле 500 руб", "кружка", (None, 499.999)),
        ("en", "كوب أقل من ٥٠", "كوب", (None, 49.999)),
        ("en", "50元以下的杯子", "杯子", (None, 50)),
        ("en", "杯子 不超过50元", "杯子", (None, 50)),
        ("en", "5000円以下のマグカップ", "マグカップ", (None, 5000)),
        ("en", "1000円〜2000円 皿", "皿", (1000, 2000)),
        ("en", "แก้ว ไม่เกิน 100 บาท", "แก้ว", (None, 100)),
        ("en", "50000원 이하 컵", "컵", (None, 50000)),
        ("en", "10유로 이하 컵", "컵", (None, 10)),
        ("en", "10~20달러 컵", "컵", (10, 20)),
        ("tr", "100 TL'den ucuz bardak", "bardak", (None, 100)),
        ("tr", "100 liradan ucuz bardak", "bardak", (None, 100)),
        ("tr", "50 ile 100 TL arası bardak", "bardak", (50, 100)),
        ("hi", "मग 500 रुपये से कम", "मग", (None, 500)),
        ("hi", "10 से 20 यूरो मग", "मग", (10, 20)),
        ("none", "mug under 20", "mug", (None, 19.999)),
    ],
)  # fmt: skip
def test_limits_in_other_languages(language: str, query: str, left: str, price: Price) -> None:
    assert read(query, language) == (left, [price], False)


@pytest.mark.parametrize(
    ("language", "query", "left", "price"),
    [
        ("fr", "lampe moins de 1 000 €", "lampe", (None, 999.999)),
        ("fr", "lampe entre 1 000 et 2 500 €", "lampe", (1000, 2500)),
        ("fr", "lampe 1 299,50 € max", "lampe", (None, 1299.5)),
        ("fr", "lampe moins de 12€99", "lampe", (None, 12.989)),
        ("ru", "лампа до 10 000 руб", "лампа", (None, 10000)),
        ("pl", "lampa do 1 500 zł", "lampa", (None, 1500)),
        ("en", "phones under 1 500", "phones", (None, 1499.999)),
        ("en", "mug under 20 100% cotton", "mug 100% cotton", (None, 19.999)),
        ("en", "mugs under 20 300 ml", "mugs 300 ml", (None, 19.999)),
        ("en", "under 5 0000 mug", "0000 mug", (None, 4.999)),
        ("en", "under-20 mugs", "mugs", (None, 19.999)),
        ("en", "sub-20 dollar mugs", "mugs", (None, 19.999)),
        ("en", "mugs under20", "mugs", (None, 19.999)),
        ("de", "Tasse unter20€", "Tasse", (None, 19.999)),
        ("en", "mugs less then 20", "mugs", (None, 19.999)),
        ("en", "mugs more expensive then 20", "mugs", (20.001, None)),
    ],
)
def test_an_amount_is_read_as_people_write_it(
    language: str, query: str, left: str, price: Price
) -> None:
    assert read(query, language) == (left, [price], False)


@pytest.mark.parametrize(
    ("language", "query", "left", "price"),
    [
        ("en", "mug exactly 9.90 eur", "mug", (9.9, 9.9)),
        ("en", "exactly $10 mug", "mug", (10, 10)),
        ("de", "Tasse genau 9,90 €", "Tasse", (9.9, 9.9)),
        ("en", "dress under 50 size s", "dress size s", (None, 49.999)),
    ],
)
def test_an_exact_price_and_a_size_behind_a_price(
    language: str, query: str, left: str, price: Price
) -> None:
    assert read(query, language) == (left, [price], False)


@pytest.mark.parametrize(
    "query",
    ["mug 10", "mug 9.90", "exactly 5 mugs", "dumbbell 10 pounds", "poster 50 cent",
     "cable rs 232", "rs 232 cable", "mug 30 sek",
     "paint 5 sizes", "mug exactly 10", "geschenk 20 €", "shirt under 5 sizes"],
)  # fmt: skip
def test_a_number_behind_a_product_is_no_price(query: str) -> None:
    assert read(query)[1] == []


@pytest.mark.parametrize(
    ("query", "price"),
    [
        ("mug => 12 €", (12, None)),
        ("mug =< 9 €", (None, 9)),
        ("mug ≧12", (12, None)),
        ("mug ＜＝ 9", (None, 9)),
        ("mug €5..9", (5, 9)),
        ("mug 5...9 €", (5, 9)),
        ("mug 5…9€", (5, 9)),
        ("mug 5−9 €", (5, 9)),
    ],
)
def test_signs_of_limits_and_ranges_are_read_in_each_spelling(query: str, price: Price) -> None:
    assert read(query) == ("mug", [price], False)


@pytest.mark.parametrize(
    ("language", "query", "price"),
    [
        ("en", "mug under 500 cents", (None, 4.999)),
        ("en", "mug under 990¢", (None, 9.899)),
        ("en", "mug under 99 pence", (None, 0.989)),
        ("en", "mug under 50 euro cents", (None, 0.499)),
        ("en", "mug under 50 US cents", (None, 0.499)),
        ("en", "mug under fifty cents", (None, 0.499)),
        ("en", "mug 50 cents or less", (None, 0.5)),
        ("en", "mug between 50 cents and 2 euros", (0.5, 2)),
        ("de", "mug unter 50 Cent", (None, 0.499)),
        ("fr", "mug moins de 50 centimes", (None, 0.499)),
        ("fr", "mug under fifty cents", (None, 0.499)),
        ("fr", "mug moins de deux cents euros", (None, 199.999)),
        ("es", "mug menos de 50 céntimos", (None, 0.499)),
        ("it", "mug sotto 50 centesimi", (None, 0.499)),
        ("sv", "mug under 50 öre", (None, 0.499)),
        ("pl", "mug do 50 groszy", (None, 0.5)),
        ("ru", "mug до 50 копеек", (None, 0.5)),
        ("en", "mug under twelve fifty", (None, 12.499)),
        ("en", "mug under nineteen ninety-nine", (None, 19.989)),
        ("en", "mug between twelve fifty and twenty", (12.5, 20)),
        ("en", "mug under twelve euros fifty", (None, 12.499)),
        ("de", "mug unter zwölf Euro fünfzig", (None, 12.499)),
        ("en", "mug under 10 euros 50 cents", (None, 10.499)),
        ("en", "mug under €10 and 50 cents", (None, 10.499)),
        ("fr", "mug moins de 10 euros et 50 centimes", (None, 10.499)),
        ("en", "mug under $.99", (None, 0.989)),
        ("en", "mug under .99 €", (None, 0.989)),
        ("en", "mug up to 0.125 €", (None, 0.125)),
    ],
)
def test_cents_are_hundredths(language: str, query: str, price: Price) -> None:
    assert read(query, language) == ("mug", [price], False)


@pytest.mark.parametrize(
    ("query", "price"),
    [
        ("mug between 500 and 900 cents", (5, 9)),
        ("500-900 cents mug", (5, 9)),
        ("mug under 50-90 cents", (None, 0.899)),
        ("mug between 1 and 2 thousand", (1_000, 2_000)),
        ("mug 1-2k €", (1_000, 2_000)),
        ("mug 1k-2k €", (1_000, 2_000)),
        ("mug between 500 and 2 thousand", (500, 2_000)),
    ],
)
def test_a_word_behind_a_range_counts_for_both_its_ends(query: str, price: Price) -> None:
    assert read(query) == ("mug", [price], False)


@pytest.mark.parametrize(
    ("query", "left"),
    [
        ("mug under 10 euros 50 ml", "mug 50 ml"),
        ("mug under 10 euros 42", "mug 42"),
        ("mug under $10€20", "mug €20"),
        ("mug under ten fifty ml", "mug fifty ml"),
    ],
)
def test_a_number_behind_a_price_that_may_be_no_cents_stays(query: str, left: str) -> None:
    assert read(query) == (left, [(None, 9.999)], False)


@pytest.mark.parametrize(
    ("language", "query", "value"),
    [
        ("en", "mug up to 1.5 thousand", 1_500),
        ("en", "mug up to 1 million euros", 1_000_000),
        ("en", "mug up to two million", 2_000_000),
        ("en", "mug up to 2 lakh", 200_000),
        ("de", "mug bis 1,5 Tausend Euro", 1_500),
        ("de", "mug bis 1 Mio. Euro", 1_000_000),
        ("de", "mug bis zweitausend Euro", 2_000),
        ("fr", "mug jusqu'à 1 million d'euros", 1_000_000),
        ("es", "mug hasta 1 millón de euros", 1_000_000),
        ("es", "mug hasta 2 mil euros", 2_000),
        ("it", "mug fino a 2 mila euro", 2_000),
        ("sv", "mug upp till 2 tusen kr", 2_000),
        ("pl", "mug do 2 tysięcy zł", 2_000),
        ("ru", "mug до 2 тыс. руб", 2_000),
        ("en", "5万元以下的 mug", 50_000),
        ("en", "1만원 이하 mug", 10_000),
    ],
)
def test_a_large_number_word_multiplies_the_number(language: str, query: str, value: float) -> None:
    assert read(query, language) == ("mug", [(None, value)], False)


@pytest.mark.parametrize(
    "amount",
    [
        "US$10", "US $10", "$US10", "USD$10", "C$10", "CA$10", "ca $10", "A$10", "R$10", "HK$10",
        "NT$10", "Rs.10", "Rs. 10", "Rs 10/-", "kr.10", "10 US$", "10 US dollars",
        "10 Canadian dollars", "$10 USD", "$10CAD", "10 pounds sterling",
    ],
)  # fmt: skip
def test_a_currency_is_read_with_its_country(amount: str) -> None:
    assert read(f"mug up to {amount}") == ("mug", [(None, 10)], False)


@pytest.mark.parametrize(
    ("amount", "currency"),
    [("US $10", "USD"), ("HK$10", "HKD"), ("$10 CAD", "CAD"), ("99 pence", "GBP"), ("$10", None)],
)
def test_the_currency_of_a_country_is_known(amount: str, currency: str | None) -> None:
    words = wording.of("en")
    (limit,) = Limits(
        tokens_of(f"under {amount}", words.cut), words, {"EUR"}, SAID.__contains__
    ).prices()
    assert limit.currency == currency


def test_pounds_alone_may_be_a_weight_where_prices_are_in_pounds_too() -> None:
    words = wording.of("en")
    queries = ["10 pounds dumbbell", "mug for 10 pounds", "mug under 10 pounds"]
    found = [
        Limits(tokens_of(query, words.cut), words, {"GBP"}, SAID.__contains__).prices()
        for query in queries
    ]
    assert [[one.currency for one in limits] for limits in found] == [[], ["GBP"], ["GBP"]]


@pytest.mark.parametrize(
    ("language", "query", "price"),
    [
        ("en", "mug under 10-12 euros", (None, 11.999)),
        ("en", "mug under €10-€12", (None, 11.999)),
        ("en", "mug up to 10-12 €", (None, 12)),
        ("en", "mug max 10-12 euros", (None, 12)),
        ("en", "mug max price 10-12 €", (None, 12)),
        ("en", "mug, minimum price: 10-12 €", (10, None)),
        ("en", "mug 10-12 € or less", (None, 12)),
        ("en", "mug over 10-12 €", (10.001, None)),
        ("en", "mug at least 10 to 12 euros", (10, None)),
        ("en", "mug 10-12 € and up", (10, None)),
        ("en", "mug not under 10-12 €", (10, None)),
        ("de", "mug unter 10 bis 12 €", (None, 11.999)),
        ("fr", "mug moins de 10 à 12 €", (None, 11.999)),
    ],
)
def test_a_limit_before_a_range_means_its_outer_end(
    language: str, query: str, price: Price
) -> None:
    assert read(query, language) == ("mug", [price], False)


def test_two_limits_are_no_range() -> None:
    assert read("mug at least 10 up to 20 €") == ("mug", [(10, None), (None, 20)], False)


@pytest.mark.parametrize(
    ("query", "price"),
    [
        ("mug under 9 €99", (None, 9.989)),
        ("mug cheaper than 10 pounds", (None, 9.999)),
        ("mug that costs less than 10 pounds", (None, 9.999)),
    ],
)
def test_words_of_a_limit_make_an_amount_certain(query: str, price: Price) -> None:
    assert read(query) == ("mug", [price], False)


@pytest.mark.parametrize(
    ("language", "query", "left"),
    [
        ("en", "$10 mugs", "mugs"),
        ("en", "mugs for $10", "mugs"),
        ("en", "10 dollar mug", "mug"),
        ("en", "mugs at 10 €", "mugs"),
        ("en", "mugs ~10€", "mugs"),
        ("en", "two mugs for $10", "two mugs"),
        ("en", "$10 mugs, set of 3", "mugs, set of 3"),
        ("de", "Tasse zu 10 €", "Tasse"),
        ("fr", "tasse à 10 €", "tasse"),
        ("es", "taza por 10 €", "taza"),
        ("en", "10元左右的杯子", "杯子"),
    ],
)
def test_a_price_without_a_limit_means_about_that_much(
    language: str, query: str, left: str
) -> None:
    assert read(query, language) == (left, [(8, 12)], False)


@pytest.mark.parametrize(
    "query",
    ["Becher für höchstens 10 €", "tasse moins de 10 €", "10 € oder weniger", "I have 10 €",
     "2 $10 mugs"],
)  # fmt: skip
def test_a_price_beside_words_that_are_not_known_stays(query: str) -> None:
    assert read(query, "en") == (query, [], False)


@pytest.mark.parametrize(
    ("language", "query", "left"),
    [
        ("en", "red mug in stock", "red mug"),
        ("en", "available mugs", "mugs"),
        ("en", "mugs that are available", "mugs"),
        ("en", "in-stock mugs", "mugs"),
        ("en", "mug, available now", "mug"),
        ("de", "Tasse auf Lager", "Tasse"),
        ("de", "sofort lieferbare Tasse lieferbar", "sofort lieferbare Tasse"),
        ("fr", "tasse en stock", "tasse"),
        ("es", "taza disponible", "taza"),
        ("it", "tazza disponibile", "tazza"),
        ("nl", "mok op voorraad", "mok"),
        ("pl", "kubek w magazynie", "kubek"),
        ("ru", "кружка в наличии", "кружка"),
        ("en", "マグカップ 在庫あり", "マグカップ"),
        ("en", "杯子 现货", "杯子"),
    ],
)
def test_stock_is_asked_for_in_many_languages(language: str, query: str, left: str) -> None:
    assert read(query, language) == (left, [], True)


@pytest.mark.parametrize(
    ("language", "query"),
    [
        ("en", "red mug out of stock"),
        ("en", "red mug not in stock"),
        ("en", "red mug that is not available"),
        ("en", "sold-out red mug"),
        ("de", "rote Tasse nicht auf Lager"),
        ("de", "rote Tasse, nicht lieferbar"),
        ("de", "rote Tasse ausverkauft"),
        ("de", "nicht lieferbare Tasse"),
        ("fr", "tasse rouge pas en stock"),
        ("fr", "tasse rouge en rupture de stock"),
        ("es", "taza roja agotada"),
        ("es", "taza roja no disponible"),
        ("it", "tazza rossa non disponibile"),
        ("pt", "caneca vermelha sem estoque"),
        ("nl", "rode mok niet op voorraad"),
        ("sv", "röd mugg ej i lager"),
        ("da", "rød kop udsolgt"),
        ("no", "rød kopp ikke på lager"),
        ("pl", "czerwony kubek niedostępny"),
        ("ru", "красная кружка нет в наличии"),
        ("en", "赤いマグカップ 在庫切れ"),
        ("en", "红色杯子 缺货"),
    ],
)
def test_what_is_out_of_stock_may_be_asked_for(language: str, query: str) -> None:
    phrases = wording.of(language)
    tokens = tokens_of(query, phrases.cut)
    (found,) = Limits(tokens, phrases, (), SAID.__contains__).stock(set())
    assert not found.available
    assert found.start == 0 or found.end == len(tokens)


@pytest.mark.parametrize(
    ("language", "query"),
    [
        ("en", "mug not sold out"),
        ("en", "mug except out of stock"),
        ("de", "Tasse nicht ausverkauft"),
        ("de", "Tasse nicht vergriffen"),
        ("fr", "tasse pas en rupture de stock"),
        ("es", "taza que no sea agotada"),
    ],
)
def test_what_is_not_out_of_stock_is_in_stock(language: str, query: str) -> None:
    assert read(query, language) == (query.split()[0], [], True)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("50", 50), ("1,299", 1299), ("1.299", 1299), ("1,299.50", 1299.5), ("1.299,50", 1299.5),
        ("12,5", 12.5), ("0.125", 0.125), ("1'299", 1299), ("1,29,900", 129900),
        ("1.299.000", 1299000), ("12.99", 12.99), ("1\u202f299,5", 1299.5), ("9" * 30, None),
    ],
)  # fmt: skip
def test_numbers_are_read_as_people_write_them(text: str, value: float | None) -> None:
    assert value_of(text) == value


@given(st.text(max_size=60))
def test_any_text_is_read_and_a_limit_is_always_a_range(query: str) -> None:
    _, prices, _ = read(query)
    for low, high in prices:
        PriceRange(min=low, max=high)
