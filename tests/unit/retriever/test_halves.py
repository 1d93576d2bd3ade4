"""Two halves of a search give what the whole gives, whoever does them."""

from __future__ import annotations

import threading
from contextlib import closing

import numpy as np
import pytest

from services.retriever.index import FurtherImages, Rows
from services.retriever.index.compressed import CompressedBuild, CompressedIndex
from services.retriever.index.halves import Helper

N, D = 110_001, 16


@pytest.fixture(scope="module")
def rows() -> Rows:
    drawn = np.random.default_rng(0).standard_normal((2, N, D))
    text, image = (drawn / np.linalg.norm(drawn, axis=-1, keepdims=True)).astype(np.float32)
    fused: Rows = np.concatenate([text, image], axis=1)
    fused[1_000::7_000] = fused[1_000]  # rows that tie, in both halves
    return fused


def _index(rows: Rows, split_from: int, further: FurtherImages | None = None) -> CompressedIndex:
    with closing(CompressedBuild(len(rows), rows.shape[1], split_from)) as build:
        build.put(slice(0, len(rows)), rows, further=further)
        return build.finish()


@pytest.mark.parametrize("images", [False, True])
def test_halves_give_the_answers_of_the_whole(rows: Rows, *, images: bool) -> None:
    rng = np.random.default_rng(1)
    further = None
    if images:
        owners = np.sort(rng.choice(N, 3_000, replace=False))
        more = rows[rng.choice(N, len(owners)), D:]
        further = FurtherImages.of(rows, owners, np.ones(len(owners), np.uint8), more)
    whole, halves = _index(rows, N * 2, further), _index(rows, 1_000, further)
    for number in range(8):
        near = rows[1_000] if not number else rows[number] + 0.1 * rng.standard_normal(2 * D)
        query = (near / 2 / np.linalg.norm(near[:D])).astype(np.float32)
        for k, share in ((20, 1.0), (720, 1.0), (20, 0.4), (20, 0.01)):
            passing = None if share == 1 else rng.random(N) < share
            hits, expected = (one.search(query, k, None, passing) for one in (halves, whole))
            assert len(hits.rows) == k
            assert passing is None or passing[hits.rows].all()
            # The last candidates look alike in their codes: either may have others of them.
            assert len(np.intersect1d(hits.rows, expected.rows)) >= 0.9 * k
            both = np.isin(hits.rows, expected.rows), np.isin(expected.rows, hits.rows)
            assert hits.rows[both[0]].tolist() == expected.rows[both[1]].tolist()
            assert hits.scores[both[0]].tolist() == expected.scores[both[1]].tolist()


def test_the_second_half_is_done_once_also_where_the_helper_is_busy() -> None:
    helper, done = Helper(), []

    def half(name: str) -> str:
        done.append(name)
        return name

    def busy() -> str:
        # Another search meanwhile finds the helper taken, and does both.
        assert helper.both(lambda: half("c"), lambda: half("d")) == ("c", "d")
        return half("a")

    assert helper.both(busy, lambda: half("b")) == ("a", "b")
    assert sorted(done) == ["a", "b", "c", "d"]


def test_searches_of_several_threads_get_their_own_results() -> None:
    helper = Helper()
    found: dict[int, list[tuple[int, int]]] = {}

    def ask(number: int) -> None:
        found[number] = [
            helper.both(lambda turn=turn: number * turn, lambda turn=turn: -number * turn)  # type: ignore[misc]
            for turn in range(200)
        ]

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert found == {n: [(n * turn, -n * turn) for turn in range(200)] for n in range(4)}


def test_a_failure_of_either_half_is_the_callers_and_the_helper_goes_on() -> None:
    helper = Helper()

    def fail() -> int:
        raise ValueError("no half")

    for halves in ((fail, lambda: 1), (lambda: 1, fail)):
        with pytest.raises(ValueError, match="no half"):
            helper.both(*halves)
    assert helper.both(lambda: 1, lambda: 2) == (1, 2)
