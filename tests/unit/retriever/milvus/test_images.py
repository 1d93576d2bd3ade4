"""Products with several images: in Milvus each counts with its nearest one, as in memory."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from services.contracts.base import ModalityWeights
from services.retriever.index import IndexChoice, LiveIndex, fuse
from services.retriever.index.milvus.index import MilvusIndex
from tests.unit.retriever.engines import choice_at
from tests.unit.retriever.test_further_images import WEIGHTS, D, Shop, unit

N = 700


@pytest.fixture
def milvus(uri: str) -> Iterator[IndexChoice]:
    with choice_at(uri) as choice:
        yield choice


def assert_equal(one: LiveIndex, other: LiveIndex) -> None:
    assert one.numbers == other.numbers
    every = np.arange(one.numbers)
    few = every % 7 == 0  # are named by their keys
    for seed, (text, image) in enumerate(WEIGHTS):
        query = fuse(unit(D, seed=seed), ModalityWeights(text=text, image=image))
        for passing in (None, every % 20 != 3, few):
            for k in (1, 20, 200):
                hits, wanted = (index.search(query, k, passing=passing) for index in (one, other))
                assert np.allclose(hits.scores, wanted.scores, atol=2e-6)
                same = np.isin(hits.rows, wanted.rows)
                assert same.mean() > 0.98  # at the end, rounding decides between neighbours
                assert len(set(hits.rows.tolist())) == len(hits.rows)
        found, wanted = (index.among(query, every[50:0:-1], 30) for index in (one, other))
        assert np.allclose(found.scores, wanted.scores, atol=2e-6)
        places, _ = one.nearest_images(query, every[:50])
        assert np.array_equal(places, other.nearest_images(query, every[:50])[0])


def test_a_product_counts_with_its_nearest_image(milvus: IndexChoice) -> None:
    shop = Shop.of(N)
    there, here = shop.live(milvus), shop.live(IndexChoice("exact"))
    assert_equal(there, here)
    some = np.array([5, 3, N - 1, 3])
    of_there, of_here = there.further(some), here.further(some)
    assert np.array_equal(of_there.rows, of_here.rows)
    assert np.array_equal(of_there.places, of_here.places)
    assert np.allclose(of_there.differences, of_here.differences, atol=1e-6)


@pytest.mark.parametrize("among", [0, 40])
def test_changes_take_their_images_along(milvus: IndexChoice, among: int) -> None:
    """among: whether the new ids lie among the old ones."""
    shop, other = Shop.of(N), Shop.of(60, seed=5_000)
    there, here = shop.live(milvus), shop.live(IndexChoice("exact"))
    for number in range(2):
        again = shop.ids[number * 10 : number * 10 + 10]
        ids = [*again, *(f"p{number + among * place:06}x" for place in range(20))]
        taken = slice(number * 30, number * 30 + 30)
        rows, further = other.rows[taken], other.further.of_rows(np.arange(60)[taken])
        deletes = shop.ids[100 + number * 10 : 110 + number * 10]
        if not among:
            ids = [*again, *(f"q{number * 20 + place:06}" for place in range(20))]
        there, here = (
            one.with_changes(ids, rows[:, :D], rows[:, D:], deletes, further)
            for one in (there, here)
        )
        assert_equal(there, here)
        there, here = there.merged(), here.merged()
        assert_equal(there, here)


def test_images_that_no_row_has_any_more_are_deleted_there(milvus: IndexChoice) -> None:
    shop = Shop.of(N)
    live = shop.live(milvus)
    base = live._base
    assert isinstance(base, MilvusIndex)
    for number in range(3):
        # A deletion is there at the change after it.
        gone = shop.ids[number * 9 : number * 9 + 9]
        live = live.with_changes([], shop.text[:0], shop.text[:0], gone)
        live = live.merged()
    keys = base.stored.keys()
    first = np.isin(base.every_key, keys)
    owners = np.concatenate([np.arange(N), base.further_keys.rows])
    assert not first[owners < 18].any()
    assert first[owners >= 27].all()
