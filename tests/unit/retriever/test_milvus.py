"""Milvus beside the exact index: the same rows, scores and filters, and what it leaves behind."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from pymilvus import MilvusClient  # type: ignore[import-untyped]

from services.common.problems import DependencyUnavailable
from services.retriever.errors import StoreUnavailable
from services.retriever.index import ExactIndex, IndexChoice, Passing, Rows
from services.retriever.index.milvus import MilvusEngine

N, D = 2_000, 32


def some_rows(seed: int, n: int = N) -> Rows:
    rows: Rows = np.random.default_rng(seed).standard_normal((n, D)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return rows


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(tmp_path_factory.mktemp("milvus") / "milvus.db")


@pytest.fixture(scope="module")
def engine(path: str) -> Iterator[MilvusEngine]:
    engine = MilvusEngine(path, timeout_s=30)
    yield engine
    engine.close()


@pytest.mark.parametrize("k", [1, 20, 1_000])
@pytest.mark.parametrize("share", [None, 0.0, 0.002, 0.3, 0.9, 1.0])
def test_it_finds_what_the_exact_index_finds(
    engine: MilvusEngine, k: int, share: float | None
) -> None:
    rows = some_rows(0)
    rows[1_500:1_520] = rows[7]  # equal rows come in order of their numbers
    passing: Passing | None = None if share is None else np.random.default_rng(1).random(N) < share
    index, exact = engine.build(rows), ExactIndex(rows)
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
    assert np.array_equal(engine.build(rows).rows(numbers), rows[numbers])


def test_the_version_before_stays_and_older_ones_go(tmp_path: Path) -> None:
    engine = MilvusEngine(str(tmp_path / "milvus.db"), timeout_s=30)
    first, second, third = (some_rows(seed, 50) for seed in (3, 4, 5))
    engine.build(first)
    before = engine.build(second)
    again = engine.build(second)  # as another replica does
    engine.build(third)
    for index in (before, again):
        assert index.search(second[9], 1).rows.tolist() == [9]
    engine.close()
    client = MilvusClient(str(tmp_path / "milvus.db"))
    assert len(client.list_collections()) == 2
    client.close()


def test_what_cannot_be_asked_is_told_as_a_service_that_is_away(tmp_path: Path) -> None:
    engine = MilvusEngine(str(tmp_path / "milvus.db"), timeout_s=30)
    rows = some_rows(6, 50)
    oldest = engine.build(rows)
    for seed in (7, 8):
        engine.build(some_rows(seed, 50))
    assert engine.trouble() is None
    with pytest.raises(DependencyUnavailable):
        oldest.search(rows[0], 5)
    with pytest.raises(DependencyUnavailable):
        oldest.rows(np.array([1], np.intp))
    engine.close()


def test_nobody_listening_is_told_and_the_next_build_tries_again() -> None:
    engine = MilvusEngine("http://127.0.0.1:9", timeout_s=0.2)
    for _ in range(2):
        with pytest.raises(StoreUnavailable, match="Milvus cannot take the vectors"):
            engine.build(some_rows(9, 5))
    assert "Milvus does not answer" in (engine.trouble() or "")
    engine.close()


def test_an_empty_catalogue_needs_no_engine() -> None:
    engine = MilvusEngine("http://127.0.0.1:9", timeout_s=0.2)
    index = IndexChoice(engine=engine).build(np.zeros((0, D), np.float32))
    assert isinstance(index, ExactIndex)
