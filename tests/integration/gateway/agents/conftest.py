"""One real stack for all tests of a module."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.agents_stack import agents_stack
from tests.support.whole_stack import WholeStack


@pytest.fixture(scope="package")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WholeStack]:
    with agents_stack(tmp_path_factory.mktemp("agents")) as running:
        yield running
