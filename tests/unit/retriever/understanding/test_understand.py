"""Queries over a catalogue: corrected from its words, with negations and limits taken out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.contracts.search import PriceRange
from services.contracts.synonyms import Synonym
from services.contracts.understanding import UnderstoodQuery
from services.retriever.catalogue.catalogue import Catalogue
from services.retriever.understanding.dictionary import dictionary_of
from services.retriever.understanding.understand import understand
from services.retriever.words import Analyser, Language
from services.retriever.words.said import rows_saying
from services.retriever.words.synonyms import SynonymTable
from tests.unit.retriever.test_words import Row, catalogue, changed

COLOURS = ["red", "blue", "green", "navy", "black", "dark blue"]
PATTERNS = ["striped", "dotted", "plain", "checked"]
THINGS = {"mug": "Kitchen > Mugs", "scarf": "Clothing > Scarves", "backpack": "Bags > Backpacks"}


def shop() -> dict[str, Row]:
    rows: dict[str, Row] = {}
    for thing, category in THINGS.items():
        for colour in COLOURS:
            for pattern in PATTERNS:
                rows[f"p{len(rows):03}"] = {
                    "title": f"{colour.capitalize()} {thing}, {pattern}",
                    "category": category,
                    "brand": "Lumo",
                    "description": f"A {thing} with no frills, for everyone.",
                    "attributes": {
                        "color": colour,
                        "pattern": pattern,
                        "material": "leather" if thing == "backpack" else "wool",
                        "in_stock": "true",
                    },
                }
    rows["x1"] = {"title": "No-show socks", "attributes": {"sku": "NS-1000"}}
    rows["x2"] = {"title": "Non-stick pan", "brand": "Not Your Mother's"}
    rows["x3"] = {"title": "Drill GSR 12V-15"}
    return rows


@cache
def sample() -> Catalogue:
    return catalogue(shop())


def meant(query: str, one: Catalogue | None = None) -> UnderstoodQuery:
    return understand(one or sample(), query)


def excluded(query: str) -> tuple[str, list[str]]:
    found = meant(query)
    return found.text, found.exclusions


NEGATORS = [
    "not", "but not", "just not", "no", "without", "except", "anything but", "other than",
    "excluding", "in anything except", "in any colour but", "that is not", "which isn't",
    "don't want", "never", "everything except", "apart from",
]  # fmt: skip


@given(
    st.sampled_from(sorted(THINGS)),
    st.sampled_from(NEGATORS),
    st.sampled_from([*COLOURS, "stripes", "dots", "leather", "wool"]),
    st.sampled_from([" ", ", "]),
)
def test_a_negation_in_any_wording_excludes(
    thing: str, negator: str, value: str, joint: str
) -> None:
    assert excluded(f"{thing}{joint}{negator} {value}") == (thing, [value])


@pytest.mark.parametrize(
    ("query", "text", "without"),
    [
        ("any mug except red", "any mug", ["red"]),
        ("mug not red or blue", "mug", ["red", "blue"]),
        ("mug, neither red nor blue", "mug", ["red", "blue"]),
        ("mug but not red, not blue", "mug", ["red", "blue"]),
        ("not a red mug", "mug", ["red"]),
        ("mug -red", "mug", ["red"]),
        ("mug without red stripes", "mug", ["red stripes"]),
        ("no dots on it: a red mug", "a red mug", ["dots"]),
        ("leather-free backpack", "backpack", ["leather"]),
        ("non-leather backpack", "backpack", ["leather"]),
        ("mug, nothing dark blue please", "mug", ["dark blue"]),
        ("mug not jet black", "mug", ["black"]),
        ("scarf not backpack", "scarf", ["backpack"]),
        ("mug no leather", "mug", ["leather"]),
        ("not red", "", ["red"]),
        ("mug not (red)", "mug", ["red"]),
        ("mug not (red or blue)", "mug", ["red", "blue"]),
        ("not (red, blue) mug", "mug", ["red", "blue"]),
        ("mug –red", "mug", ["red"]),
        ("mug −red", "mug", ["red"]),
        ('mug -"red"', "mug", ["red"]),
        ('mug -"dark blue" striped', "mug striped", ["dark blue"]),
        ("mug not “red” or “blue”", "mug", ["red", "blue"]),
        ("mug not [red]", "mug", ["red"]),
        ("mug not… red", "mug", ["red"]),
        ("mug not... red", "mug", ["red"]),
        ("mug not red&blue", "mug", ["red", "blue"]),
        ("mug not red + blue", "mug", ["red", "blue"]),
        ("mug not red +blue", "mug +blue", ["red"]),
        ("mug not – red", "mug", ["red"]),
    ],
)
def test_negations_of_many_kinds(query: str, text: str, without: list[str]) -> None:
    assert excluded(query) == (text, without)


@pytest.mark.parametrize(
    "query",
    [
        "no-show socks", "no show socks", "non-stick pan", "non stick pan", "not your mother's",
        "no frills mug", "not only red mugs", "no matter which mug", "why not a mug",
        "not too expensive mug", "mug no 5", "no", "not", "without", "", "t-shirt", "mug - red",
        "red mug", "notebook", "nothing",
    ],
)  # fmt: skip
def test_what_products_say_and_idioms_are_no_negations(query: str) -> None:
    if query:
        assert meant(query).understood == []
        assert meant(query).text == query


@pytest.mark.parametrize(
    ("language", "query", "text", "without"),
    [
        ("de", "Tasse nicht rot", "Tasse", ["rot"]),
        ("de", "Tasse ohne Streifen", "Tasse", ["Streifen"]),
        ("fr", "tasse sauf rouge", "tasse", ["rouge"]),
        ("fr", "tasse sans rayures", "tasse", ["rayures"]),
        ("es", "taza que no sea roja", "taza", ["roja"]),
        ("es", "taza sin rayas", "taza", ["rayas"]),
        ("it", "tazza senza righe", "tazza", ["righe"]),
        ("pt", "caneca sem listras", "caneca", ["listras"]),
        ("nl", "mok zonder strepen", "mok", ["strepen"]),
        ("sv", "mugg utan ränder", "mugg", ["ränder"]),
        ("da", "krus uden striber", "krus", ["striber"]),
        ("pl", "kubek bez pasków", "kubek", ["pasków"]),
        ("ru", "кружка кроме красной", "кружка", ["красной"]),
        ("ru", "кружка без полосок", "кружка", ["полосок"]),
    ],
)
def test_negations_in_other_languages(
    language: str, query: str, text: str, without: list[str]
) -> None:
    words = {f"w{n}": {"title": word} for n, word in enumerate(without)}
    found = understand(catalogue(words, Analyser(language)), query)  # type: ignore[arg-type]
    assert (found.text, found.exclusions) == (text, without)


@pytest.mark.parametrize(
    ("query", "text", "without"),
    [
        ("кружка не красная", "кружка", ["красная"]),
        ("белая кружка, только не синяя", "белая кружка", ["синяя"]),
        ("какой чайник, кроме чёрного", "какой чайник", ["чёрного"]),
        ("самый дешёвый чайник", "самый дешёвый чайник", []),
    ],
)
def test_a_russian_negation_excludes_a_value_of_another_gender(
    query: str, text: str, without: list[str]
) -> None:
    colours = ("красный", "белый", "синий", "чёрный")
    rows: dict[str, Row] = {
        f"p{n}": {"title": "Кружка и чайник", "attributes": {"цвет": colour}}
        for n, colour in enumerate(colours)
    }
    one = catalogue(rows, Analyser("ru"))
    found = meant(query, one)
    assert (found.text, found.exclusions) == (text, without)
    assert [len(rows_saying(one.words, word)) for word in without] == [1] * len(without)


@pytest.mark.parametrize(
    ("typed", "corrected"),
    [
        ("red strped mug", "red striped mug"),
        ("redd mgu", None),
        ("blue bakcpack", "blue backpack"),
        ("dotted scrf", "dotted scarf"),
        ("Red STRPED mug!", "Red striped mug!"),
        ("redmug", "red mug"),
        ("mug witout stripes", "mug without stripes"),
        ("mug exept red", "mug except red"),
        ("do you slel a red mug", "do you sell a red mug"),
        ("pleaase a red mug", "please a red mug"),
        ("mug udner 20", "mug under 20"),
        ("mug undr twenty euros", "mug under twenty euros"),
        ("mug udner forty", "mug under forty"),
        ("striped mug under 20, not bleu", None),
    ],
)
def test_typos_are_corrected_from_the_catalogues_words(typed: str, corrected: str | None) -> None:
    found = meant(typed).corrected_query
    if corrected is not None:
        assert found == corrected


@cache
def compounds() -> Catalogue:
    titles = [
        "Backpack", "Handbag", "Armchair", "Stoneware mug", "Northbay scarf", "Nonstick pan",
        "Ebike", "Indoor plant", "T-shirt", "Tshirt with logo", "Red mug", "Redmug of Lumo",
        "Notable chair", "Brain teaser", "Soft bra", "Pullover", "Pencil case", "Pencilcase",
        "Along the river", "Lawn chair, long", *["Sunglasses"] * 20, "Sun hat with glasses",
        "Starred bowl",
    ]  # fmt: skip
    synonyms = SynonymTable(
        [Synonym(words=["backpack", "rucksack"]), Synonym(words=["teapot", "tea pot"])]
    )
    rows = {f"p{number:02}": {"title": title} for number, title in enumerate(titles)}
    rows["z1"] = {"title": "Teapot"}
    return replace(catalogue(rows, price=10.0), synonyms=synonyms)


@pytest.mark.parametrize(
    ("typed", "corrected"),
    [
        ("back pack", "backpack"),
        ("red back packs", "red backpacks"),
        ("hand bag", "handbag"),
        ("back-pack", "backpack"),
        ("arm-chair, stone ware mug", "armchair, stoneware mug"),
        ("arm chair", "armchair"),
        ("north bay scarf", "northbay scarf"),
        ("non-stick pan", "nonstick pan"),
        ("e bike", "ebike"),
        ("in-door plant", "indoor plant"),
        ("ruck sack", "rucksack"),
        ("sun glasses", "sunglasses"),
        ("not a hand bag", "not a handbag"),
    ],
)
def test_a_compound_written_apart_becomes_the_catalogues_word(typed: str, corrected: str) -> None:
    assert meant(typed, compounds()).corrected_query == corrected


@pytest.mark.parametrize(
    "query",
    [
        "t shirt", "t-shirt", "red mug", "pencil case", "tea pot", "no table", "soft bra in red",
        "pull over 20 €", "a long scarf", "hand, bag", "hand / bag", "hand -bag", "mug bag",
        "hand 5 bag", "红 色", "sun hat", "mug red", "chair ed", "star red",
    ],
)  # fmt: skip
def test_words_that_are_no_compound_stay_apart(query: str) -> None:
    assert meant(query, compounds()).corrected_query is None


@pytest.mark.parametrize(
    ("language", "titles", "typed", "corrected"),
    [
        ("de", ["Armstuhl", "Rucksack"], "roter Arm-Stuhl", "roter armstuhl"),
        ("de", ["Lederhandtasche", "Handtasche aus Leder"], "Leder Handtasche", None),
        ("sv", ["Öljacka"], "öl jacka", "öljacka"),
        ("fr", ["Portefeuille"], "porte feuille", "portefeuille"),
        ("es", ["Paraguas"], "para-guas", "paraguas"),
        ("ru", ["Термокружка"], "термо кружка", "термокружка"),
    ],
)
def test_compounds_of_other_languages(
    language: Language, titles: list[str], typed: str, corrected: str | None
) -> None:
    rows = {f"p{number}": {"title": title} for number, title in enumerate(titles)}
    assert meant(typed, catalogue(rows, Analyser(language))).corrected_query == corrected


@pytest.mark.parametrize(
    "query",
    [
        "GSR 12V-15", "gsr12v15", "NS-1000", "mug", "mugs", "stripes", "stripe", "12345",
        "garden hose",
        "phone case", "light bulb", "wireless headphones", "laptop charger", "qwertyuiop",
        "boga lore timi", "lorem ipsum", "the of which because", "xyz", "R2D2", "红色杯子",
    ],
)  # fmt: skip
def test_what_is_right_or_unknown_is_not_corrected(query: str) -> None:
    found = meant(query)
    assert (found.text, found.corrected_query) == (query, None)


def test_a_word_of_a_limit_is_meant_only_before_a_number() -> None:
    one = catalogue({"a": {"title": "Flower vase", "attributes": {}}})
    assert meant("fower vase", one).corrected_query == "flower vase"


def test_a_name_almost_like_a_word_around_it_stays() -> None:
    assert meant("ikea mug").corrected_query is None


@pytest.mark.parametrize(
    ("query", "text", "without"),
    [
        ("mug blue not", "mug", ["blue"]),
        ("striped scarf in anything navy except", "striped scarf in anything", ["navy"]),
        ("mug not", "mug not", []),
        ("green, striped without scarf", "green, striped without scarf", []),
        ("nothing scarf, striped and green", "nothing scarf, striped and green", []),
        ("green things without scarf", "green things", ["scarf"]),
        ("green, no scarfs", "green", ["scarfs"]),
        ("anything but a scarf", "", ["scarf"]),
        ("do you have a mug, but not blue?", "do you have a mug?", ["blue"]),
    ],
)
def test_negations_in_disorder_exclude_nothing_that_is_wanted(
    query: str, text: str, without: list[str]
) -> None:
    assert excluded(query) == (text, without)


def _slips(word: str) -> st.SearchStrategy[str]:
    inside = st.integers(1, len(word) - 2)
    return st.one_of(
        inside.map(lambda at: word[:at] + word[at + 1 :]),
        inside.map(lambda at: word[:at] + word[at] + word[at:]),
        inside.map(lambda at: word[:at] + word[at + 1] + word[at] + word[at + 2 :]),
    )


@given(st.data(), st.sampled_from(["backpack", "striped", "leather", "checked", "dotted"]))
def test_a_slip_in_a_long_word_is_corrected_or_another_real_word(
    data: st.DataObject, word: str
) -> None:
    typed = data.draw(_slips(word))
    found = meant(f"green {typed}")
    # "lather" is a word as well.
    if dictionary_of("en").has(typed) or typed in sample().vocabulary:
        assert found.text == f"green {typed}"
    else:
        assert found.text == f"green {word}"


@given(st.text(max_size=80))
def test_any_query_is_understood_and_never_longer_to_ask_again(query: str) -> None:
    found = meant(query)
    for part in found.understood:
        assert part.text in (found.corrected_query or query)
        assert len(part.without) <= len(found.corrected_query or query)


@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize("letters", [254, 257, 1_000])
def test_a_word_of_any_length_is_understood(language: Language, letters: int) -> None:
    one, word = catalogue({"a": {"title": "Mug"}}, Analyser(language)), "x" * letters
    assert understand(one, word).text == word


def test_a_corrected_word_keeps_its_accents() -> None:
    one = catalogue({"a": {"title": "Geschirrtücher, grün"}}, Analyser("de"))
    assert meant("Geschirrtüchr", one).corrected_query == "geschirrtücher"


def test_corrections_follow_live_changes() -> None:
    rows: Mapping[str, Row] = {"a": {"title": "Zebra kettle"}, "b": {"title": "Zeppelin lamp"}}
    assert meant("zepelin lamp", changed(rows)).corrected_query == "zeppelin lamp"


def test_limits_are_not_read_where_the_catalogue_cannot_keep_them() -> None:
    """Its products have neither a price nor a stock: every product would be left out."""
    one = catalogue({"a": {"title": "Red mug"}})
    assert meant("red mug under 20 in stock", one).text == "red mug under 20 in stock"


TWO_CURRENCIES: dict[str, Row] = {
    "a": {"title": "Mug", "currency": "EUR"},
    "b": {"title": "Mug of Sweden", "currency": "SEK"},
}


@pytest.mark.parametrize(
    ("query", "currency", "named"),
    [
        ("mug under 20 €", "EUR", "EUR"),
        ("mug under 20", None, None),
        ("mug under 20 usd", None, "USD"),
        ("mug under 200 SEK", "SEK", "SEK"),
    ],
)
def test_a_named_currency_counts_where_the_catalogue_has_it(
    query: str, currency: str | None, named: str | None
) -> None:
    one = catalogue(TWO_CURRENCIES, price=10.0)
    (part,) = understand(one, query).understood
    assert part.price is not None
    assert (part.price.currency, part.currency) == (currency, named)


def test_a_limit_in_another_currency_contradicts_the_first_and_stays_in_the_text() -> None:
    found = meant("mug under 20 € over 5 SEK", catalogue(TWO_CURRENCIES, price=10.0))
    assert [part.text for part in found.understood] == ["under 20 €"]
    assert found.price == PriceRange(max=19.999, currency="EUR")
    assert found.text == "mug over 5 SEK"


@pytest.mark.parametrize(
    ("query", "text", "without"),
    [
        ("not crimson mug", "mug", ["crimson"]),
        ("no tartan mug", "mug", ["tartan"]),
        ("not suede scarf", "scarf", ["suede"]),
        ("no zip rucksack", "backpack", ["zip"]),
        ("mug without zip", "mug", ["zip"]),
        ("not jet black mug", "mug", ["black"]),
        ("not fire crimson mug", "mug", ["crimson"]),
        ("not crimson red mug", "mug", ["red"]),
        ("not crimson striped mug", "striped mug", ["crimson"]),
        ("mug not blue, crimson or green", "mug", ["blue", "crimson", "green"]),
    ],
)
def test_an_unknown_word_before_a_kind_of_product_does_not_exclude_the_kind(
    query: str, text: str, without: list[str]
) -> None:
    synonyms = [["mug", "cup"], ["scarf", "shawl"], ["backpack", "rucksack"]]
    synonyms += [["red", "crimson"], ["checked", "tartan"]]
    table = SynonymTable([Synonym(words=one) for one in synonyms])
    found = meant(query, replace(sample(), synonyms=table))
    assert (found.text, found.exclusions) == (text, without)


@pytest.mark.parametrize(
    ("query", "text", "without"),
    [
        ("mug not red, blue or green", "mug", ["red", "blue", "green"]),
        ("mug not red, blue, or green", "mug", ["red", "blue", "green"]),
        ("mug not red, blue & green", "mug", ["red", "blue", "green"]),
        ("mug except red, blue, green", "mug", ["red", "blue", "green"]),
        ("mug neither red, blue nor green", "mug", ["red", "blue", "green"]),
        ("not red, blue or green mug", "mug", ["red", "blue", "green"]),
        ("mug no stripes, dots or checks", "mug", ["stripes", "dots", "checks"]),
        ("other than mugs, scarfs & backpacks", "", ["mugs", "scarfs", "backpacks"]),
        ("mug not red, blue!", "mug!", ["red", "blue"]),
        ("mug not red, blue, please", "mug", ["red", "blue"]),
        ("not red, blue mug", "blue mug", ["red"]),
        ("not red, green, blue mug", "green, blue mug", ["red"]),
        ("mug not red, striped", "mug, striped", ["red"]),
        ("mug not red, blue, not green", "mug, blue", ["red", "green"]),
        ("mug not red, not blue or green", "mug", ["red", "blue", "green"]),
    ],
)
def test_a_comma_continues_a_list_that_goes_on(query: str, text: str, without: list[str]) -> None:
    assert excluded(query) == (text, without)


MAKER = [
    ("en", "mug not by Pebble", "mug"),
    ("en", "mug not from Pebble", "mug"),
    ("en", "mug except from Pebble", "mug"),
    ("en", "mug not made by Pebble", "mug"),
    ("en", "mug, not manufactured by Pebble", "mug"),
    ("en", "mug not from the brand Pebble", "mug"),
    ("en", "mug not made in Pebble", "mug"),
    ("en", "mug not made with Pebble", "mug"),
    ("en", "mug not made of Pebble", "mug"),
    ("de", "Tasse nicht von Pebble", "Tasse"),
    ("de", "Tasse außer von Pebble", "Tasse"),
    ("de", "Tasse nicht hergestellt in Pebble", "Tasse"),
    ("de", "Tasse nicht von der Marke Pebble", "Tasse"),
    ("fr", "tasse pas de chez Pebble", "tasse"),
    ("fr", "tasse pas fabriquée par Pebble", "tasse"),
    ("fr", "tasse sauf de la marque Pebble", "tasse"),
    ("es", "taza no hecha por Pebble", "taza"),
    ("es", "taza que no sea de la marca Pebble", "taza"),
    ("it", "tazza non fatta da Pebble", "tazza"),
    ("pt", "caneca não feita por Pebble", "caneca"),
    ("nl", "mok niet gemaakt door Pebble", "mok"),
    ("nl", "mok behalve van Pebble", "mok"),
    ("sv", "mugg inte från Pebble", "mugg"),
    ("da", "krus ikke fra Pebble", "krus"),
    ("no", "kopp ikke laget av Pebble", "kopp"),
    ("pl", "kubek nie od Pebble", "kubek"),
    ("ru", "кружка не от Pebble", "кружка"),
    ("ru", "кружка не фирмы Pebble", "кружка"),
    ("zh", "杯子 不要来自Pebble", "杯子"),
]


@pytest.mark.parametrize(("language", "query", "text"), MAKER)
def test_a_negated_maker_or_origin_is_excluded(language: Language, query: str, text: str) -> None:
    one = catalogue({"a": {"title": text, "brand": "Pebble"}}, Analyser(language))
    found = understand(one, query)
    assert (found.text, found.exclusions) == (text, ["Pebble"])


@pytest.mark.parametrize("query", ["mug no brand", "mug not made for kids", "mug not from 2020"])
def test_words_before_a_maker_alone_are_no_negation_of_another_word(query: str) -> None:
    assert "mug" not in meant(query).exclusions
    assert "made" not in meant(query).exclusions


def test_out_of_stock_is_a_filter_where_the_catalogue_has_stock() -> None:
    found = meant("mug out of stock")
    assert (found.text, found.in_stock, found.exclusions) == ("mug", False, [])
    assert meant("mug in stock").in_stock is True
    assert meant("mug").in_stock is None
    unknown = catalogue({"a": {"title": "Red mug, socks"}})
    assert meant("mug not in stock", unknown) == UnderstoodQuery(text="mug not in stock")


@pytest.mark.parametrize("query", ["mug <10", "mug <10 mug", "mug < 10"])
def test_a_sign_before_a_number_is_no_name_of_a_product_that_says_the_number(query: str) -> None:
    one = catalogue({"a": {"title": "Set of 10"}, "b": {"title": "Mug"}}, price=9.0)
    assert meant(query, one).price == PriceRange(max=9.999)


@pytest.mark.parametrize("query", ["gray mug", "GRAY mug", "gjay mug"])
def test_another_spelling_among_the_synonyms_becomes_the_catalogues(query: str) -> None:
    one = catalogue({"a": {"title": "Grey mug", "attributes": {"color": "grey"}}})
    assert meant("gray mug", one).text == "gray mug"
    with_synonyms = replace(one, synonyms=SynonymTable([Synonym(words=["grey", "gray", "ash"])]))
    assert meant(query, with_synonyms).text == "grey mug"


@cache
def sizes() -> Catalogue:
    titles = [
        "Cola 500ml", "Cola 1.5 l", "TV 55 inch", 'TV 65"', "Car battery 12V", "Car battery 24 V",
        "T-shirt V-neck", "Wi-Fi router", "Gift card 50 €", "Mug max 330 ml, 15 cm tall",
        "Air Max 90", "Red scarf", "Polo, L", "Polo, M", "Sunscreen SPF 30, 50 ml",
        "Sunscreen spray SPF 50+, 100 ml", "Bolt M8x40", "Bolt M8 x 20", "Bolt M6",
    ]  # fmt: skip
    rows: dict[str, Row] = {f"p{place:02}": {"title": one} for place, one in enumerate(titles)}
    rows["s1"] = {"title": "Linen shirt", "attributes": {"size": "L"}}
    rows["s2"] = {"title": "Linen shirt", "attributes": {"size": "42"}}
    return catalogue(rows, price=9.9)


@pytest.mark.parametrize(
    ("query", "text", "without"),
    [
        ("cola not 500ml", "cola", ["500ml"]),
        ("cola without 500 ml", "cola", ["500 ml"]),
        ("tv not 55 inch or 65 inch", "tv", ["55 inch", "65 inch"]),
        ('tv not 65"', "tv", ['65"']),
        ("battery not 12v", "battery", ["12v"]),
        ("shirt not size l", "shirt", ["l"]),
        ("shirt not size 42", "shirt", ["42"]),
        ("shirt no 42", "shirt no 42", []),
        ("shirt not 42", "shirt", ["42"]),
        ("t-shirt no 2 inch", "t-shirt no 2 inch", []),
        ("shirt not l", "shirt", ["l"]),
        ("shirt not 42 or l", "shirt", ["42", "l"]),
        ("shirt not t", "shirt", ["t"]),
        ("polo not l", "polo", ["l"]),
        ("polo not L or M", "polo", ["L", "M"]),
        ("polo size not m", "polo", ["m"]),
        ("plus size not red", "plus size", ["red"]),
        ("sunscreen not spf 50", "sunscreen", ["spf 50"]),
        ("sunscreen not spf 50 spray", "sunscreen spray", ["spf 50"]),
        ("sunscreen not spf 55", "sunscreen 55", ["spf"]),
        ("bolt not m8", "bolt", ["m8"]),
        ("bolt not m8x40", "bolt", ["m8x40"]),
        ("shirt not 42 €", "shirt not 42 €", []),
        ("shirt not 43", "shirt not 43", []),
        ("shirt not sugar-free", "shirt", ["sugar-free"]),
        ("t-shirt without v-neck", "t-shirt", ["v-neck"]),
    ],
)
def test_a_size_is_excluded(query: str, text: str, without: list[str]) -> None:
    found = meant(query, sizes())
    assert (found.text, found.exclusions) == (text, without)


def test_everything_behind_neither_is_excluded() -> None:
    assert excluded("neither red, striped nor wool mug") == ("mug", ["red", "striped", "wool"])


@pytest.mark.parametrize(
    ("query", "limited"),
    [
        ("mug max 15", True), ("air max 90", False), ("gift card 50€", False), ("mug 50€", True),
        ("mug 10€ red", True), ("red 10€ mug", True), ("mug 10€, red", True),
        ("mug 10€ voucher", False), ("gift card 50€ red", False), ("mug 10 pounds red", False),
        ("mug 330 ml 10€ red", True), ("mug 12 200€ red", False), ("mug 12€99 red", True),
        ("cola 5 €", True), ("t-shirt $10", True), ("cola höchstens 5 €", False), ("cola 5", False),
        ("I have 5 €", False), ("cola bis 5 €", False), ("cola 5 pounds", False),
    ],
)  # fmt: skip
def test_a_limit_is_a_name_only_where_a_product_says_it_word_beside_word(
    query: str, limited: bool
) -> None:
    assert (meant(query, sizes()).price is not None) == limited


def test_a_number_that_titles_say_behind_a_word_is_no_part_of_a_price() -> None:
    found = meant("air max 90 200€", sizes())
    assert (found.text, found.price) == ("air max 90", PriceRange(min=160, max=240))


@pytest.mark.parametrize(
    "query", ["cola under 10 or over 40 €", "cola over 40 € or under 10", "cola < 10, > 40 €"]
)
def test_limits_of_which_either_is_wanted_hide_nothing(query: str) -> None:
    found = meant(query, sizes())
    assert (found.text, found.price, found.understood) == ("cola", None, [])


@pytest.mark.parametrize(
    ("typed", "word"), [("tshirt", "t-shirt"), ("wifi router", "wi-fi router")]
)
def test_a_word_is_read_as_titles_write_it_with_a_hyphen(typed: str, word: str) -> None:
    assert meant(typed, sizes()).text == word


STICKS: dict[str, Row] = {
    **{f"u{at}": {"title": f"USB stick {at} GB", "category": "Memory sticks"} for at in range(9)},
    "pan": {"title": "Non-stick pan"},
    "iron": {"title": "Iron pan"},
    "juice": {"title": "Juice, no added sugar"},
    "sugar": {"title": "Sugar"},
}


@pytest.mark.parametrize(
    ("query", "text", "without"),
    [
        # However many sticks the shop has.
        ("non-stick pan", "non-stick pan", []),
        ("nonstick pan", "non-stick pan", []),
        ("juice without added sugar", "juice", ["sugar"]),
        ("juice no sugar added", "juice", ["sugar"]),
    ],
)
def test_a_word_is_negated_as_products_say_it(query: str, text: str, without: list[str]) -> None:
    found = meant(query, catalogue(STICKS))
    assert (found.text, found.exclusions) == (text, without)
