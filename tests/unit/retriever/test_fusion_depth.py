"""Many products that say the whole query: counts, pages, facets and the choice among equal ones."""

from __future__ import annotations

import gc
import json
import math
import tracemalloc
from functools import cache

import numpy as np
import pytest

from services.contracts.retriever import (
    CatalogueInfo,
    QueryTerm,
    RetrievalRequest,
    RetrievalResponse,
)
from services.contracts.search import DEPTH, Filters
from services.retriever.catalogue import remembered
from services.retriever.catalogue.catalogue import Catalogue
from services.retriever.catalogue.moments import Moments
from services.retriever.catalogue.product_table import TEXT_COLUMNS, ProductTable, product_batch
from services.retriever.catalogue.products import Products
from services.retriever.index import IndexChoice, LiveIndex, Rows
from services.retriever.searching.calibration import Calibration
from tests.support.indexes import index_of
from tests.unit.retriever.paging import every_page, ids_of
from tests.unit.retriever.searches import search as search_catalogue

MODEL = "mini@1"
D = 16
QUERY = np.eye(D, dtype=np.float32)[0]
FUSED = (np.concatenate([QUERY, QUERY]) / 2).astype(np.float32)


def id_of(number: int) -> str:
    # The rows' order is not the order in which products are similar, or say the word.
    return f"p-{number * 7_919 % 100_003:06d}"


def table(said: np.ndarray) -> ProductTable:
    """said: by product, whether its title says "red"."""
    texts = {name: [""] * len(said) for name in TEXT_COLUMNS}
    texts["title"] = ["red mug" if one else "blue bowl" for one in said.tolist()]
    texts["brand"] = [["Lumo", "Kestrel"][n % 2] for n in range(len(said))]
    texts["attributes"] = [json.dumps({})] * len(said)
    ids = [id_of(n) for n in range(len(said))]
    order = sorted(range(len(said)), key=ids.__getitem__)
    batch, refused = product_batch(
        [ids[n] for n in order],
        {name: [values[n] for n in order] for name, values in texts.items()},
        [math.nan] * len(said),
    )
    assert refused == []
    return ProductTable.of([batch])


def vectors(count: int, similar: float) -> Rows:
    """(n, 2·d) similarities to the query spread evenly about `similar`, in no order."""
    random = np.random.default_rng(5)
    rows = []
    for _ in range(2):
        aside = random.normal(size=(count, D))
        aside[:, 0] = 0
        aside /= np.linalg.norm(aside, axis=1, keepdims=True)
        along = similar + 0.1 * random.uniform(-1, 1, size=(count, 1))
        rows.append(along * QUERY + np.sqrt(1 - along**2) * aside)
    return np.concatenate(rows, axis=1).astype(np.float32)


@cache
def shop(count: int, saying: int, kind: str = "exact") -> tuple[Catalogue, Rows, np.ndarray]:
    """With the fused rows and which of them say "red", both by row number."""
    random = np.random.default_rng(3)
    said = np.zeros(count, np.bool_)
    said[random.permutation(count)[:saying]] = True
    order = np.argsort([id_of(n) for n in range(count)])
    rows = vectors(count, 0.3)
    choice = IndexChoice(kind)  # type: ignore[arg-type]
    catalogue = Catalogue(
        CatalogueInfo(version="v1", model=MODEL, dimension=D, products=count),
        Products(table(said)),
        LiveIndex(index_of(choice, rows.copy()), sorted(id_of(n) for n in range(count)), choice),
        Moments.of(rows),
    )
    return catalogue, rows, said[order]


def search(catalogue: Catalogue, **asked: object) -> RetrievalResponse:
    term = QueryTerm(vector=QUERY.tolist(), text="red")
    request = {"model": MODEL, "terms": [term], "k": 100, **asked}
    return search_catalogue(catalogue, RetrievalRequest.model_validate(request))


def pages(catalogue: Catalogue, **asked: object) -> list[str]:
    return ids_of(every_page(lambda after: search(catalogue, after=after, **asked)))


def scores(rows: Rows) -> np.ndarray:
    return np.round(rows.astype(np.float64) @ FUSED.astype(np.float64), 6)


def least_of(catalogue: Catalogue) -> float:
    spread = catalogue.moments.spread(FUSED, (0.5, 0.5))
    least = Calibration(catalogue.ranking.calibration).least_score(spread)
    assert least is not None
    return least


@pytest.mark.parametrize("saying", [300, 700, 960, 1_500, 2_600])
@pytest.mark.parametrize("brand", [None, "Lumo"])
@pytest.mark.parametrize("count", [2_600])
def test_the_cut_off_keeps_every_product_that_says_the_query(
    count: int, saying: int, brand: str | None
) -> None:
    catalogue, rows, said = shop(count, saying)
    filters = Filters(brand=[brand]) if brand else None
    everywhere = kept = said | (scores(rows) >= least_of(catalogue))
    if brand:
        products = [catalogue.get(catalogue.index.id_of(n)) for n in range(count)]
        kept = kept & np.array([one is not None and one.brand == brand for one in products])
    answer = search(catalogue, cutoff="auto", facets=["brand"], filters=filters)
    expected = min(DEPTH, int(np.count_nonzero(kept)))
    assert answer.found == expected
    everything = pages(catalogue, cutoff="auto", filters=filters)
    assert len(everything) == len(set(everything)) == expected
    saying_found = {id_ for id_ in everything if said[catalogue.index.number_of(id_)]}
    assert len(saying_found) == min(DEPTH, int(np.count_nonzero(said & kept)))
    assert answer.facets is not None
    # A field is counted without its own filter.
    counted = sum(value.count for value in answer.facets.fields["brand"])
    assert counted == min(DEPTH, int(np.count_nonzero(everywhere)))


@pytest.mark.parametrize("saying", [300, 1_500])
@pytest.mark.parametrize("mode", ["hybrid", "words"])
def test_a_threshold_keeps_every_product_above_it(saying: int, mode: str) -> None:
    catalogue, rows, said = shop(2_600, saying)
    threshold = 0.33
    similar = scores(rows) >= threshold
    kept = similar & said if mode == "words" else similar
    answer = search(catalogue, threshold=threshold, mode=mode, cutoff="off")
    assert answer.found == min(DEPTH, int(np.count_nonzero(kept)))


@pytest.mark.parametrize("cutoff", ["auto", "off"])
@pytest.mark.parametrize("saying", [700, 1_500, 2_600])
@pytest.mark.parametrize("kind", ["exact", "compressed"])
def test_of_more_equal_products_than_are_scored_the_most_similar_are_found(
    kind: str, saying: int, cutoff: str
) -> None:
    catalogue, rows, said = shop(2_600, saying, kind)
    similar = scores(rows)
    best = sorted(np.flatnonzero(said).tolist(), key=lambda row: (-similar[row], row))[:DEPTH]
    found = [catalogue.index.number_of(one) for one in pages(catalogue, cutoff=cutoff)]
    # 16-bit rows are off by some 1e-4.
    shared = len(set(best) & set(found[: len(best)]))
    assert shared >= len(best) * (1 if kind == "exact" else 0.98)


@pytest.mark.parametrize("mode", ["hybrid", "words"])
@pytest.mark.parametrize("cutoff", ["auto", "off"])
def test_two_replicas_with_other_row_numbers_find_the_same(mode: str, cutoff: str) -> None:
    catalogue, rows, _ = shop(2_600, 1_500)
    moved = list(range(0, 2_600, 11))
    upserts = ProductTable.of(
        [
            product_batch(
                [catalogue.index.id_of(n) for n in moved],
                {name: [_text(catalogue, n, name) for n in moved] for name in TEXT_COLUMNS},
                [math.nan] * len(moved),
            )[0]
        ]
    )
    changed = catalogue.with_changes(1, upserts, rows[moved, :D], rows[moved, D:], [])
    asked = {"mode": mode, "cutoff": cutoff}
    assert pages(changed, **asked) == pages(changed.merged(), **asked)
    assert pages(changed, **asked) == pages(catalogue, **asked)


def test_remembered_words_keep_within_their_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """Measured, with the matches of two pages, for texts of one to twelve frequent words."""
    most = 2_000_000
    monkeypatch.setattr(remembered, "_MOST_BYTES", most)
    catalogue, *_ = shop(2_600, 1_500)
    words = ["red", "mug", "blue", "bowl", "Lumo", "Kestrel"]
    texts = [" ".join([*words, *words][n % 7 : n % 7 + 1 + n % 12]) for n in range(40)]
    texts = [f"{text} {'of ' * (n // 12)}" for n, text in enumerate(texts)]

    def ask(text: str) -> None:
        term = QueryTerm(vector=QUERY.tolist(), text=text)
        request = RetrievalRequest(model=MODEL, terms=[term], k=20, cutoff="off")
        after = search_catalogue(catalogue, request).next
        search_catalogue(catalogue, request.model_copy(update={"after": after}))

    for text in texts:
        ask(text)
    catalogue.recent.clear()
    gc.collect()
    tracemalloc.start()
    try:
        largest = 0
        for text in texts:
            ask(text)
            largest = max(largest, tracemalloc.get_traced_memory()[0])
    finally:
        tracemalloc.stop()
    assert most / 10 < largest < most * 1.1


def _text(catalogue: Catalogue, number: int, name: str) -> str:
    product = catalogue.get(catalogue.index.id_of(number))
    assert product is not None
    return {"title": product.title, "brand": product.brand or "", "attributes": "{}"}.get(name, "")
