"""Milvus beside the exact index: the same rows, scores and filters, and what it leaves behind."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from threading import Barrier

import numpy as np
import pytest
from pymilvus import MilvusClient  # type: ignore[import-untyped]

from services.common.problems import DependencyUnavailable
from services.retriever.errors import StoreUnavailable
from services.retriever.index import (
    ExactIndex,
    Index,
    IndexChoice,
    Passing,
    Rows,
)
from services.retriever.index.milvus import MilvusEngine, MilvusIndex
from tests.support.indexes import index_of
from tests.unit.retriever.engines import milvus_lite

N, D = 2_000, 32


def some_rows(seed: int, n: int = N) -> Rows:
    rows: Rows = np.random.default_rng(seed).standard_normal((n, D)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return rows


@pytest.fixture(scope="module")
def engine(uri: str) -> Iterator[MilvusEngine]:
    with closing(MilvusEngine(uri, timeout_s=60)) as engine:
        yield engine


def built(engine: MilvusEngine, rows: Rows) -> Index:
    return index_of(IndexChoice(engine=engine), rows)


@pytest.mark.parametrize("k", [1, 20, 1_000])
@pytest.mark.parametrize("share", [None, 0.0, 0.002, 0.3, 0.9, 1.0])
def test_it_finds_what_the_exact_index_finds(
    engine: MilvusEngine, k: int, share: float | None
) -> None:
    rows = some_rows(0)
    rows[1_500:1_520] = rows[7]  # equal rows come in order of their numbers
    passing: Passing | None = None if share is None else np.random.default_rng(1).random(N) < share
    index, exact = built(engine, rows), ExactIndex(rows)
    assert len(index) == N
    for query in (rows[7], some_rows(2, 1)[0]):
        hits, best = (
            index.search(query, k, passing=passing),
            exact.search(query, k, passing=passing),
        )
        assert hits.rows.tolist() == best.rows.tolist()
        assert hits.scores == pytest.approx(best.scores, abs=2e-6)
        cut = index.search(query, k, 0.2, passing)
        assert cut.rows.tolist() == exact.search(query, k, 0.2, passing).rows.tolist()


def test_rows_come_back_as_they_went_in_whatever_the_order(engine: MilvusEngine) -> None:
    rows, numbers = some_rows(0), np.array([1_999, 3, 1_000], np.intp)
    index = built(engine, rows)
    assert np.array_equal(index.rows(numbers), rows[numbers])
    assert index.rows(numbers[:0]).shape == (0, D)


def test_rows_without_an_image_are_known_without_asking(engine: MilvusEngine) -> None:
    rows = some_rows(1, 60)
    rows[::3, D // 2 :] = 0
    index = built(engine, rows)
    blank = index.without_image(np.arange(60))
    assert np.flatnonzero(blank).tolist() == [*range(0, 60, 3)]


def test_the_version_before_stays_and_older_ones_go(uri: str) -> None:
    client = MilvusClient(uri)
    before = set(client.list_collections())
    with closing(MilvusEngine(uri, timeout_s=60, kept_s=0)) as engine:
        built(engine, some_rows(3, 50))
        second = built(engine, some_rows(4, 50))
        again = built(engine, some_rows(4, 50))  # as another replica does
        built(engine, some_rows(5, 50))
        for index in (second, again):
            assert index.search(some_rows(4, 50)[9], 1).rows.tolist() == [9]
    assert len(set(client.list_collections()) - before) == 2
    client.close()


def test_loads_that_were_given_up_leave_the_served_version_alone(uri: str) -> None:
    client = MilvusClient(uri)
    before = set(client.list_collections())
    with closing(MilvusEngine(uri, timeout_s=60, kept_s=0)) as engine:
        choice = IndexChoice(engine=engine)
        served = built(engine, some_rows(20, 50))
        for dimension in (8, 12, 16):  # collections of their own
            with closing(choice.begin(50, dimension)):
                pass
            assert served.search(some_rows(20, 50)[9], 1).rows.tolist() == [9]
        built(engine, some_rows(21, 50))
    assert len(set(client.list_collections()) - before) == 2
    client.close()


def test_loads_that_finished_and_were_never_served_leave_the_served_version_alone(
    uri: str,
) -> None:
    with closing(MilvusEngine(uri, timeout_s=60, kept_s=0)) as engine:
        served = built(engine, some_rows(22, 50))
        for seed in (23, 24, 25):
            built(engine, some_rows(seed, 50))
            assert served.search(some_rows(22, 50)[9], 1).rows.tolist() == [9]


def test_a_slow_replica_goes_on_through_quick_swaps_of_another_one(uri: str) -> None:
    with (
        closing(MilvusEngine(uri, timeout_s=60)) as quick,
        closing(MilvusEngine(uri, timeout_s=60)) as slow,
    ):
        served = built(slow, some_rows(26, 50))
        for seed in (26, 27, 28, 26):
            built(quick, some_rows(seed, 50))
            assert served.search(some_rows(26, 50)[9], 1).rows.tolist() == [9]


def test_threads_that_ask_at_once_share_one_connection(uri: str) -> None:
    with closing(MilvusEngine(uri, timeout_s=60)) as engine, ThreadPoolExecutor(8) as threads:
        together = Barrier(8)

        def opened(_: int) -> int:
            together.wait(60)
            return id(engine._client())

        assert len(set(threads.map(opened, range(8)))) == 1


def test_a_load_that_was_cut_off_is_completed_and_sends_only_what_is_missing(uri: str) -> None:
    rows = some_rows(10, 300)
    with closing(MilvusEngine(uri, timeout_s=60)) as engine:
        choice = IndexChoice(engine=engine)
        with closing(choice.begin(*rows.shape)) as cut_off:
            cut_off.put(slice(0, 200), rows[:200])
        with closing(choice.begin(*rows.shape)) as build:
            build.put(slice(0, 300), rows)
            index = build.finish()
        assert [index.search(rows[n], 1).rows.tolist() for n in (0, 250)] == [[0], [250]]


def test_an_index_that_another_process_built_is_asked_and_held_as_an_own_one(uri: str) -> None:
    client, rows = MilvusClient(uri), some_rows(60, 50)
    with closing(MilvusEngine(uri, timeout_s=60)) as other:
        built_there = built(other, rows)
        assert isinstance(built_there, MilvusIndex)
        sent = pickle.dumps(built_there)
    collection = built_there.stored.collection
    with closing(MilvusEngine(uri, timeout_s=60, kept_s=0)) as engine:
        engine.expect(collection.width, collection.origin)
        index = engine.adopted(pickle.loads(sent))  # noqa: S301
        assert index.search(rows[9], 1).rows.tolist() == [9]
        built(engine, some_rows(61, 50))
        built(engine, some_rows(62, 50))
        assert index.search(rows[9], 1).rows.tolist() == [9]
        del index
        built(engine, some_rows(63, 50))
    assert collection.name not in client.list_collections()
    client.close()


def test_an_index_cannot_be_adopted_while_milvus_is_away(uri: str) -> None:
    with (
        closing(MilvusEngine(uri, timeout_s=60)) as other,
        closing(MilvusEngine("http://127.0.0.1:9", timeout_s=0.2)) as engine,
        pytest.raises(StoreUnavailable),
    ):
        engine.adopted(built(other, some_rows(64, 50)))


def test_what_cannot_be_asked_is_told_as_a_service_that_is_away() -> None:
    with (
        milvus_lite() as address,
        closing(MilvusEngine(address, timeout_s=30)) as engine,
    ):
        rows = some_rows(6, 50)
        oldest = built(engine, rows)
        assert isinstance(oldest, MilvusIndex)
        oldest.stored.client.drop_collection(oldest.stored.collection.name)
        assert engine.trouble() is None
        with pytest.raises(DependencyUnavailable):
            oldest.search(rows[0], 5)
        with pytest.raises(DependencyUnavailable):
            oldest.rows(np.array([1], np.intp))


@pytest.mark.parametrize("left", [0, 5])
def test_rows_that_are_missing_there_are_an_error_and_no_answer_without_them(
    engine: MilvusEngine, left: int
) -> None:
    rows = some_rows(30 + left, 50)
    index = built(engine, rows)
    assert isinstance(index, MilvusIndex)
    index.stored.client.delete(index.stored.collection.name, ids=index.keys[left:].tolist())
    assert not index.stored.present(index.keys)  # from now on, searches see it, too
    with pytest.raises(DependencyUnavailable, match="lacks rows"):
        index.search(rows[9], 20)


def test_nobody_listening_is_told_and_the_next_build_tries_again() -> None:
    with closing(MilvusEngine("http://127.0.0.1:9", timeout_s=0.2)) as engine:
        for _ in range(2):
            with pytest.raises(StoreUnavailable, match="Milvus cannot take the vectors"):
                built(engine, some_rows(9, 5))
        assert "Milvus does not answer" in (engine.trouble() or "")


def test_an_empty_catalogue_needs_no_engine() -> None:
    with closing(MilvusEngine("http://127.0.0.1:9", timeout_s=0.2)) as engine:
        assert isinstance(built(engine, np.zeros((0, D), np.float32)), ExactIndex)
