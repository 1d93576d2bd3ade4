"""A Milvus server that is killed and started again, with rows that it has not sealed."""

from __future__ import annotations

import os
import signal
import time
from dataclasses import replace

import numpy as np
import pytest

from services.common.problems import DependencyUnavailable
from services.retriever.catalogue.catalogue import Catalogue
from services.retriever.errors import StoreUnavailable
from services.retriever.index.milvus import MilvusIndex
from services.retriever.index.milvus.connection import UNANSWERED
from tests.support.milvus_server import PYTHON, milvus_server
from tests.unit.retriever.engines import choice_at
from tests.unit.retriever.milvus.shop import catalogue, put, vectors

N = 800
PATIENCE_S = 240.0

pytestmark = pytest.mark.skipif(
    not PYTHON, reason="the server has an environment of its own: `make test-milvus`"
)


def found(one: Catalogue) -> list[str]:
    hits = one.index.search(vectors([1], 99)[0] / 2, 30)
    return [one.index.id_of(row) for row in hits.rows.tolist()]


def found_again(one: Catalogue) -> list[str]:
    deadline = time.monotonic() + PATIENCE_S
    while True:
        try:
            return found(one)
        except DependencyUnavailable:
            assert time.monotonic() < deadline, "the server does not answer again"
            time.sleep(0.5)


def test_searches_say_so_while_it_is_away_and_go_on_after_it_has_no_row_lost() -> None:
    with milvus_server() as server, choice_at(server.uri) as choice:
        loaded = catalogue(choice, N)
        changed = put(loaded, range(100), 1, 700)
        merged = changed.merged()
        before = found(merged)
        server.stop(at_once=True)
        with pytest.raises(DependencyUnavailable):
            found(merged)
        later = put(merged, range(200, 220), 2)
        with pytest.raises(StoreUnavailable):
            later.merged()
        server.start()
        assert found_again(merged) == before
        rows = np.arange(N - 1)
        assert np.array_equal(merged.index.rows(rows), changed.index.rows(_same(changed, merged)))
        assert found(later.merged()) == found(later)


def test_a_server_that_hangs_is_an_error_within_the_time_limit_and_is_asked_again_after_it() -> (
    None
):
    with milvus_server() as server, choice_at(server.uri) as choice:
        loaded = catalogue(choice, N)
        before = found(loaded)
        index = loaded.index.base
        assert isinstance(index, MilvusIndex)
        stored = replace(index.stored, timeout_s=1.0)
        impatient = MilvusIndex(stored, index.keys, index.blank, index.further_keys)
        os.kill(server.pid, signal.SIGSTOP)
        try:
            with pytest.raises(DependencyUnavailable):
                impatient.search(vectors([1], 99)[0] / 2, 30)
            with pytest.raises(DependencyUnavailable):
                impatient.rows(np.arange(3))
            with pytest.raises(UNANSWERED):
                stored.keys()
            with pytest.raises(UNANSWERED):
                stored.serve()
        finally:
            os.kill(server.pid, signal.SIGCONT)
        assert found_again(loaded) == before


def _same(changed: Catalogue, merged: Catalogue) -> np.ndarray[tuple[int], np.dtype[np.intp]]:
    """Row numbers before the merge of all products in the order after it."""
    ids = [merged.index.id_of(row) for row in range(N - 1)]
    return np.array([changed.index.number_of(one) for one in ids], np.intp)
