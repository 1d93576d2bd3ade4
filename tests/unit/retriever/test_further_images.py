"""Products with several pictures: each counts with its best one, exactly, in every index."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pytest
from numpy.typing import NDArray

from services.contracts.base import ModalityWeights
from services.contracts.catalogue import HEAD_VIEW, METADATA_VIEW, SHARD_VIEW, VECTOR_VIEW
from services.contracts.products import MORE_IMAGES, ScoredProduct
from services.contracts.ranking import BUILT_IN
from services.contracts.retriever import QueryTerm, RetrievalRequest
from services.retriever.catalogue.catalogue import Catalogue
from services.retriever.catalogue.moments import Spread
from services.retriever.errors import BrokenPublication, NotEnoughMemory
from services.retriever.index import (
    FurtherImages,
    IndexChoice,
    LiveIndex,
    Rows,
    Vector,
    fuse,
    scattered,
)
from services.retriever.index.codes import Codes
from services.retriever.loading import memory
from services.retriever.loading.memory import Free
from services.retriever.loading.reader import CatalogueReader
from services.retriever.searching.calibration import Calibration
from tests.unit.retriever.doubles import MODEL, DictionaryFeatures
from tests.unit.retriever.searches import search as search_catalogue

D = 32
WEIGHTS = [(0.5, 0.5), (0.2, 0.8), (1.0, 0.0), (0.0, 1.0)]


def unit(*shape: int, seed: int) -> Rows:
    drawn = np.random.default_rng(seed).standard_normal(shape).astype(np.float32)
    return np.asarray(drawn / np.linalg.norm(drawn, axis=-1, keepdims=True), np.float32)


@dataclass(frozen=True)
class Shop:
    """n products with 0 to 4 pictures each."""

    text: Rows
    images: list[Rows]

    @classmethod
    def of(cls, n: int, seed: int = 0) -> Shop:
        counts = np.random.default_rng(seed).integers(0, 5, n)
        images = [unit(count, D, seed=seed + number) for number, count in enumerate(counts)]
        return cls(unit(n, D, seed=seed + 1), images)

    @cached_property
    def ids(self) -> list[str]:
        return [f"p{number:06}" for number in range(len(self.text))]

    @cached_property
    def rows(self) -> Rows:
        first = [one[0] if len(one) else np.zeros(D, np.float32) for one in self.images]
        return np.concatenate([self.text, np.stack(first)], axis=1)

    @cached_property
    def further(self) -> FurtherImages:
        numbers = [number for number, one in enumerate(self.images) for _ in one[1:]]
        places = [place for one in self.images for place in range(1, len(one))]
        vectors = np.concatenate([one[1:] for one in self.images])
        return FurtherImages.of(
            self.rows, np.array(numbers, np.intp), np.array(places, np.uint8), vectors
        )

    def live(self, choice: IndexChoice) -> LiveIndex:
        """Put in part by part, as a catalogue is read."""
        build = choice.begin(len(self.text), 2 * D)
        for part in scattered(len(self.text), 500):
            numbers = np.arange(len(self.text))[part]
            build.put(part, self.rows[part], further=self.further.of_rows(numbers))
        index = LiveIndex(build.finish(), self.ids, choice)
        build.close()
        return index

    def scores(self, query: Vector) -> NDArray[np.float64]:
        """By brute force."""
        of_text, of_image = query[:D].astype(np.float64), query[D:].astype(np.float64)
        best = [max((one @ of_image).tolist(), default=0.0) for one in self.images]
        return np.asarray(self.text @ of_text + np.array(best), np.float64)

    def nearest(self, number: int, query: Vector) -> int:
        images = self.images[number]
        return int(np.argmax(images @ query[D:])) if len(images) and query[D:].any() else 0


def queries(n: int = 12) -> list[Vector]:
    pairs = zip(unit(n, D, seed=77), WEIGHTS * n, strict=False)
    fused = [fuse(one, ModalityWeights(text=text, image=image)) for one, (text, image) in pairs]
    # Terms with a weight below 0 give halves of any direction.
    return [*fused, np.asarray(unit(1, 2 * D, seed=5)[0]), -fused[1]]


def check(index: LiveIndex, shop: Shop, off: float, passing: NDArray[np.bool_] | None) -> None:
    alive = np.ones(len(shop.text), np.bool_) if passing is None else passing
    numbers = np.array([index.number_of(one) for one in shop.ids], np.intp)
    for query in queries():
        expected = np.where(alive, shop.scores(query), -np.inf)
        wanted = None
        if passing is not None:
            wanted = np.zeros(index.numbers, np.bool_)
            wanted[numbers[passing]] = True
        hits = index.search(query, 20, None, wanted)
        best = np.sort(expected)[::-1][:20]
        np.testing.assert_allclose(hits.scores, best[: len(hits.scores)], atol=off)
        assert len(hits.rows) == min(20, int(alive.sum())) == len(set(hits.rows.tolist()))
        of_hits = [shop.ids.index(index.id_of(row)) for row in hits.rows.tolist()]
        np.testing.assert_allclose(hits.scores, expected[of_hits], atol=off)
        few = index.among(query, hits.rows[::-1], 10)
        assert few.scores.tolist() == hits.scores[:10].tolist()
        score_of = dict(zip(hits.rows.tolist(), hits.scores.tolist(), strict=True))
        assert [score_of[row] for row in few.rows.tolist()] == few.scores.tolist()
        places, _ = index.nearest_images(query, hits.rows)
        if off < 1e-5:
            assert places.tolist() == [shop.nearest(number, query) for number in of_hits]


@pytest.mark.parametrize(("kind", "off"), [("exact", 2e-6), ("compressed", 2e-3)])
@pytest.mark.parametrize("share", [None, 0.5, 0.02])
def test_a_product_counts_with_its_best_picture(kind: str, off: float, share: float | None) -> None:
    shop = Shop.of(3_000)
    choice = IndexChoice("exact" if kind == "exact" else "compressed")
    passing = None if share is None else np.random.default_rng(1).random(3_000) < share
    check(shop.live(choice), shop, off, passing)


def test_a_large_catalogue_is_found_by_any_of_its_pictures() -> None:
    shop = Shop.of(24_000)
    index = shop.live(IndexChoice("compressed"))
    for number in range(0, 24_000, 300):
        images = shop.images[number]
        if len(images) > 1:
            query = fuse(images[-1], ModalityWeights(text=0.2, image=0.8))
            hits = index.search(query, 20)
            assert hits.rows[0] == number
            assert len(set(hits.rows.tolist())) == 20


def test_codes_are_as_many_as_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[int] = []
    before = Codes.__init__

    def counting(self: Codes, *arguments: object) -> None:
        before(self, *arguments)  # type: ignore[arg-type]
        made.append(len(self))

    monkeypatch.setattr(Codes, "__init__", counting)
    shop = Shop.of(2_000)
    shop.live(IndexChoice("compressed"))
    assert made == [2_000 + sum(max(0, len(one) - 1) for one in shop.images)]


@pytest.mark.parametrize(("kind", "off"), [("exact", 2e-6), ("compressed", 2e-3)])
def test_live_changes_bring_and_take_pictures(kind: str, off: float) -> None:
    shop, other = Shop.of(1_500), Shop.of(1_500, seed=9_000)
    index = shop.live(IndexChoice("exact" if kind == "exact" else "compressed"))
    changed = list(range(0, 1_500, 7))
    images, text = list(shop.images), shop.text.copy()
    for number in changed:
        images[number], text[number] = other.images[number], other.text[number]
    after = Shop(text, images)
    numbers = np.array(changed, np.intp)
    rows = other.rows[numbers]
    ids = [shop.ids[number] for number in changed]
    index = index.with_changes(ids, rows[:, :D], rows[:, D:], [], other.further.of_rows(numbers))
    check(index, after, off, None)
    check(index, after, off, np.arange(1_500) % 3 == 0)
    check(index.merged(), after, off, None)


# From the store to an answer.

SECOND = f"/images/cd/cd{'1' * 62}.png"
THIRD = f"/images/ef/ef{'2' * 62}.png"


@pytest.fixture
def features() -> DictionaryFeatures:
    """p-00 looks in the direction 0; its third picture in the direction 1, its second has none."""
    features = DictionaryFeatures()
    features.publish("v1", ["p-00", "p-01", "p-02"], dimension=4)
    row = features.rows[VECTOR_VIEW][f"p-00|{MODEL}"]
    first, none, third = np.eye(4)[0], np.zeros(4), np.eye(4)[1]
    row["image_vector"] = np.concatenate([first, none, third]).astype(np.float32)
    metadata = features.rows[METADATA_VIEW]["p-00"]
    metadata["image_url"] = f"/images/ab/ab{'0' * 62}.png"
    more = f"{SECOND} https://cdn.example/x.jpg {THIRD}"
    metadata["attributes"] = json.dumps({MORE_IMAGES: more})
    return features


def read(features: DictionaryFeatures) -> Catalogue:
    reader = CatalogueReader(features, batch=2)
    return reader.load(reader.head())


def found(catalogue: Catalogue, direction: int, weights: tuple[float, float]) -> ScoredProduct:
    vector = np.eye(4)[direction].tolist()
    term = QueryTerm(vector=vector, weights=ModalityWeights(text=weights[0], image=weights[1]))
    request = RetrievalRequest(model=MODEL, terms=[term], k=3, cutoff="off", explain=True)
    products = search_catalogue(catalogue, request).results
    return next(one for one in products if one.product_id == "p-00")


def test_an_answer_names_the_picture_that_matched(features: DictionaryFeatures) -> None:
    catalogue = read(features)
    product = found(catalogue, 1, (0.25, 0.75))
    assert (product.score, product.matched_image) == (0.75, THIRD)
    assert product.terms is not None
    assert sum(one.contribution for one in product.terms) == pytest.approx(product.score)
    product = found(catalogue, 0, (0.25, 0.75))
    assert (product.score, product.matched_image) == (1.0, None)
    assert found(catalogue, 1, (1, 0)).matched_image is None


def test_the_best_of_more_pictures_is_judged_as_the_best_of_more(
    features: DictionaryFeatures,
) -> None:
    moments = read(features).moments
    both, text = np.full(8, 0.5, np.float32), np.array([1, 0, 0, 0, 0, 0, 0, 0], np.float32)
    assert (moments.spread(both).products, moments.spread(both).images) == (3, 1)
    assert moments.spread(text).images == 0
    calibration = Calibration(BUILT_IN.calibration)
    one, four = Spread(0.0, 0.1, 20_000), Spread(0.0, 0.1, 20_000, 60_000)
    assert calibration.confidence(one, 0.1, 0.45) > calibration.confidence(four, 0.1, 0.45)


def test_changes_have_their_further_pictures(features: DictionaryFeatures) -> None:
    catalogue = read(features)
    features.rows[HEAD_VIEW]["default"]["sequence"] = 1
    features.rows["catalogue_change"] = {
        "v1/1": {
            "product_ids": ["p-00"],
            "vector_fingerprints": ["v-2"],
            "metadata_fingerprints": ["m-2"],
        }
    }
    row = features.rows[VECTOR_VIEW][f"p-00|{MODEL}"]
    row["fingerprint"], row["image_vector"] = "v-2", np.eye(4)[[0, 3]].ravel().astype(np.float32)
    features.rows[METADATA_VIEW]["p-00"]["fingerprint"] = "m-2"
    reader = CatalogueReader(features, batch=2)
    catalogue = reader.update(catalogue, reader.head())
    assert found(catalogue, 3, (0, 1)).matched_image == SECOND
    assert found(catalogue, 1, (0, 1)).score == 0
    assert found(catalogue.merged(), 3, (0, 1)).score == 1


@pytest.mark.parametrize("length", [6, 4 * 17])
def test_vectors_of_an_odd_length_are_a_fault(features: DictionaryFeatures, length: int) -> None:
    row = features.rows[VECTOR_VIEW][f"p-00|{MODEL}"]
    row["image_vector"] = np.full(length, 0.5, np.float32)
    with pytest.raises(BrokenPublication, match=f"image vectors of {length}, not 4, floats"):
        read(features)


def test_a_further_vector_that_is_not_of_unit_length_is_a_fault(
    features: DictionaryFeatures,
) -> None:
    row = features.rows[VECTOR_VIEW][f"p-00|{MODEL}"]
    row["image_vector"] = np.concatenate([np.eye(4)[0], np.eye(4)[1] * 2]).astype(np.float32)
    with pytest.raises(BrokenPublication, match="further image vectors that are not of unit"):
        read(features)


def test_pictures_that_would_not_fit_into_memory_are_refused_while_they_are_read() -> None:
    features = DictionaryFeatures()
    ids = [f"p-{number:03}" for number in range(400)]
    features.publish("v1", ids, dimension=512)
    vectors = unit(16, 512, seed=3).ravel()
    for one in ids:
        features.rows[VECTOR_VIEW][f"{one}|{MODEL}"]["image_vector"] = vectors
    needed = memory.OVERHEAD_BYTES + memory.needed_bytes(400, 512, half=False)
    free = Free(needed + 1_000_000 - memory.OVERHEAD_BYTES, 10**9)
    looks = iter([Free(needed, 10**9)])
    reader = CatalogueReader(features, batch=50, free_memory=lambda: next(looks, free))
    with pytest.raises(NotEnoughMemory, match="further pictures"):
        reader.load(reader.head())


def test_words_of_the_attribute_are_not_searched(features: DictionaryFeatures) -> None:
    assert SHARD_VIEW in features.rows
    words = read(features).products.words(np.zeros(3, np.bool_))
    assert words.forms("images") == [] or not any(
        len(postings.rows) for form in words.forms("images") for _, postings in words.postings(form)
    )
