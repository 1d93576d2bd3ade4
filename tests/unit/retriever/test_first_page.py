"""The first page alone has the products, scores and counts that the whole answer has."""

from __future__ import annotations

import json
import math
import random
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
from services.retriever.catalogue.catalogue import Catalogue
from services.retriever.catalogue.moments import Moments
from services.retriever.catalogue.product_table import TEXT_COLUMNS, ProductTable, product_batch
from services.retriever.catalogue.products import Products
from services.retriever.index import IndexChoice, LiveIndex
from services.retriever.index import Rows as Vectors
from services.retriever.searching.largest import Amounts, Part, amounts_of, largest
from services.retriever.searching.sought import Rows, SoughtWords
from services.retriever.searching.words import sought_words
from services.retriever.words.strengths import STRENGTHS, Said, Ways
from tests.support.indexes import index_of
from tests.unit.retriever.searches import search as search_catalogue

MODEL = "mini@1"
D = 16
COUNT = 6_000
COLORS = ("red", "blue", "green", "black")
THINGS = ("mug", "bowl", "towel", "lamp", "clock", "scarf", "kettle")


def table(numbers: list[int], seed: int) -> ProductTable:
    """Titles of frequent and of rare words; many products say exactly the same."""
    choice = random.Random(seed)
    texts = {name: [""] * len(numbers) for name in TEXT_COLUMNS}
    for place, number in enumerate(numbers):
        thing = THINGS[min(int(choice.expovariate(0.6)), len(THINGS) - 1)]
        rare = f"w{choice.randrange(400)}x" if choice.random() < 0.3 else "large"
        texts["title"][place] = f"{choice.choice(COLORS)} {thing} {rare} home"
        texts["description"][place] = " ".join(choice.choices(THINGS, k=choice.randrange(6)))
        texts["brand"][place] = ("Lumo", "Kestrel", "Okabe")[number % 3]
        texts["attributes"][place] = json.dumps({"sku": f"KX-{number % 3_000:04d}"})
    ids = [f"p-{number:06d}" for number in numbers]
    batch, refused = product_batch(ids, texts, [math.nan] * len(ids))
    assert refused == []
    return ProductTable.of([batch])


def vectors(count: int, seed: int, without_image: float = 0.1) -> tuple[Vectors, Vectors]:
    """Text and image in a cone. without_image: share of products."""
    generator = np.random.default_rng(seed)
    cone = np.random.default_rng(0).normal(size=D)
    halves = []
    for _ in range(2):
        half = cone + 0.6 * generator.normal(size=(count, D))
        halves.append((half / np.linalg.norm(half, axis=1, keepdims=True)).astype(np.float32))
    halves[1][generator.random(count) < without_image] = 0
    return halves[0], halves[1]


@cache
def shop(kind: str) -> Catalogue:
    text, image = vectors(COUNT, 1, 0.0 if kind == "all with pictures" else 0.1)
    rows = np.concatenate([text, image], axis=1)
    ids = [f"p-{number:06d}" for number in range(COUNT)]
    choice = IndexChoice("exact")
    catalogue = Catalogue(
        CatalogueInfo(version="v1", model=MODEL, dimension=D, products=COUNT),
        Products(table(list(range(COUNT)), 2)),
        LiveIndex(index_of(choice, rows), ids, choice),
        Moments.of(rows),
    )
    if kind != "changed since":
        return catalogue
    moved = list(range(0, COUNT + 300, 17))
    text, image = vectors(len(moved), 3)
    return catalogue.with_changes(1, table(moved, 4), text, image, ids[5::29])


def search(catalogue: Catalogue, text: str, seed: int, **asked: object) -> RetrievalResponse:
    query = np.random.default_rng(0).normal(size=D) + np.random.default_rng(seed).normal(size=D)
    term = QueryTerm(vector=(query / np.linalg.norm(query)).tolist(), text=text)
    request = {"model": MODEL, "terms": [term], "group_variants": False, **asked}
    return search_catalogue(catalogue, RetrievalRequest.model_validate(request))


@pytest.mark.parametrize("kind", ["as loaded", "changed since", "all with pictures"])
@pytest.mark.parametrize("cutoff", ["auto", "off"])
@pytest.mark.parametrize("brand", [None, "Lumo"])
@pytest.mark.parametrize(
    "text",
    [
        "red", "mug", "red mug", "large", "blue large lamp", "w17x", "green w42x", "red mug w300x",
        "kettle zzyqx", "KX-0042", "KX-00", "scarf towel clock", "black lagre bowl",
        "home", "homes for mugs", "home w17x", "home zzyqx",
    ],
)  # fmt: skip
def test_the_first_page_alone_is_that_of_the_whole_answer(
    kind: str, cutoff: str, brand: str | None, text: str
) -> None:
    filters = Filters(brand=[brand]) if brand else None
    for seed, k in ((1, 1), (2, 20), (3, 100)):
        asked = {"cutoff": cutoff, "filters": filters, "k": k}
        alone = search(shop(kind), text, seed, **asked)
        # Facets count all results, so every one of them is found.
        whole = search(shop(kind), text, seed, **asked, facets=["brand"])
        assert alone == whole.model_copy(update={"facets": None})
        assert alone.found <= DEPTH


@pytest.mark.parametrize("cutoff", ["auto", "off"])
@pytest.mark.parametrize("facets", [[], ["brand"]])
@pytest.mark.parametrize("text", ["home", "homes", "home zzyqx", "KX home"])
def test_a_word_that_every_product_says_is_not_looked_up_in_all_of_them(
    monkeypatch: pytest.MonkeyPatch, text: str, facets: list[str], cutoff: str
) -> None:
    catalogue = shop("all with pictures")
    asked = {"k": 20, "facets": facets, "cutoff": cutoff}
    expected = search(catalogue, text, 2, **asked)
    looked_up = []
    bonus_behind = SoughtWords.bonus_behind

    def counting(sought: SoughtWords, rows: Rows) -> Amounts:
        looked_up.append(len(rows))
        return bonus_behind(sought, rows)

    monkeypatch.setattr(SoughtWords, "bonus_behind", counting)
    assert search(catalogue, text, 2, **asked) == expected
    assert sum(looked_up) <= 2 * DEPTH


@pytest.mark.parametrize("kind", ["as loaded", "changed since"])
@pytest.mark.parametrize("text", ["red", "mugs", "blue large lamps", "KX-00", "black lagre bowl"])
def test_the_bonus_of_a_product_is_that_of_its_merged_words(kind: str, text: str) -> None:
    catalogue = shop(kind)
    sought = sought_words(catalogue, text)
    assert sought is not None
    every = np.arange(catalogue.index.numbers, dtype=np.int32)
    expected = amounts_of(sought.parts(catalogue), every)
    assert sought.bonus(every).tolist() == expected.tolist()
    assert len(sought.first.rows) < np.count_nonzero(expected) or not sought.first.rest


def test_ways_say_what_they_say_when_they_are_merged() -> None:
    generator = np.random.default_rng(11)

    def form() -> Said:
        rows = np.flatnonzero(generator.random(200) < generator.choice([0.01, 0.2, 0.9]))
        impacts = generator.integers(1, 256, len(rows)).astype(np.uint8)
        return Said(rows.astype(np.int32), impacts)

    def some(least: int) -> range:
        return range(int(generator.integers(least, 4)))

    for _ in range(200):
        ways = Ways([[[form() for _ in some(0)] for _ in some(1)] for _ in some(1)])
        every = np.arange(200, dtype=np.int32)
        merged = ways.merged()
        assert merged.rows.tolist() == np.flatnonzero(ways.of(every)).tolist()
        assert merged.impacts.tolist() == ways.of(merged.rows).tolist()


def test_the_largest_sums_are_those_of_all_products() -> None:
    generator = np.random.default_rng(7)
    for trial in range(400):
        n = int(generator.integers(1, 400))
        parts = []
        for _ in range(int(generator.integers(0, 5))):
            rows = np.flatnonzero(generator.random(n) < generator.choice([0.02, 0.3, 0.9, 1.0]))
            levels = generator.choice([1, 3, 255])
            impacts = 1 + 255 // levels * generator.integers(0, levels, len(rows))
            said = Said(rows.astype(np.int32), np.minimum(impacts, 255).astype(np.uint8))
            parts.append(Part(said, float(generator.random() + 0.01)))

        def sums(rows: np.ndarray, parts: list[Part] = parts) -> np.ndarray:
            every = [np.float32(one.weight) * STRENGTHS[one.said.of(rows)] for one in parts]
            total = np.zeros(len(rows), np.float32)
            for of_part in every:
                total += of_part
            return total

        every = sums(np.arange(n, dtype=np.int32))
        most = int(generator.integers(1, 60))
        found = largest(parts, most, sums if trial % 2 else None)
        least = max(np.sort(every)[-most], np.float32(1e-9)) if n >= most else np.float32(1e-9)
        assert found.rows.tolist() == np.flatnonzero(every >= least).tolist(), trial
        assert found.amounts.tolist() == every[found.rows].tolist()
        others = np.delete(every, found.rows)
        assert others.max(initial=0) <= found.rest
