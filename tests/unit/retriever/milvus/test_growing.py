"""Answers of a Milvus server that has indexed its rows, before and after many changes."""

from __future__ import annotations

import numpy as np
import pytest

from services.retriever.catalogue.catalogue import Catalogue
from services.retriever.index import IndexChoice
from services.retriever.index.milvus import MilvusIndex
from tests.support.milvus_server import PYTHON, milvus_server
from tests.unit.retriever.engines import choice_at
from tests.unit.retriever.milvus.shop import catalogue, put, vectors

N = 2_000
"""More than the 1,024 rows from which on Milvus indexes a segment."""
CHANGED = 18_000
"""With so many rows that are not sealed, Milvus' interim index lost a third of the best 20."""

pytestmark = pytest.mark.skipif(
    not PYTHON, reason="the server has an environment of its own: `make test-milvus`"
)


def found(one: Catalogue) -> list[list[str]]:
    """The best 20 of each of some queries."""
    ranked = (one.index.search(vectors([seed], 99)[0] / 2, 20) for seed in range(20))
    return [[one.index.id_of(row) for row in hits.rows.tolist()] for hits in ranked]


def test_indexed_rows_and_many_changes_lose_no_product() -> None:
    here = catalogue(IndexChoice("exact"), N)
    with milvus_server() as server, choice_at(server.uri) as choice:
        there = catalogue(choice, N)
        assert isinstance(there.index.base, MilvusIndex)
        assert there.index.base.stored.collection.scan.kind == "SCANN"
        assert found(there) == found(here)
        gone = np.unique([int(one[2:]) for ids in found(here) for one in ids[:5]]).tolist()
        here, there = (put(one, range(N, N + CHANGED), 1, *gone) for one in (here, there))
        here, there = here.merged(), there.merged()
        assert found(there) == found(here)
