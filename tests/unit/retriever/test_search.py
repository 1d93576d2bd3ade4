"""Search features: filters, facets, variants, order, pages, the cut-off."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from services.common.problems import InvalidRequest, NotFound
from services.contracts.base import ModalityWeights
from services.contracts.products import ScoredProduct
from services.contracts.ranking import BUILT_IN, Ranking, ScoreCalibration
from services.contracts.retriever import (
    NO_MATCH_BELOW,
    CatalogueInfo,
    QueryTerm,
    RetrievalRequest,
    RetrievalResponse,
)
from services.contracts.search import Filters, PriceRange
from services.retriever.catalogue.catalogue import Catalogue
from services.retriever.catalogue.moments import Moments
from services.retriever.catalogue.product_table import TEXT_COLUMNS, ProductTable, product_batch
from services.retriever.catalogue.products import Products
from services.retriever.index import ExactIndex, IndexChoice, LiveIndex, Rows, Vector
from services.retriever.searching.calibration import best_of_noise
from tests.unit.retriever.engines import ENGINES, choice_of, indexed
from tests.unit.retriever.paging import every_page, ids_of
from tests.unit.retriever.searches import search as search_catalogue

MODEL = "mini@1"
D = 16
CATEGORIES = ["Kitchen > Mugs", "Kitchen > Mugs > Small", "Kitchen>Bowls", "KitchenAid", "Garden"]
COLORS = ["red", "blue", "Green", ""]
Make = Callable[[], Catalogue]
EVEN = ModalityWeights(text=0.5, image=0.5)


class _Engine:
    choice: IndexChoice


_engine = _Engine()


@pytest.fixture(scope="module", autouse=True, params=ENGINES)
def engine(request: pytest.FixtureRequest) -> Iterator[None]:
    """Every promise holds wherever the rows are searched."""
    with request.param() as uri, choice_of(uri) as choice:
        _engine.choice = choice
        yield


def unit(seed: int) -> Vector:
    vector = np.random.default_rng(seed).normal(size=D).astype(np.float32)
    return vector / np.float32(np.linalg.norm(vector))


def table(numbers: list[int], **changed: str) -> ProductTable:
    texts = {name: [""] * len(numbers) for name in TEXT_COLUMNS}
    texts["title"] = [f"Product {number}" for number in numbers]
    texts["brand"] = [changed.get("brand", ["Lumo", "lumo", "Kestrel"][n % 3]) for n in numbers]
    texts["category"] = [CATEGORIES[number % 5] for number in numbers]
    texts["attributes"] = [
        json.dumps(
            {
                "color": COLORS[number % 4],
                "in_stock": ["true", "no"][number % 2],
                "material": "wood",
                **({"item_group_id": f"g{number // 3}"} if number < 30 else {}),
            }
        )
        for number in numbers
    ]
    prices = [math.nan if number % 7 == 0 else float(number % 11) for number in numbers]
    batch, refused = product_batch([product_id(number) for number in numbers], texts, prices)
    assert refused == []
    return ProductTable.of([batch], ["material"])


def product_id(number: int) -> str:
    return f"p-{number:04d}"


def vectors(numbers: list[int]) -> tuple[Rows, Rows]:
    text = np.stack([unit(number) for number in numbers])
    image = np.stack([unit(number + 10_000) for number in numbers])
    image[[position for position, number in enumerate(numbers) if number % 10 == 9]] = 0
    return text, image


def catalogue(n: int = 200) -> Catalogue:
    numbers = list(range(n))
    text, image = vectors(numbers)
    rows = np.concatenate([text, image], axis=1)
    ids = [product_id(number) for number in numbers]
    info = CatalogueInfo(version=f"v{n}", model=MODEL, dimension=D, products=n)
    products = table(numbers)
    index = indexed(_engine.choice, info, products, ids, rows)
    return Catalogue(
        info,
        Products(products),
        LiveIndex(index, ids, _engine.choice),
        Moments.of(rows),
    )


def changed() -> Catalogue:
    """The same products in the end, after some were put in, taken out, and put in again."""
    one = catalogue(190)
    for numbers in ([3, 5, 195, 196], list(range(190, 200)), [44, 7]):
        text, image = vectors(numbers)
        numbers.sort()
        text, image = vectors(numbers)
        one = one.with_changes(one.sequence + 1, table(numbers), text, image, [])
    text, image = vectors([44])
    one = one.with_changes(9, table([44]), text, image, ["p-0045", "p-0199", "unknown"])
    text, image = vectors([45, 199])
    return one.with_changes(10, table([45, 199]), text, image, [])


def term(seed: int = 5, weight: float = 1.0, weights: ModalityWeights = EVEN) -> QueryTerm:
    return QueryTerm(vector=unit(seed).tolist(), weights=weights, weight=weight)


def search(one: Catalogue, **asked: object) -> RetrievalResponse:
    usual = {"terms": [term()], "cutoff": "off", "k": 100, "group_variants": False}
    request = RetrievalRequest.model_validate({"model": MODEL, **usual, **asked})
    return search_catalogue(one, request)


def ids(answer: RetrievalResponse) -> list[str]:
    return [product.product_id for product in answer.results]


FILTERS: list[tuple[Filters, Callable[[int], bool]]] = [
    (Filters(category=["kitchen > mugs"]), lambda n: n % 5 in (0, 1)),
    (Filters(category=["Kitchen"]), lambda n: n % 5 in (0, 1, 2)),
    (Filters(category=["Garden", "KitchenAid"]), lambda n: n % 5 in (3, 4)),
    (Filters(brand=["LUMO"]), lambda n: n % 3 in (0, 1)),
    (Filters(color=["green", "red"]), lambda n: n % 4 in (0, 2)),
    (Filters(in_stock=True), lambda n: n % 2 == 0),
    (Filters(in_stock=False), lambda n: n % 2 == 1),
    (Filters(price=PriceRange(min=3, max=4)), lambda n: n % 7 != 0 and n % 11 in (3, 4)),
    (
        Filters(color=["red"], price=PriceRange(max=5), attributes={"material": ["Wood"]}),
        lambda n: n % 4 == 0 and n % 7 != 0 and n % 11 <= 5,
    ),
    (Filters(brand=["nobody"]), lambda _: False),
    (Filters(attributes={"category": ["Kitchen"]}), lambda n: n % 5 in (0, 1, 2)),
    (Filters(attributes={"brand": ["LUMO"], "color": ["red"]}), lambda n: n % 12 in (0, 4)),
    (Filters(attributes={"in_stock": ["true"]}), lambda n: n % 2 == 0),
]


@pytest.mark.parametrize("make", [catalogue, changed], ids=["as loaded", "changed since"])
@pytest.mark.parametrize(("filters", "passes"), FILTERS)
def test_a_filter_leaves_those_that_pass_in_the_same_order(
    make: Make, filters: Filters, passes: Callable[[int], bool]
) -> None:
    one = make()
    everything = [
        *ids(first := search(one)),
        *ids(search(one, after=first.next)),
    ]
    assert len(everything) == 200
    wanted = [product for product in everything if passes(int(product[2:]))]
    found = search(one, filters=filters)
    assert ids(found) == wanted[:100]
    assert found.found == len(wanted)


@pytest.mark.parametrize("make", [catalogue, changed], ids=["as loaded", "changed since"])
def test_facets_count_what_is_found_and_leave_their_own_filter_aside(make: Make) -> None:
    one = make()
    facets = ["category", "color", "price", "in_stock"]
    answer = search(one, filters=Filters(color=["red"], in_stock=True), facets=facets)
    assert answer.facets is not None
    red = [number for number in range(200) if number % 4 == 0]
    counts = {
        name: {value.value: value.count for value in values}
        for name, values in answer.facets.fields.items()
    }
    assert counts["category"] == {
        "Kitchen": sum(n % 5 in (0, 1, 2) for n in red),
        "Kitchen > Mugs": sum(n % 5 in (0, 1) for n in red),
        "Kitchen > Mugs > Small": sum(n % 5 == 1 for n in red),
        "Kitchen > Bowls": sum(n % 5 == 2 for n in red),
        "KitchenAid": sum(n % 5 == 3 for n in red),
        "Garden": sum(n % 5 == 4 for n in red),
    }
    assert counts["color"] == {"red": 50, "Green": 50}  # of those in stock
    assert counts["in_stock"] == {"true": 50}  # of those that are red
    assert answer.facets.price is not None
    assert (answer.facets.price.min, answer.facets.price.max) == (0, 10)
    first = answer.facets.fields["category"][0]
    assert first.value == "Kitchen"


def test_an_asterisk_counts_every_field_once_and_its_price() -> None:
    answer = search(catalogue(), facets=["color", "*"])
    assert answer.facets is not None
    assert list(answer.facets.fields) == ["color", "brand", "category", "in_stock", "material"]
    assert answer.facets.price is not None


@pytest.mark.parametrize("make", [catalogue, changed], ids=["as loaded", "changed since"])
@pytest.mark.parametrize("terms", [[term()], []], ids=["sought", "browsed"])
def test_a_value_counts_the_groups_that_have_a_variant_with_it(
    make: Make, terms: list[QueryTerm]
) -> None:
    """Also one that the variant that is shown has not."""
    one = make()
    asked = {"terms": terms, "group_variants": True, "threshold": -1.0 if terms else None}
    fields = ["category", "color", "brand", "in_stock", "material"]
    facets = search(one, facets=[*fields, "price"], **asked).facets
    assert facets is not None
    assert facets.price is not None
    assert (facets.price.min, facets.price.max) == (0, 10)
    for name in fields:
        for value in facets.fields[name]:
            own = value.value == "true" if name == "in_stock" else [value.value]
            only = {"attributes": {name: own}} if name == "material" else {name: own}
            found = search(one, filters=Filters.model_validate(only), **asked).found
            assert value.count == found, (name, value)


@pytest.mark.parametrize("make", [catalogue, changed], ids=["as loaded", "changed since"])
def test_in_an_order_by_price_a_group_stands_by_its_first_variant(make: Make) -> None:
    one = make()
    for sort in ("price_asc", "price_desc"):
        asked = {"sort": sort, "threshold": -1.0}
        every, groups = search(one, **asked), set[str]()
        expected = []
        for product in every.results:
            group = product.attributes.get("item_group_id", product.product_id)
            if group not in groups:
                groups.add(group)
                expected.append(product.product_id)
        shown = ids(search(one, group_variants=True, **asked))
        assert shown[: len(expected)] == expected


def test_what_cannot_be_filtered_by_is_refused_with_what_can() -> None:
    with pytest.raises(InvalidRequest, match=r"'shoe_size'.*brand, category, color.*material"):
        search(catalogue(), filters=Filters(attributes={"shoe_size": ["9"]}))
    with pytest.raises(InvalidRequest, match="'item_group_id'"):
        search(catalogue(), facets=["item_group_id"])
    with pytest.raises(InvalidRequest, match=r"'price'(?!.*price).*item_group_id"):
        search(catalogue(), filters=Filters(attributes={"price": ["9"]}))


@pytest.mark.parametrize("make", [catalogue, changed], ids=["as loaded", "changed since"])
@pytest.mark.parametrize("group", [False, True])
def test_pages_are_the_whole_in_pieces(make: Make, group: bool) -> None:
    one = make()
    for sort in ("relevance", "price_asc", "price_desc"):
        asked = {"sort": sort, "group_variants": group, "threshold": -0.2}
        answers = every_page(partial(_page, one, asked))
        pages = ids_of(answers)
        assert len(pages) == len(set(pages)) == answers[-1].found, sort
        whole = search(one, k=100, **asked)
        assert pages[:100] == ids(whole), sort
        if sort != "relevance":
            prices = [product.price for product in whole.results]
            known = [price for price in prices if price is not None]
            assert prices == [*sorted(known, reverse=sort == "price_desc"), *[None] * 100][:100]


def _page(one: Catalogue, asked: Mapping[str, object], after: str | None) -> RetrievalResponse:
    return search(one, after=after, k=7, **asked)


def test_a_page_goes_on_where_it_ended_whatever_was_changed_meanwhile() -> None:
    one = catalogue()
    first = search(one, k=5)
    after = one.with_changes(1, table([]), *(np.zeros((0, D), np.float32),) * 2, ids(first)[2:4])
    assert ids(search(after, k=5, after=first.next)) == ids(search(one, k=10))[5:]


@pytest.mark.parametrize("after", ["", "[]", "{}", "[1,2]", '["a",1,"b"]', "[1,2,3,4]", "null"])
def test_a_place_that_was_never_told_is_refused(after: str) -> None:
    with pytest.raises(InvalidRequest, match="after"):
        search(catalogue(), after=after)


@pytest.mark.parametrize("make", [catalogue, changed], ids=["as loaded", "changed since"])
@pytest.mark.parametrize("terms", [[], [term()]], ids=["browse", "search"])
def test_a_product_names_one_variant_in_each_of_the_other_colours(
    make: Make, terms: list[QueryTerm]
) -> None:
    one = make()

    def whole(group_variants: bool) -> list[ScoredProduct]:
        asked = {"terms": terms, "cutoff": "off", "k": 100, "group_variants": group_variants}
        pages = every_page(lambda after: search(one, after=after, **asked))
        return [product for page in pages for product in page.results]

    every = whole(group_variants=False)
    assert all(product.variants == [] for product in every)
    shown = whole(group_variants=True)
    told = 0
    for product in shown:
        group = product.attributes.get("item_group_id")
        colours = {
            other.attributes["color"].lower()
            for other in every
            if group is not None and other.attributes.get("item_group_id") == group
        }
        others = {variant.color.lower(): variant.product_id for variant in product.variants}
        assert set(others) == colours - {product.attributes["color"].lower(), ""}
        assert len(others) == len(product.variants)
        by_id = {other.product_id: other for other in every}
        for colour, product_id in others.items():
            assert by_id[product_id].attributes["color"].lower() == colour
            assert by_id[product_id].attributes["item_group_id"] == group
        told += len(others)
    assert told > 5


def test_only_the_best_of_variants_is_shown() -> None:
    one = catalogue()
    shown = ids(search(one, group_variants=True))
    groups = [int(product[2:]) // 3 for product in shown if int(product[2:]) < 30]
    assert len(groups) == len(set(groups))
    best: dict[int | str, str] = {}
    for product in ids(search(one)):
        number = int(product[2:])
        best.setdefault(number // 3 if number < 30 else product, product)
    # More than a hundred are left once variants are put together: compare as far as both go.
    assert shown[: len(best)] == list(best.values())


def test_what_is_excluded_is_not_there() -> None:
    one = catalogue()
    gone = ids(search(one))[:3]
    assert ids(search(one, exclude=[*gone, "unknown"], k=5)) == ids(search(one, k=8))[3:]


def test_similar_products_leave_out_the_product_and_its_variants() -> None:
    one = catalogue()
    by_words = QueryTerm(product_id="p-0004", weights=ModalityWeights(text=1, image=0))
    answer = search(one, terms=[by_words], group_variants=True)
    assert not {"p-0003", "p-0004", "p-0005"} & set(ids(answer))
    text, _ = vectors(list(range(200)))
    scores = text @ unit(4)
    for product in answer.results:
        assert product.score == pytest.approx(scores[int(product.product_id[2:])], abs=1e-5)
    with_variants = search(one, terms=[by_words])
    assert {"p-0003", "p-0005"} & {
        *ids(with_variants),
        *ids(search(one, terms=[by_words], after=with_variants.next)),
    }


def test_by_the_look_of_what_has_no_picture_nothing_can_be_found() -> None:
    look = ModalityWeights(text=0, image=1)
    with pytest.raises(InvalidRequest, match=r"'p-0009' has no picture"):
        search(catalogue(), terms=[QueryTerm(product_id="p-0009", weights=look)])
    with pytest.raises(NotFound, match="'unknown'"):
        search(catalogue(), terms=[QueryTerm(product_id="unknown", weights=look)])


def test_terms_add_up_and_a_negative_one_pushes_away() -> None:
    one = catalogue()
    terms = [term(5), term(6, -0.5)]
    answer = search(one, terms=terms, explain=True)
    for product in answer.results:
        assert product.terms is not None
        assert sum(part.contribution for part in product.terms) == pytest.approx(
            product.score, abs=1e-5
        )
        assert sum(abs(part.weight) for part in product.terms) == pytest.approx(1)
    text, image = vectors(list(range(200)))
    best = answer.results[0]
    assert best.terms is not None
    number = int(best.product_id[2:])
    assert best.terms[0].text == pytest.approx(float(text[number] @ unit(5)), abs=1e-5)
    assert best.terms[1].image == pytest.approx(float(image[number] @ unit(6)), abs=1e-5)
    alone = search(one, terms=[term(5)])
    similarity = {p.product_id: text[int(p.product_id[2:])] @ unit(6) for p in alone.results}
    kept = [similarity[product] for product in ids(answer)[:20] if product in similarity]
    assert np.mean(kept) < np.mean(list(similarity.values())[:20])


def test_what_is_told_of_strength_and_confidence_follows_the_spread_of_scores() -> None:
    # Random vectors are a catalogue in which nothing stands out: any answer is to be shown.
    calibration = ScoreCalibration(centre=-3)
    one = replace(catalogue(), ranking=Ranking(calibration=calibration))
    asked: dict[str, object] = {"terms": [term(17)], "k": 100}
    everything = search(one, **asked)
    cut = search(one, **asked, cutoff="auto")
    rows = np.concatenate(vectors(list(range(200))), axis=1)
    scores = rows @ np.concatenate([unit(17), unit(17)]) / 2
    mean, deviation = float(scores.mean()), float(scores.std())
    least = mean + calibration.weak * deviation
    assert ids(cut) == [p.product_id for p in everything.results if p.score >= least]
    assert 0 < len(cut.results) < 100
    for product in cut.results:
        strong = product.score >= mean + calibration.strong * deviation
        assert product.strength == ("strong" if strong else "weak")


def test_confidence_comes_from_what_is_usual_for_the_catalogues_own_words_or_look() -> None:
    one = catalogue()
    text, image = vectors(list(range(200)))
    rows = np.concatenate([text, image], axis=1)
    with_picture = image[np.any(image != 0, axis=1)]
    for kind, usual in (("words", text), ("picture", with_picture)):
        weights = ModalityWeights(text=0.25, image=0.75)
        queries = np.concatenate([0.25 * usual, 0.75 * usual], axis=1)
        usual_deviation = math.sqrt((queries @ rows.T).var(axis=1).mean())
        scores = rows @ np.concatenate([0.25 * unit(17), 0.75 * unit(17)])
        reach = (scores.max() - scores.mean() + 2 * scores.std()) / usual_deviation
        limits = BUILT_IN.calibration
        excess = reach - best_of_noise(200) - limits.centre
        query = QueryTerm(vector=unit(17).tolist(), kind=kind, weights=weights)
        told = search(one, terms=[query]).confidence
        assert told == pytest.approx(1 / (1 + math.exp(-limits.slope * excess)), abs=2e-4)


def test_what_the_catalogue_does_not_have_is_no_match_unless_the_cut_off_is_off() -> None:
    one = catalogue()
    nowhere = term(987_654)
    answer = search(one, terms=[nowhere], cutoff="auto", facets=["brand", "price"])
    assert answer.confidence < NO_MATCH_BELOW
    assert (answer.results, answer.found, answer.next) == ([], 0, None)
    assert answer.facets is not None
    assert answer.facets.fields == {"brand": []}
    filtered = search(one, terms=[nowhere], cutoff="auto", filters=Filters(brand=["Lumo"]))
    assert filtered.results == []
    shown = search(one, terms=[nowhere], cutoff="off").results
    assert len(shown) == 100
    assert {product.strength for product in shown} == {"weak"}


def test_words_that_a_product_says_have_a_match_however_many_are_as_near() -> None:
    one = catalogue()
    stranger = unit(987_654).tolist()

    def asked(text: str | None) -> RetrievalResponse:
        return search(one, terms=[QueryTerm(vector=stranger, text=text)], cutoff="auto")

    nearest = search(one, terms=[QueryTerm(vector=stranger)]).results[0]
    assert asked(None).confidence < NO_MATCH_BELOW
    brand = str(nearest.brand).upper()
    for said in (nearest.title, f"wood {brand}", brand, f"WOODS, {nearest.title}"):
        assert asked(said).confidence == NO_MATCH_BELOW
        assert asked(said).results
    far = search(one, terms=[QueryTerm(vector=stranger)]).results[-1]
    # The words of a product are a match however far its vectors are.
    assert asked(far.title).confidence == NO_MATCH_BELOW
    assert far.product_id in ids(asked(far.title))
    for unsaid in ("", "?!"):
        assert asked(unsaid) == asked(None)
    unknown = asked(f"{nearest.title} grapes")
    assert unknown.confidence < NO_MATCH_BELOW
    assert unknown.results == []


def test_words_that_a_product_says_count_at_any_k_and_behind_any_filter() -> None:
    one = catalogue()
    said = QueryTerm(vector=unit(987_654).tolist(), text="wood")
    stranger = QueryTerm(vector=unit(77_777).tolist(), weights=EVEN)
    told = {
        search(one, terms=[said], k=1).confidence,
        search(one, terms=[said], k=1, filters=Filters(brand=["Kestrel"])).confidence,
        search(one, terms=[said], threshold=0.9).confidence,
        search(one, terms=[stranger, said]).confidence,
    }
    assert told == {NO_MATCH_BELOW}
    less = said.model_copy(update={"weight": -0.1})
    assert search(one, terms=[stranger, less]).confidence < NO_MATCH_BELOW


def test_what_a_query_does_not_say_the_catalogues_ranking_does() -> None:
    words, picture, product = (ModalityWeights(text=t, image=1 - t) for t in (0.9, 0.2, 0.6))
    calibration = ScoreCalibration(weak=1.5, strong=1.6, centre=-1.0, slope=1.0)
    ranking = Ranking(
        name="learned", words=words, picture=picture, product=product, calibration=calibration
    )
    one, vector = replace(catalogue(), ranking=ranking), unit(5).tolist()
    for kind, source, weights in (
        ("words", {"vector": vector}, words),
        ("picture", {"vector": vector}, picture),
        ("words", {"product_id": product_id(4)}, product),
    ):
        said = search(one, terms=[QueryTerm(**source, kind=kind, weights=weights)])
        left = search(one, terms=[QueryTerm(**source, kind=kind)])
        assert left == said
        assert left != search(catalogue(), terms=[QueryTerm(**source, weights=weights)])
        assert left.results != search(one, terms=[QueryTerm(**source, weights=EVEN)]).results
    asked: dict[str, object] = {"terms": [term(17)], "k": 100, "cutoff": "auto"}
    stricter = replace(
        one, ranking=Ranking(calibration=ScoreCalibration(weak=2.5, strong=2.5, centre=-1))
    )
    assert len(search(stricter, **asked).results) < len(search(one, **asked).results)
    assert search(one, **asked).confidence > search(catalogue(), **asked).confidence


def test_what_is_like_a_product_but_different_always_has_a_match() -> None:
    one = catalogue()
    stranger = QueryTerm(vector=unit(77_777).tolist(), weights=EVEN)
    assert search(one, terms=[stranger]).confidence < NO_MATCH_BELOW
    like = QueryTerm(product_id=product_id(4), weights=EVEN, weight=0.1)
    answer = search(one, terms=[stranger, like])
    assert answer.confidence >= NO_MATCH_BELOW
    assert answer.results
    unlike = like.model_copy(update={"weight": -0.1})
    assert search(one, terms=[stranger, unlike]).confidence < NO_MATCH_BELOW


def test_a_composed_query_is_as_sure_as_the_surest_of_what_it_adds() -> None:
    one = catalogue()
    known = QueryTerm(vector=unit(4).tolist(), weights=ModalityWeights(text=1, image=0))
    stranger = QueryTerm(vector=unit(77_777).tolist(), weights=EVEN, weight=5)
    sure = search(one, terms=[known]).confidence
    assert sure >= NO_MATCH_BELOW
    assert search(one, terms=[known, stranger]).confidence == sure


def test_confidence_does_not_depend_on_filters() -> None:
    one = catalogue()
    assert (
        search(one).confidence
        == search(one, filters=Filters(brand=["Kestrel"])).confidence
        == search(one, threshold=0.9).confidence
    )


def test_of_a_handful_of_products_none_is_cut_off() -> None:
    answer = search(catalogue(8), cutoff="auto")
    assert len(answer.results) == 8


def test_an_empty_catalogue_finds_nothing_with_no_confidence() -> None:
    rows = np.zeros((0, 2 * D), np.float32)
    one = Catalogue(
        CatalogueInfo(version="v1", model=MODEL, dimension=D, products=0),
        Products(table([])),
        LiveIndex(ExactIndex(rows), []),
        Moments.of(rows),
    )
    answer = search(one, facets=["brand", "price"], cutoff="auto")
    assert (answer.results, answer.found, answer.confidence) == ([], 0, 0)


def test_merging_changes_nothing() -> None:
    one = changed()
    merged = one.merged()
    asked: dict[str, object] = {"facets": ["category", "color"], "filters": Filters(brand=["lumo"])}
    assert search(merged, **asked) == search(one, **asked)
    for number in (3, 44, 45, 189, 199):
        assert merged.get(product_id(number)) == one.get(product_id(number)) is not None
