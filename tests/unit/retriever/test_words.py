"""The index of words: what is found by which word, in which field, as loaded and changed since."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.contracts.retriever import CatalogueInfo
from services.retriever.catalogue.catalogue import Catalogue
from services.retriever.catalogue.moments import Moments
from services.retriever.catalogue.product_table import TEXT_COLUMNS, ProductTable, product_batch
from services.retriever.catalogue.products import Products
from services.retriever.index import ExactIndex, LiveIndex
from services.retriever.words import Analyser, Language, WordsBuild
from services.retriever.words.analysis import LANGUAGES
from services.retriever.words.folding import fold
from services.retriever.words.postings import fields_of
from services.retriever.words.restored import RULES
from services.retriever.words.said import rows_saying

Row = Mapping[str, object]

SHOP: dict[str, Row] = {
    "KX-4471": {"title": "Ceramic mug red KX-4471", "brand": "Lumo", "attributes": {"sku": "LU/9"}},
    "a1": {
        "title": "Bosch GSR 12V-15 Professional drill",
        "category": "Tools > Drills",
        "attributes": {"ean": "4006381333931", "color": "Blue"},
    },
    "a2": {"title": "Blue mugs, set of two", "description": "Made for tea.", "brand": "Lümo"},
    "a3": {"title": "Teapot", "attributes": {"UPC": "036000291452", "MPN": "TP-100; TP-101"}},
    "a4": {"title": "红色陶瓷杯子", "description": "一个漂亮的茶杯"},
    "a5": {"title": "マグカップ 赤い花柄"},
    "a6": {"title": "แก้วกาแฟสีแดงลายดอกไม้"},
    "a7": {"title": "Women’s running shoes", "attributes": {"model": "Pegasus 40"}},
}


def table(
    rows: Mapping[str, Row], analyser: Analyser | None = None, price: float = math.nan
) -> ProductTable:
    ids = sorted(rows)
    texts = {name: [str(rows[one].get(name, "")) for one in ids] for name in TEXT_COLUMNS}
    texts["attributes"] = [json.dumps(rows[one].get("attributes", {})) for one in ids]
    batch, refused = product_batch(ids, texts, [price] * len(ids))
    assert refused == []
    return ProductTable.of([batch], ["material"], analyser or Analyser())


def catalogue(
    rows: Mapping[str, Row], analyser: Analyser | None = None, price: float = math.nan
) -> Catalogue:
    vectors = np.zeros((len(rows), 4), np.float32)
    vectors[:, [0, 2]] = 1
    return Catalogue(
        CatalogueInfo(version="v1", model="mini@1", dimension=2, products=len(rows)),
        Products(table(rows, analyser, price)),
        LiveIndex(ExactIndex(vectors), sorted(rows)),
        Moments.of(vectors),
    )


def changed(rows: Mapping[str, Row]) -> Catalogue:
    """The same products in the end, after changes."""
    ids = sorted(rows)
    before = {
        **{one: {"title": "Something else OLD-1"} for one in ids[::2]},
        **{one: rows[one] for one in ids[1::2]},
        "zz": {"title": "Gone soon"},
    }
    one = catalogue(before)
    half = np.zeros((len(ids[::2]), 2), np.float32)
    half[:, 0] = 1
    one = one.with_changes(1, table({i: rows[i] for i in ids[::2]}), half, half, ["zz"])
    assert one.words.added is not None
    return one


def merged(rows: Mapping[str, Row]) -> Catalogue:
    return changed(rows).merged()


Make = Callable[[Mapping[str, Row]], Catalogue]
MAKERS: list[Make] = [catalogue, changed, merged]
IDS = ["as loaded", "changed since", "merged"]


def saying(one: Catalogue, word: str) -> dict[str, list[str]]:
    """Products that say a word just so, with the fields."""
    alive = one.index.alive
    return {
        one.index.id_of(row + first): list(fields_of(mask))
        for first, postings in one.words.postings(word)
        for row, mask in zip(postings.rows.tolist(), postings.fields.tolist(), strict=True)
        if alive[row + first]
    }


@pytest.mark.parametrize("make", MAKERS, ids=IDS)
def test_a_word_is_found_in_every_field_that_says_it(make: Make) -> None:
    one = make(SHOP)
    assert saying(one, "lumo") == {"KX-4471": ["brand"], "a2": ["brand"]}
    assert saying(one, "blue") == {"a1": ["attributes"], "a2": ["title"]}
    assert saying(one, "drills") == {"a1": ["category"]}
    assert saying(one, "tea") == {"a2": ["description"]}
    assert saying(one, "4471") == {"KX-4471": ["title", "identifier"]}
    assert saying(one, "old") == saying(one, "gone") == {}
    assert one.words.frequency("old") == one.words.frequency("gone") == 0
    assert one.words.frequency("blue") == 2


@pytest.mark.parametrize("make", MAKERS, ids=IDS)
def test_the_forms_of_a_word_are_found_by_each_other(make: Make) -> None:
    words = make(SHOP).words
    assert set(words.forms("mugs")) == {"mug", "mugs"}
    assert set(words.forms("drill")) == {"drill", "drills"}
    assert words.forms("4471") == ["4471"]


@pytest.mark.parametrize("make", MAKERS, ids=IDS)
@pytest.mark.parametrize("text", ["红色杯子", "陶瓷", "杯", "マグカップ", "花柄", "ดอกไม้", "กาแฟ"])
def test_words_are_found_where_no_blanks_part_them(make: Make, text: str) -> None:
    one = make(SHOP)
    hits = [set(saying(one, word)) for word in one.words.analyser.words(text)]
    wanted = "a4" if "\u4e00" <= text[0] <= "\u9fff" and text != "花柄" else "a5"
    wanted = "a6" if text[0] > "\u0dff" and text[0] < "\u0e80" else wanted
    said = sum(wanted in hit for hit in hits)
    assert said / len(hits) >= 0.6
    assert all(hit <= {wanted} for hit in hits)


def test_a_language_has_its_own_forms() -> None:
    rows: dict[str, Row] = {"a": {"title": "Blaue Häuser"}, "b": {"title": "Haus blau"}}
    assert set(catalogue(rows, Analyser("de")).words.forms("blau")) == {"blau", "blaue"}
    assert catalogue(rows, Analyser("none")).words.forms("blau") == ["blau"]
    assert Analyser("de").is_function_word("fur")
    assert not Analyser("none").is_function_word("the")


@pytest.mark.parametrize(
    ("endings", "rule"),
    [(endings, rule) for rules in RULES.values() for endings, rule, _ in rules],
)
@settings(max_examples=30)
@given(data=st.data())
def test_a_word_that_a_rule_changes_has_an_ending_of_the_rule(
    endings: str, rule: str, data: st.DataObject
) -> None:
    word = data.draw(st.from_regex(rule).filter(lambda one: not one.endswith("\n")))
    assert word.endswith(tuple(endings.split()))


FORMS: list[tuple[Language, str]] = [
    ("en", "child children childrens"),
    ("en", "man men mens"),
    ("en", "woman women womens"),
    ("en", "fireman firemen"),
    ("en", "lens lenses"),
    ("en", "bus buses"),
    ("en", "quiz quizzes"),
    ("en", "foot feet"),
    ("en", "tooth teeth"),
    ("en", "mouse mice"),
    ("en", "goose geese"),
    ("en", "wolf wolves"),
    ("en", "half halves"),
    ("en", "knife knives"),
    ("en", "specimen specimens"),
    ("en", "lumen lumens"),
    ("ru", "красный красная красное красные красного красной"),
    ("ru", "белый белая белые белую"),
    ("ru", "синий синяя синее синие"),
    ("ru", "чёрный чёрная черный черную"),
    ("ru", "детский детская детские"),
    ("ru", "большой большая"),
    ("ru", "чайник чайники чайника"),
    ("ru", "перчатка перчатки"),
    ("fr", "rayé rayée rayés rayées rayee"),
    ("fr", "brodé brodée brodées"),
    ("fr", "imprimé imprimée imprimés"),
    ("fr", "idée idées"),
    ("pt", "coleção coleções colecao"),
    ("pt", "iluminação iluminações"),
    ("pt", "pão pães"),
    ("pt", "botão botões"),
    ("pt", "lavável laváveis"),
    ("es", "sartén sartenes sarten"),
    ("es", "patrón patrones patron"),
    ("es", "niño niña niños"),
    ("pl", "plecak plecaki plecaków plecakow"),
    ("tr", "bardak bardağı bardagi"),
    ("tr", "gözlük gözlüğü"),
    ("tr", "yastık yastığı"),
    ("de", "Haus Häuser"),
    ("de", "grün grüne grünes"),
    ("sv", "röd röda"),
    ("da", "grøn grønne"),
    ("fi", "pöydät pöydän"),
    ("hu", "csésze csészék csészét"),
    ("ro", "lampă lămpi"),
    ("en", "scarf scarves"),
    ("en", "olive olives"),
    ("en", "grey gray"),
    ("en", "colour color colours colors"),
    ("en", "yoghurt yogurt yogurts"),
    ("en", "pyjamas pajamas"),
    ("fr", "bleu bleus bleue bleues"),
    ("fr", "vélo vélos"),
    ("fr", "jeu jeux"),
    ("fr", "blanc blanche blancs blanches"),
    ("fr", "gris grise grises"),
    ("fr", "moelleux moelleuse"),
    ("fr", "oreiller oreillers"),
    ("fr", "panier paniers"),
    ("de", "kabellos kabellose kabelloser"),
    ("de", "Handy Handys"),
    ("it", "telefono telefoni"),
    ("it", "asciugamano asciugamani"),
    ("it", "cucchiaio cucchiai"),
    ("sv", "cykel cyklar"),
    ("sv", "spegel speglar"),
    ("en", "lens lenses"),
    ("nl", "rood rode"),
    ("nl", "geel gele"),
    ("nl", "grijs grijze"),
    ("nl", "zwart zwarte"),
    ("nl", "wit witte"),
    ("nl", "groen groene"),
    ("nl", "glas glazen"),
    ("nl", "laars laarzen"),
    ("nl", "tas tassen"),
    ("nl", "kussen kussens"),
    ("nl", "fles flessen"),
    ("nl", "blouse blouses"),
    ("nl", "brief brieven"),
    ("de", "Foto Fotos"),
    ("de", "Weinglas Weingläser"),
    ("de", "dunkel dunkle dunkles"),
    ("es", "lápiz lápices"),
    ("es", "luz luces"),
    ("es", "dulce dulces"),
    ("it", "bicchiere bicchieri"),
    ("it", "chiave chiavi"),
    ("pt", "papel papéis"),
    ("pt", "azul azuis"),
    ("pt", "jardim jardins"),
    ("pl", "kubek kubki kubków kubkiem"),
    ("pl", "widelec widelce"),
    ("ru", "кружка кружки кружек"),
    ("ru", "сумка сумки сумок"),
    ("ru", "носок носки носков"),
    ("ru", "платок платки"),
    ("ru", "горшок горшки горшков"),
    ("ru", "урок уроки уроков"),
    ("ru", "блок блоки"),
    ("ru", "футболка футболок"),
    ("ru", "перец перцы"),
    ("hi", "काला काली काले"),
    ("hi", "साड़ी साड़ियां"),
    ("en", "TV TVs"),
    ("en", "DVD DVDs"),
    ("sv", "blå blått blåa"),
    ("sv", "röd rött röda"),
    ("sv", "vit vitt vita"),
    ("sv", "grön grönt gröna"),
    ("da", "hvid hvidt hvide"),
    ("da", "rød rødt røde"),
    ("no", "hvit hvitt hvite"),
    ("no", "grønn grønt grønne"),
    ("tr", "çanta çantalar çantası"),
    ("tr", "pantolon pantolonlar"),
    ("tr", "kitap kitaplar"),
]


@pytest.mark.parametrize(("language", "said"), FORMS)
def test_the_forms_of_a_word_with_accents_find_each_other(language: Language, said: str) -> None:
    rows = {f"p{n}": {"title": form.capitalize()} for n, form in enumerate(said.split())}
    words = catalogue(rows, Analyser(language)).words
    folded = {fold(form) for form in said.split()}
    assert all(set(words.forms(one)) == folded for one in folded)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_word_is_found_with_and_without_its_accents(language: Language) -> None:
    said = "café patrón brodée coleção bardağı kopfhörer grøn röd csésze cămașă żółty ёлка"
    one = catalogue({"a": {"title": said.upper()}}, Analyser(language))
    for word in f"{said} {fold(said)}".split():
        assert rows_saying(one.words, word).tolist() == [0]


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Й й Ў ў и\u0306", "й й ў ў й"),
        ("Ёлка за́мок", "елка замок"),
        ("Café Ñandú Kopfhörer ăĂ Ğğ Ø ﬁ", "cafe nandu kopfhorer aa gg o fi"),
    ],
)
def test_folding_leaves_out_accents_but_not_letters(text: str, folded: str) -> None:
    assert fold(text) == folded


IDENTIFIERS = [
    ("KX-4471", "KX-4471"),
    ("kx4471", "KX-4471"),
    ("lu 9", "KX-4471"),
    ("GSR 12V-15", "a1"),
    ("gsr12v15", "a1"),
    ("gsr 12v 15", "a1"),
    ("4006381333931", "a1"),
    ("4 006381 333931", "a1"),
    ("04006381333931", "a1"),
    ("14006381333938", "a1"),
    ("036000291452", "a3"),
    ("36000291452", "a3"),
    ("0036000291452", "a3"),
    ("03600029145", "a3"),
    ("tp 101", "a3"),
    ("A7", "a7"),
    ("pegasus-40", "a7"),
]


@pytest.mark.parametrize("make", MAKERS, ids=IDS)
@pytest.mark.parametrize(("text", "product"), IDENTIFIERS)
def test_an_identifier_is_found_however_it_is_typed(make: Make, text: str, product: str) -> None:
    one = make(SHOP)
    found = one.words.identified(text)
    assert [one.index.id_of(number) for number in found.tolist()] == [product]


@pytest.mark.parametrize("make", MAKERS, ids=IDS)
def test_a_part_of_an_identifier_finds_those_that_begin_so(make: Make) -> None:
    one = make(SHOP)

    def beginning(text: str) -> list[str]:
        return [one.index.id_of(n) for n in one.words.identified_in_part(text).tolist()]

    assert beginning("KX-44") == ["KX-4471"]
    assert beginning("TP-10") == ["a3"]
    assert beginning("gsr 12") == ["a1"]
    assert beginning("old") == beginning("old-1") == beginning("mug") == beginning("") == []


@pytest.mark.parametrize("make", MAKERS, ids=IDS)
@pytest.mark.parametrize(
    ("text", "products"),
    [
        ("BO-0001-X", ["b1"]),
        ("bo-oo01-x", ["b1"]),
        ("BO0OOIX", ["b1"]),
        ("BO-0O01-Z", []),
        ("IL-7788", ["b2"]),
        ("11-7788", ["b3"]),
        ("bo 0001 x", []),
        ("mug10", []),
    ],
)
def test_an_identifier_is_found_with_letters_that_look_like_digits(
    make: Make, text: str, products: list[str]
) -> None:
    codes = {"b1": "BO-0O01-X", "b2": "IL-7788", "b3": "11-7788"}
    one = make({name: {"title": "Lamp", "attributes": {"sku": sku}} for name, sku in codes.items()})
    assert [one.index.id_of(number) for number in one.words.identified(text).tolist()] == products


@pytest.mark.parametrize("make", MAKERS, ids=IDS)
def test_a_title_of_function_words_alone_is_found_by_them(make: Make) -> None:
    one = make({"a": {"title": "The Who"}, "b": {"title": "The Who, Live"}, "c": {"title": "It"}})
    for text, products in (("the who", ["a"]), ("it", ["c"]), ("the", []), ("who", [])):
        assert [one.index.id_of(row) for row in one.words.identified(text).tolist()] == products


def test_nonsense_is_no_identifier() -> None:
    words = catalogue(SHOP).words
    for text in ("", " ", "?!", "-", "0", "mug", "613!9171-", "x" * 500, "\u0000"):
        assert len(words.identified(text)) == len(words.identified_in_part(text)) == 0


def test_an_index_made_part_by_part_is_the_one_made_at_once() -> None:
    rows: dict[str, Row] = {
        f"p-{n:05d}": {"title": f"Mug {n % 7} of {n % 11} Größe", "attributes": {"sku": f"S{n}"}}
        for n in range(20_000)
    }
    whole = table(rows)
    build = WordsBuild(Analyser())
    for start in range(0, len(rows), 500):
        ids = sorted(rows)[start : start + 500]
        build.add(table({one: rows[one] for one in ids})._table.to_batches()[0])
    index = build.finish()
    build.close()
    assert index.words.texts() == whole.words.words.texts()
    np.testing.assert_array_equal(index.starts, whole.words.starts)
    np.testing.assert_array_equal(index.postings.rows, whole.words.postings.rows)
    np.testing.assert_array_equal(index.postings.impacts, whole.words.postings.impacts)
    assert index.nbytes / len(rows) < 700


def test_an_empty_catalogue_has_no_words() -> None:
    one = catalogue({})
    assert one.words.numbers == 0
    assert one.words.postings("mug") == []
    assert len(one.words.identified("mug")) == 0
    assert one.vocabulary.corrections("mugg") == []
    assert one.vocabulary.completions("m") == []


@pytest.mark.parametrize(
    ("language", "frame", "others"),
    [
        ("de", "günstige günstiges teurer neues haben", "Kanne Marker Sucher Zeiger bitter"),
        ("fr", "cher chers bons sorte", "sortie sorties"),
        ("es", "baratas caros cosa", "coser"),
        ("nl", "goedkope dure merk", "kanne"),
        ("ru", "недорогие новая", "носки"),
    ],
)
def test_other_forms_of_adjectives_alone_are_words_around_a_query(
    language: Language, frame: str, others: str
) -> None:
    analyser = Analyser(language)
    assert [one for one in frame.split() if not analyser.is_frame_word(fold(one))] == []
    assert [one for one in others.split() if analyser.is_frame_word(fold(one))] == []


def test_the_sign_of_a_trademark_is_no_part_of_a_word() -> None:
    one = catalogue({"a": {"title": "Jacket with Gore-Tex™ and Velcro®"}})
    for query in ("gore-tex", "Gore-Tex™ jacket", "velcro", "velcro™"):
        assert len(rows_saying(one.words, query)) == 1, query
