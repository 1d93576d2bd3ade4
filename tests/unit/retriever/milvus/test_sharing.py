"""Retrievers that share a collection: changes are put in and deleted there, and all agree."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from services.retriever.catalogue.catalogue import Catalogue
from services.retriever.index import Changes, IndexChoice
from services.retriever.index.milvus import MilvusIndex
from tests.unit.retriever.engines import choice_at
from tests.unit.retriever.milvus.shop import catalogue, product_id, put, vectors

N = 900
Told = list[tuple[str, float]]


@pytest.fixture
def choices(uri: str) -> Iterator[tuple[IndexChoice, IndexChoice]]:
    """Two retrievers' connections to one Milvus."""
    with choice_at(uri) as first, choice_at(uri) as second:
        yield first, second


def told(one: Catalogue, k: int = 40) -> list[Told]:
    answers = []
    for seed in range(4):
        hits = one.index.search(vectors([seed], 99)[0] / 2, k)
        ids = [one.index.id_of(row) for row in hits.rows.tolist()]
        answers.append([*zip(ids, np.round(hits.scores, 5).tolist(), strict=True)])
    return answers


def stored(one: Catalogue) -> int:
    """Number of rows in the collection."""
    assert isinstance(one.index.base, MilvusIndex)
    return len(one.index.base.stored.keys())


def test_both_agree_through_changes_whoever_is_ahead(
    choices: tuple[IndexChoice, IndexChoice],
) -> None:
    here = catalogue(IndexChoice("exact"), N)
    ahead, behind = (catalogue(choice, N, "agree") for choice in choices)
    assert stored(ahead) == N
    for step in range(3):
        before = told(here)
        numbers, gone = [*range(step, 200, 2), N + step], 300 + step
        here, ahead = (put(one, numbers, step + 1, gone) for one in (here, ahead))
        assert told(ahead) == told(here)
        ahead = ahead.merged()
        assert told(ahead) == told(here)
        assert told(behind) == before
        behind = put(behind, numbers, step + 1, gone)
        assert told(behind) == told(here)
        here, behind = here.merged(), behind.merged()
        assert told(behind) == told(ahead) == told(here)
    assert ahead.get(product_id(N + 2)) == behind.get(product_id(N + 2)) is not None


def test_replaced_rows_are_deleted_at_the_next_change(
    choices: tuple[IndexChoice, IndexChoice],
) -> None:
    one = catalogue(choices[0], N, "deleted")
    one = put(one, range(100), 1, 500).merged()
    assert stored(one) == N + 100
    one = put(one, range(100), 2).merged()
    assert stored(one) == N + 99  # those of the first price are there still
    one = put(one, [7], 3).merged()
    assert stored(one) == N
    assert len(one.index) == N - 1


def test_a_retriever_that_is_behind_deletes_nothing_that_was_put_in_again(
    choices: tuple[IndexChoice, IndexChoice],
) -> None:
    ahead, behind = (catalogue(choice, N, "again") for choice in choices)
    ahead, behind = (put(one, range(50), 1).merged() for one in (ahead, behind))
    other = put(ahead, range(60, 70), 2).merged()  # deletes the first rows of these 50
    other = put(other, range(50), 0).merged()  # as they were at first
    put(behind, range(60, 70), 2).merged()  # would delete them once more
    base = other.index.base
    assert isinstance(base, MilvusIndex)
    assert base.stored.present(base.keys)


def test_a_retriever_that_is_behind_deletes_nothing_that_one_loaded_after_a_later_change(
    choices: tuple[IndexChoice, IndexChoice],
) -> None:
    behind = put(catalogue(choices[0], N, "loaded"), range(50), 1).merged()
    back = Changes(3, {product_id(number) for number in range(50)})
    loaded = catalogue(choices[1], N, "loaded", back)
    put(behind, range(60, 70), 2).merged()  # would delete the first rows of these 50
    base = loaded.index.base
    assert isinstance(base, MilvusIndex)
    assert base.stored.present(base.keys)


def test_a_retriever_that_starts_later_sends_only_what_is_missing(
    choices: tuple[IndexChoice, IndexChoice],
) -> None:
    first = catalogue(choices[0], N, "later")
    merged = put(first, range(30), 1).merged()
    rows = stored(merged)
    later = catalogue(choices[1], N, "later")
    assert stored(later) == rows
    assert told(later) == told(first)
    assert told(put(later, range(30), 1)) == told(merged)


def test_everything_may_be_deleted_and_put_in_again(
    choices: tuple[IndexChoice, IndexChoice],
) -> None:
    one = catalogue(choices[0], 20, "empty")
    one = put(one, [3], 1, *range(20)).merged()
    assert (len(one.index), told(one)[0]) == (0, [])
    one = put(one, [5, 6], 1).merged()
    assert {product for product, _ in told(one)[0]} == {product_id(5), product_id(6)}
