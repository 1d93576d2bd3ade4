"""Short catalogues in Chinese, Japanese, Thai and German: found, and understood as written."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from services.retriever.catalogue.catalogue import Catalogue
from services.retriever.searching.saying import key_of, said_by
from services.retriever.searching.words import sought_words
from services.retriever.understanding.understand import understand
from services.retriever.words import Analyser, Language
from services.retriever.words.concepts import concepts_of
from services.retriever.words.said import rows_saying
from tests.unit.retriever.test_words import catalogue

SHOPS: dict[str, list[tuple[str, str]]] = {
    "zh": [
        ("红色陶瓷马克杯", "红色"), ("蓝色陶瓷马克杯", "蓝色"), ("不锈钢保温杯 500毫升", ""),
        ("纯棉T恤 白色", "白色"), ("羊毛围巾 红色", "红色"), ("无线蓝牙耳机", ""), ("儿童雨靴", ""),
    ],
    "ja": [
        ("赤いマグカップ", "赤"), ("青い陶器のマグカップ", "青"), ("ステンレス水筒 500ml", ""),
        ("綿Tシャツ 白", "白"), ("ウールのマフラー 赤", "赤"), ("子供用レインブーツ", ""),
    ],
    "th": [
        ("แก้วมัคสีแดง", "สีแดง"), ("แก้วมัคเซรามิกสีฟ้า", "สีฟ้า"), ("เสื้อยืดผ้าฝ้ายสีขาว", "สีขาว"),
        ("ผ้าพันคอขนสัตว์สีแดง", "สีแดง"), ("หูฟังไร้สาย", ""), ("รองเท้าบูทเด็ก", ""),
    ],
    "de": [
        ("Rote Tasse aus Keramik", "rot"), ("Blaue Tasse", "blau"), ("Wollschal rot", "rot"),
        ("Kabellose Kopfhörer", ""), ("Kinder-Gummistiefel", ""), ("Geschirrtücher grün", "grün"),
    ],
    "ru": [
        ("Кружка керамическая", "красный"), ("Кружка", "синий"), ("Кружка большая", "белый"),
        ("Чайник", "белый"), ("Шарф шерстяной", "красный"),
    ],
    "ko": [("머그컵", "빨간색"), ("머그컵", "파란색"), ("배낭", "빨간색"), ("이어폰", "")],
    "tr": [("Bardak", "kırmızı"), ("Bardak", "mavi"), ("Çanta", "kırmızı")],
    "hi": [("मग", "लाल"), ("मग", "नीला"), ("बैग", "लाल")],
    "nl": [("Mok", "rood"), ("Mok", "blauw"), ("Rugzak", "rood")],
}  # fmt: skip
STEMMED: dict[str, Language] = {"de": "de", "ru": "ru", "tr": "tr", "hi": "hi", "nl": "nl"}


@cache
def shop(language: str) -> Catalogue:
    rows = {
        f"p{number}": {"title": title, "attributes": {"color": colour} if colour else {}}
        for number, (title, colour) in enumerate(SHOPS[language])
    }
    return catalogue(rows, Analyser(STEMMED.get(language, "none")))


@pytest.mark.parametrize(
    ("language", "query", "title"),
    [
        ("zh", "红色马克杯", "红色陶瓷马克杯"),
        ("zh", "红色的马克杯", "红色陶瓷马克杯"),
        ("zh", "保温杯", "不锈钢保温杯 500毫升"),
        ("zh", "蓝牙耳机", "无线蓝牙耳机"),
        ("zh", "白色t恤", "纯棉T恤 白色"),
        ("ja", "赤いマグカップ", "赤いマグカップ"),
        ("ja", "ﾏｸﾞｶｯﾌﾟ 赤", "赤いマグカップ"),
        ("ja", "水筒", "ステンレス水筒 500ml"),
        ("ja", "赤のマフラー", "ウールのマフラー 赤"),
        ("ja", "赤いマフラー", "ウールのマフラー 赤"),
        ("ja", "白いTシャツ", "綿Tシャツ 白"),
        ("th", "แก้วสีแดง", "แก้วมัคสีแดง"),
        ("th", "ผ้าพันคอ", "ผ้าพันคอขนสัตว์สีแดง"),
        ("th", "เสื้อสีขาว", "เสื้อยืดผ้าฝ้ายสีขาว"),
        ("de", "rote Tassen", "Rote Tasse aus Keramik"),
        ("de", "Kopfhoerer", "Kabellose Kopfhörer"),
        ("de", "Geschirrtuch", "Geschirrtücher grün"),
        ("de", "habt ihr Wollschals?", "Wollschal rot"),
        ("ru", "белая кружка", "Кружка большая"),
        ("ru", "красные шарфы", "Шарф шерстяной"),
        ("ru", "белые чайники", "Чайник"),
        ("ru", "недорогие чайники", "Чайник"),
        ("de", "günstige Wollschals", "Wollschal rot"),
        ("de", "nicht so teure Wollschals", "Wollschal rot"),
        ("nl", "goedkope rode rugzakken", "Rugzak"),
        ("tr", "ucuz çantalar", "Çanta"),
    ],
)
def test_a_product_is_found_by_its_words(language: str, query: str, title: str) -> None:
    meant = understand(shop(language), query)
    assert meant.corrected_query is None
    sought = sought_words(shop(language), meant.text)
    assert sought is not None
    best = int(np.argmax(sought.bonus(np.arange(len(SHOPS[language])))))
    assert SHOPS[language][best][0] == title
    assert best in sought.certain.rows


@pytest.mark.parametrize(
    ("language", "query", "text", "without"),
    [
        ("zh", "不要红色的马克杯", "马克杯", ["红色"]),
        ("zh", "围巾 不要红色", "围巾", ["红色"]),
        ("ja", "赤以外のマフラー", "マフラー", ["赤"]),
        ("th", "แก้วไม่เอาสีแดง", "แก้ว", ["สีแดง"]),
        ("ja", "赤くないマフラー", "マフラー", ["赤"]),
        ("de", "Tasse ohne rot", "Tasse", ["rot"]),
        ("de", "nicht teure Tasse", "nicht teure Tasse", []),
        ("ko", "빨간색이 아닌 머그컵", "머그컵", ["빨간색"]),
        ("ko", "빨간색을 제외한 머그컵", "머그컵", ["빨간색"]),
        ("ko", "이어폰", "이어폰", []),
        ("tr", "kırmızı olmayan bardak", "bardak", ["kırmızı"]),
        ("tr", "kırmızı hariç bardaklar", "bardaklar", ["kırmızı"]),
        ("hi", "मग लाल के अलावा", "मग", ["लाल"]),
        ("hi", "बिना लाल मग", "मग", ["लाल"]),
        ("nl", "geen rode mok", "mok", ["rode"]),
    ],
)
def test_a_negation_excludes_a_value(
    language: str, query: str, text: str, without: list[str]
) -> None:
    meant = understand(shop(language), query)
    assert (meant.text, meant.exclusions) == (text, without)


@pytest.mark.parametrize(
    ("language", "query"),
    [
        ("zh", "紅色馬克杯"), ("zh", "马克怀"), ("zh", "小米手机"), ("ja", "まぐかっぷ"),
        ("ja", "イヤフォン"), ("th", "กระเป๋าสตางค์"), ("de", "Taschen"), ("de", "Schlafsack"),
    ],
)  # fmt: skip
def test_what_the_catalogue_does_not_have_is_searched_as_written(language: str, query: str) -> None:
    assert understand(shop(language), query).text == query


def test_a_german_typo_is_corrected() -> None:
    assert understand(shop("de"), "Gummistiefl").corrected_query == "gummistiefel"


@pytest.mark.parametrize("language", ["sv", "de"])
def test_a_word_of_another_language_is_not_taken_for_english(language: Language) -> None:
    one = catalogue({"a": {"title": "Mugg"}}, Analyser(language))
    assert understand(one, "stor mugg").corrected_query is None


COMPOUNDS = [
    ("Lederhandtasche schwarz", ""),
    ("Handtasche aus Leder", "Leder"),
    ("Wollkleid", ""),
    ("Kleid", "Wolle"),
    ("Tassenhalter", ""),
    ("Tasse", ""),
    ("Arbeitshose", ""),
    ("Preisschild", ""),
]


@cache
def compounds() -> Catalogue:
    rows = {
        f"p{number}": {"title": title, "attributes": {"material": material} if material else {}}
        for number, (title, material) in enumerate(COMPOUNDS)
    }
    return catalogue(rows, Analyser("de"))


@pytest.mark.parametrize(
    ("query", "text", "titles"),
    [
        ("Lederhandtasche", "Lederhandtasche", [0, 1]),
        ("Handtasche aus Leder", "Handtasche aus Leder", [0, 1]),
        ("Wollkleider", "Wollkleider", [2, 3]),
        ("Kleid aus Wolle", "Kleid aus Wolle", [2, 3]),
        ("Tasse", "Tasse", [5]),
        ("Halter", "Halter", [4]),
        ("Hose", "Hose", [6]),
        ("Handtasche ohne Leder", "Handtasche", [0, 1]),
        ("Lederkleid", "Lederkleid", []),
    ],
)
def test_compounds_and_words_apart_find_each_other(
    query: str, text: str, titles: list[int]
) -> None:
    meant = understand(compounds(), query)
    assert (meant.text, meant.corrected_query) == (text, None)
    sought = sought_words(compounds(), meant.text)
    assert sought is not None
    assert sought.certain.rows.tolist() == titles


def test_a_material_is_excluded_in_compounds_too() -> None:
    one = compounds()
    assert understand(one, "Handtasche ohne Leder").exclusions == ["Leder"]
    assert rows_saying(one.words, "Leder").tolist() == [0, 1]


def test_a_compound_that_no_product_says_is_written_apart_for_the_encoder() -> None:
    rows = {"a": {"title": "Handtasche", "attributes": {"material": "Leder"}}}
    meant = understand(catalogue(rows, Analyser("de")), "schöne Lederhandtasche")
    assert (meant.text, meant.corrected_query) == ("schöne Leder handtasche", None)


def test_the_products_of_a_word_with_many_compounds_are_remembered() -> None:
    kinds = ("Kaffee", "Blumen", "Reise", "Milch", "Silber", "Kinder", "Garten", "Emaille")
    parts = [first + second for first in kinds for second in ("kannen", "glas", "porzellan")]
    rows = {f"p{number}": {"title": f"{one}tasse"} for number, one in enumerate(parts)}
    one = catalogue(rows, Analyser("de"))
    (concept,) = concepts_of(one.words, "Tasse")
    key = key_of(concept)
    assert len(key) > 200
    assert said_by(one, key).rows.tolist() == list(range(len(rows)))
    assert said_by(one, key) is said_by(one, key)


def test_english_words_are_no_compounds() -> None:
    one = catalogue({"a": {"title": "Handbag"}, "b": {"title": "Bag"}, "c": {"title": "Hand"}})
    assert rows_saying(one.words, "bag").tolist() == [1]
