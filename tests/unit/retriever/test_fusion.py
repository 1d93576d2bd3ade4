"""Vectors and words together: identifiers first, relevance by score, modes, pages, live changes."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from services.contracts.retriever import (
    NO_MATCH_BELOW,
    CatalogueInfo,
    QueryTerm,
    RetrievalRequest,
    RetrievalResponse,
)
from services.contracts.search import Filters
from services.retriever.catalogue.catalogue import Catalogue
from services.retriever.catalogue.moments import Moments
from services.retriever.catalogue.product_table import TEXT_COLUMNS, ProductTable, product_batch
from services.retriever.catalogue.products import Products
from services.retriever.index import IndexChoice, LiveIndex, Rows, Vector
from services.retriever.searching import beside, fusion
from tests.support.indexes import index_of
from tests.unit.retriever.paging import every_page, ids_of
from tests.unit.retriever.searches import search as search_catalogue

MODEL = "mini@1"
D = 16
COLORS = ["red", "blue", "green", "yellow"]
THINGS = ["mug", "bowl", "towel", "lamp", "clock"]
SPECIAL = {
    7: ("Okabe cordless drill GSR 12V-15", {"gtin": "04012345678901", "sku": "KX-4412"}),
    11: ("Enamel kettle", {"sku": "KX-4499", "mpn": "EK 100/B"}),
    42: ("Walnut serving board", {}),
}


def unit(seed: int) -> Vector:
    """Vectors in a cone, as those of a CLIP are: their similarities differ by little."""
    common = np.random.default_rng(0).normal(size=D)
    vector = common + 0.5 * np.random.default_rng(seed + 1).normal(size=D)
    return (vector / np.linalg.norm(vector)).astype(np.float32)


def product_id(number: int) -> str:
    return f"p-{number:04d}"


def table(numbers: list[int], title: str | None = None) -> ProductTable:
    texts = {name: [""] * len(numbers) for name in TEXT_COLUMNS}
    usual = [f"{COLORS[n % 4]} {THINGS[n % 5]}" for n in numbers]
    texts["title"] = [
        title or SPECIAL.get(n, (name, {}))[0] for n, name in zip(numbers, usual, strict=True)
    ]
    texts["brand"] = [["Lumo", "Kestrel"][n % 2] for n in numbers]
    texts["attributes"] = [json.dumps(SPECIAL.get(n, ("", {}))[1]) for n in numbers]
    batch, refused = product_batch(
        [product_id(n) for n in numbers], texts, [math.nan] * len(numbers)
    )
    assert refused == []
    return ProductTable.of([batch])


def vectors(numbers: list[int]) -> tuple[Rows, Rows]:
    text = np.stack([unit(n) for n in numbers])
    image = np.stack([unit(n + 10_000) for n in numbers])
    image[[place for place, n in enumerate(numbers) if n == 42]] = 0
    return text, image


@pytest.fixture(scope="module")
def shop() -> Catalogue:
    numbers = list(range(200))
    rows = np.concatenate(vectors(numbers), axis=1)
    choice = IndexChoice("exact")
    return Catalogue(
        CatalogueInfo(version="v1", model=MODEL, dimension=D, products=len(numbers)),
        Products(table(numbers)),
        LiveIndex(index_of(choice, rows), [product_id(n) for n in numbers], choice),
        Moments.of(rows),
    )


def search(one: Catalogue, text: str, **asked: object) -> RetrievalResponse:
    """A vector unrelated to the text: only the words match."""
    term = QueryTerm(vector=unit(987_654).tolist(), text=text)
    request = {"model": MODEL, "terms": [term], "k": 10, **asked}
    return search_catalogue(one, RetrievalRequest.model_validate(request))


def ids(answer: RetrievalResponse) -> list[str]:
    return [product.product_id for product in answer.results]


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("p-0123", 123),
        ("P 0123", 123),
        ("KX-4412", 7),
        ("kx4412", 7),
        ("4012345678901", 7),
        ("0 4012345 678901", 7),
        ("EK 100/B", 11),
        ("ek100b", 11),
        ("GSR 12V-15", 7),
        ("gsr12v15", 7),
        ("EAN: 4012345678901", 7),
        ("ean13 4 012345 678901", 7),
        ("SKU KX-4412", 7),
        ("art. no. KX-4412", 7),
        ("item #kx4412", 7),
        ("Model: GSR 12V-15", 7),
    ],
)
def test_an_identifier_puts_its_product_first_and_is_a_strong_match(
    shop: Catalogue, text: str, number: int
) -> None:
    answer = search(shop, text)
    assert answer.results[0].product_id == product_id(number)
    assert answer.results[0].strength == "strong"
    assert answer.confidence == 1


def test_beside_an_identifier_what_the_model_takes_its_text_for_is_weak(shop: Catalogue) -> None:
    term = QueryTerm(vector=unit(50).tolist(), text="KX-4412")
    request = RetrievalRequest(model=MODEL, terms=[term], k=3)
    first, *others = search_catalogue(shop, request).results
    assert (first.product_id, first.strength) == (product_id(7), "strong")
    assert product_id(50) in {one.product_id for one in others}
    assert {one.strength for one in others} == {"weak"}


def test_the_beginning_of_an_identifier_finds_those_that_begin_so(shop: Catalogue) -> None:
    answer = search(shop, "KX-44")
    assert set(ids(answer)[:2]) == {product_id(7), product_id(11)}
    assert answer.confidence >= NO_MATCH_BELOW


def test_a_product_without_a_picture_is_first_for_its_title(shop: Catalogue) -> None:
    assert ids(search(shop, "walnut serving boards"))[0] == product_id(42)


def test_results_are_in_order_of_relevance_and_the_score_stays_the_similarity(
    shop: Catalogue,
) -> None:
    vector = np.concatenate([unit(987_654)] * 2) / 2
    answer = search(shop, "red mug")
    rows = np.concatenate(vectors(list(range(200))), axis=1)
    for product in answer.results:
        number = int(product.product_id[2:])
        assert product.score == pytest.approx(float(rows[number] @ vector), abs=1e-5)
    said = [p for p in answer.results if p.title == "red mug"]
    assert answer.results[: len(said)] == said
    scores = [p.score for p in said]
    assert scores == sorted(scores, reverse=True)


def test_what_no_product_says_is_no_match_though_a_part_of_it_is_said(shop: Catalogue) -> None:
    for text in ("red wallpaper", "qwxz", "the of", "?!"):
        answer = search(shop, text)
        assert answer.confidence < NO_MATCH_BELOW, text
        assert answer.results == []


@pytest.mark.parametrize("around", ["do you sell a {}", "{} assortment", "{} of the brand Lumo"])
def test_words_around_what_is_asked_for_count_for_nothing(shop: Catalogue, around: str) -> None:
    answer = search(shop, around.format("red mug"))
    assert answer.confidence >= NO_MATCH_BELOW
    assert "mug" in answer.results[0].title
    assert answer.results[0].strength == "strong"


def test_a_brand_in_the_query_ranks_its_products_first(shop: Catalogue) -> None:
    answer = search(shop, "red mug Lumo", k=3)
    assert {product.brand for product in answer.results} == {"Lumo"}


def test_an_unknown_word_lowers_the_confidence_unless_a_brand_is_named(shop: Catalogue) -> None:
    plain, unknown, named = (
        search(shop, text, mode="hybrid").confidence for text in ("", "red perfume", "Lumo perfume")
    )
    assert unknown < plain < named


def test_a_misspelt_word_ranks_as_the_word_but_makes_no_match_of_nonsense(
    shop: Catalogue,
) -> None:
    best = search(shop, "yellwo clock", cutoff="off").results[0]
    assert best.title == "yellow clock"
    assert search(shop, "yellwo clock").confidence < NO_MATCH_BELOW


def test_by_vectors_the_words_change_nothing(shop: Catalogue) -> None:
    with_text = search(shop, "red mug", mode="vectors", cutoff="off")
    term = QueryTerm(vector=unit(987_654).tolist())
    alone = RetrievalRequest(model=MODEL, terms=[term], k=10, cutoff="off")
    assert with_text == search_catalogue(shop, alone)


def test_by_words_only_those_that_say_one_are_found(shop: Catalogue) -> None:
    answer = search(shop, "red mug", mode="words", cutoff="off", k=100)
    assert answer.found == len(answer.results) > 10
    assert all({"red", "mug"} & set(p.title.split()) for p in answer.results)
    assert answer.results[0].title == "red mug"
    assert answer.confidence >= NO_MATCH_BELOW
    assert search(shop, "qwxz", mode="words").results == []


@pytest.mark.parametrize(("mode", "first"), [("words", "red"), ("hybrid", "kestrel")])
def test_a_brand_counts_more_only_beside_vectors(shop: Catalogue, mode: str, first: str) -> None:
    """The colour is rarer than the brand, but the vectors know the colour only."""
    answer = search(shop, "red Kestrel", mode=mode, cutoff="off", explain=True)
    relevance = answer.results[0].relevance
    assert relevance is not None
    shares = {part.word: part.share for part in relevance.by_word}
    assert max(shares, key=shares.__getitem__) == first


@pytest.mark.parametrize("at_once", [2_000, 20])
def test_counts_facets_and_pages_follow_the_fused_order(
    shop: Catalogue, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    for module in (fusion, beside):
        monkeypatch.setattr(module, "FEWEST", at_once)
    monkeypatch.setattr(fusion, "DEPTH", 30 if at_once == 20 else 1_000)
    whole = search(shop, "red mug", k=100, facets=["brand"])
    assert whole.facets is not None
    assert sum(v.count for v in whole.facets.fields["brand"]) == whole.found == len(whole.results)
    pages = every_page(lambda after: search(shop, "red mug", k=3, after=after))
    assert ids_of(pages) == ids(whole)
    if at_once == 20:
        return
    lumo = search(shop, "red mug", k=100, filters=Filters(brand=["Lumo"]))
    assert ids(lumo) == [p.product_id for p in whole.results if p.brand == "Lumo"]


def test_a_change_is_found_by_its_words_at_once_and_what_is_gone_is_not(shop: Catalogue) -> None:
    text, image = vectors([300])
    changed = shop.with_changes(
        1, table([300], "Zinc watering can ZW-77"), text, image, [product_id(42)]
    )
    for one in (changed, changed.merged()):
        assert ids(search(one, "zinc watering can"))[0] == product_id(300)
        assert ids(search(one, "ZW77"))[0] == product_id(300)
        assert product_id(42) not in ids(search(one, "walnut serving board", cutoff="off", k=100))
        assert search(one, "p-0042").confidence < 1


@pytest.mark.parametrize("mode", ["hybrid", "words"])
@pytest.mark.parametrize("title", ["Red mug", "Zinc can"], ids=["rarer", "more frequent"])
def test_pages_go_on_while_other_products_change_how_rare_words_are(
    shop: Catalogue, mode: str, title: str
) -> None:
    """Many products have the same relevance by words, and all of them move together."""
    one, pages, after = shop, [], ""
    whole = ids(search(one, "red mug", k=100, mode=mode))
    for number in range(300, 400):
        answer = search(one, "red mug", k=3, mode=mode, after=after or None)
        pages.append(answer)
        if answer.next is None:
            break
        after = answer.next
        text, image = vectors([number])
        one = one.with_changes(one.sequence + 1, table([number], title), text, image, [])
    found = [name for name in ids_of(pages) if name < product_id(300)]
    assert len(pages) > 3
    assert found == [name for name in whole if name in found]
    assert set(found) >= set(whole[: len(found)])


def test_each_text_of_a_composed_query_counts_by_its_weight(shop: Catalogue) -> None:
    terms = [
        QueryTerm(product_id=product_id(3)),
        QueryTerm(vector=unit(987_654).tolist(), text="red mug"),
    ]
    request = RetrievalRequest(model=MODEL, terms=terms, k=5, cutoff="off")
    assert "red mug" in {p.title for p in search_catalogue(shop, request).results}


def test_a_shop_that_the_model_cannot_see_is_searched_by_its_words() -> None:
    numbers = list(range(200))
    # The model knows a few kinds, but not those that the words name.
    rows = np.concatenate(vectors([number % 7 for number in numbers]), axis=1)
    ids_ = [product_id(n) for n in numbers]
    unseen = Catalogue(
        CatalogueInfo(version="v1", model=MODEL, dimension=D, products=len(numbers)),
        Products(table(numbers)),
        LiveIndex(index_of(IndexChoice("exact"), rows), ids_),
        Moments.of(rows),
    )
    assert unseen.moments.blind
    mugs = [product_id(n) for n in numbers if COLORS[n % 4] == "red" and THINGS[n % 5] == "mug"]
    answer = search(unseen, "red mug", k=100)
    assert ids(answer)[: len(mugs)] == mugs
    assert answer.confidence >= NO_MATCH_BELOW
    strong = [one.product_id for one in answer.results if one.strength == "strong"]
    assert strong == mugs
    assert search(unseen, "xqzvv unheard").results == []


@pytest.mark.parametrize("text", ["red mug", "blue lamp", "lumo red towel", "kestrel blue clock"])
def test_replicas_that_merge_changes_at_different_times_rank_alike(
    shop: Catalogue, text: str
) -> None:
    red = list(range(0, 200, 4))
    changed = shop.with_changes(1, table(red), *vectors(red), [product_id(7)])
    alike = [search(one, text, explain=True) for one in (changed, changed.merged())]
    assert alike[0].results == alike[1].results
    assert alike[0].results
