"""A Milvus for a module's tests: the embedded Lite, and a server where there is one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.unit.retriever.engines import MILVUS


@pytest.fixture(scope="module", params=MILVUS)
def uri(request: pytest.FixtureRequest) -> Iterator[str]:
    """Its address."""
    with request.param() as address:
        yield address
