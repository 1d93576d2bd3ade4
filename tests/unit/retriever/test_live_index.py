"""An index with live changes, compared with one built from the same products."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from services.retriever.index import ExactIndex, Hits, IndexChoice, LiveIndex, Rows, Vector
from tests.support.indexes import index_of

D = 16


def vectors(n: int, seed: int) -> tuple[Rows, Rows]:
    """Text and image vectors, (n, D) float32 each, of unit length."""
    drawn = np.random.default_rng(seed).standard_normal((2, n, D))
    text, image = (drawn / np.linalg.norm(drawn, axis=-1, keepdims=True)).astype(np.float32)
    return text, image


def query(seed: int) -> Vector:
    (text, image) = vectors(1, seed)
    return np.asarray(np.concatenate([text[0], image[0]]) / 2, np.float32)


def live(n: int, seed: int = 0) -> tuple[LiveIndex, dict[str, Vector]]:
    ids = [f"p{number:05}" for number in range(n)]
    rows = np.concatenate(vectors(n, seed), axis=1)
    return LiveIndex(ExactIndex(rows), ids), dict(zip(ids, rows, strict=True))


def with_one_more(text: Rows, image: Rows) -> tuple[Rows, Rows]:
    return np.concatenate([text, text[:1]]), np.concatenate([image, image[:1]])


def told(index: LiveIndex, hits: Hits) -> list[tuple[str, float]]:
    return [
        (index.id_of(row), score)
        for row, score in zip(hits.rows.tolist(), hits.scores.tolist(), strict=True)
    ]


def anew(products: dict[str, Vector]) -> LiveIndex:
    ids = sorted(products)
    return LiveIndex(ExactIndex(np.stack([products[i] for i in ids])), ids)


@pytest.mark.parametrize("n", [5, 300, 3_000])
def test_a_changed_index_answers_as_one_built_anew(n: int) -> None:
    index, products = live(n)
    random = np.random.default_rng(n)
    for step in range(8):
        ids = [f"p{number:05}" for number in random.choice(2 * n, min(n, 40), replace=False)]
        deletes = [str(i) for i in random.choice(sorted(products), min(n, 10) // 2, replace=False)]
        text, image = vectors(len(ids), seed=step)
        products.update(zip(ids, np.concatenate([text, image], axis=1), strict=True))
        for product_id in deletes:
            products.pop(product_id, None)
        index = index.with_changes(ids, text, image, deletes)
        expected = anew(products)
        assert len(index) == len(products)
        asked = query(step)
        assert told(index, index.search(asked, 20)) == told(expected, expected.search(asked, 20))


def test_equal_scores_come_in_order_of_id_wherever_the_rows_lie() -> None:
    index, products = live(10)
    twin = products["p00004"]
    text, image = np.stack([twin[:D]] * 2), np.stack([twin[D:]] * 2)
    changed = index.with_changes(["p00001", "p00009x"], text, image, [])
    best = told(changed, changed.search(twin / np.float32(2), 3))
    assert [product_id for product_id, _ in best] == ["p00001", "p00004", "p00009x"]


def test_a_snapshot_goes_on_answering_as_it_did() -> None:
    index, _ = live(50)
    before = told(index, index.search(query(1), 50))
    text, image = vectors(1, 9)
    index.with_changes(["p00003"], text, image, ["p00004"])
    assert told(index, index.search(query(1), 50)) == before


def test_a_filter_that_leaves_three_returns_three() -> None:
    index, _ = live(200)
    text, image = vectors(1, 9)
    changed = index.with_changes(["new"], text, image, ["p00007"])
    passing = np.zeros(changed.numbers, np.bool_)
    passing[[7, 8, 150, changed.numbers - 1]] = True
    found = {
        product_id for product_id, _ in told(changed, changed.search(query(2), 20, -1, passing))
    }
    assert found == {"p00008", "p00150", "new"}


def test_many_changes_are_merged_and_the_answers_stay() -> None:
    index, products = live(100)
    text, image = vectors(2_000, 5)
    ids = [f"n{number:05}" for number in range(2_000)]
    products.update(zip(ids, np.concatenate([text, image], axis=1), strict=True))
    assert not index.worth_merging
    changed = index.with_changes([*ids, "p00000"], *with_one_more(text, image), [])
    assert changed.worth_merging
    products["p00000"] = np.concatenate([text[0], image[0]])
    changed = changed.merged()
    assert changed.numbers == len(changed) == 2_100
    assert not changed.worth_merging
    expected = anew(products)
    assert told(changed, changed.search(query(3), 20)) == told(
        expected, expected.search(query(3), 20)
    )


def test_everything_deleted_leaves_nothing_and_no_error() -> None:
    index, products = live(30)
    empty = np.empty((0, D), np.float32)
    changed = index.with_changes([], empty, empty, [*products, "unknown"])
    assert len(changed) == 0
    assert told(changed, changed.search(query(1), 5)) == []


def test_ids_and_vectors_that_do_not_match_are_refused() -> None:
    index, _ = live(3)
    text, image = vectors(1, 1)
    with pytest.raises(ValueError, match="2 ids for 1 text and 1 image"):
        index.with_changes(["a", "b"], text, image, [])


def test_merging_a_compressed_catalogue_keeps_its_rows_as_small() -> None:
    choice = IndexChoice("compressed")
    rows = np.concatenate(vectors(2_000, 0), axis=1).astype(np.float16)
    index = LiveIndex(index_of(choice, rows), [f"p{number:05}" for number in range(2_000)], choice)
    text, image = vectors(1, 5)
    changed = index.with_changes(["new"], text, image, ["p00000"])
    merged = changed.merged()
    assert len(merged) == merged.numbers == 2_000
    assert merged.id_of(0) == "new"
    found, before = merged.search(query(3), 20), changed.search(query(3), 20)
    assert [merged.id_of(row) for row in found.rows] == [changed.id_of(row) for row in before.rows]
    assert found.scores == pytest.approx(before.scores, abs=2e-4)


def test_merging_after_everything_is_gone_leaves_an_empty_index() -> None:
    index, products = live(30)
    empty = np.empty((0, D), np.float32)
    merged = index.with_changes([], empty, empty, list(products)).merged()
    assert len(merged) == merged.numbers == 0


class CountingIndex(ExactIndex):
    """Remembers which rows were read."""

    def __init__(self, rows: Rows) -> None:
        super().__init__(rows)
        self.read: list[int] = []

    def rows(self, numbers: NDArray[np.intp]) -> Rows:
        self.read += numbers.tolist()
        return super().rows(numbers)


def test_rows_without_an_image_are_known_through_changes_and_each_is_read_once() -> None:
    text, image = vectors(60, 1)
    image[::3] = 0
    base = CountingIndex(np.concatenate([text, image], axis=1))
    blank = {f"p{number:05}" for number in range(0, 60, 3)}
    index = LiveIndex(base, [f"p{number:05}" for number in range(60)])
    asked = np.array([59, 3, 0, 1, 3], np.intp)
    assert index.without_image(asked).tolist() == [False, True, True, False, True]
    for step, changed in enumerate((range(30), range(20, 70), range(0, 70, 2))):
        ids = [f"p{number:05}" for number in changed]
        text, image = vectors(len(ids), step)
        image[step::4] = 0
        blank = (blank - set(ids)) | set(ids[step::4])
        index = index.with_changes(ids, text, image, [])
        for one in (index, index.merged()):
            numbers = np.flatnonzero(one.alive)
            found = one.without_image(numbers)
            assert {one.id_of(n) for n in numbers[found].tolist()} == blank
    assert index.without_image(np.empty(0, np.intp)).tolist() == []


def test_a_row_is_read_once_by_all_snapshots_of_a_base() -> None:
    text, image = vectors(20, 1)
    base = CountingIndex(np.concatenate([text, image], axis=1))
    index = LiveIndex(base, [f"p{number:05}" for number in range(20)])
    index.without_image(np.arange(10))
    changed = index.with_changes(["p00003", "q"], text[:2], image[:2], ["p00004"])
    changed.without_image(np.arange(changed.numbers))
    index.without_image(np.arange(20))
    assert sorted(base.read) == list(range(20))
