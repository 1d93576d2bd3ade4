"""The crash loop of `make chaos ARGS="--crash"`, in short."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.chaos.crash import kill_in_turn

STORES = [("redis", "writer", "retriever")]
EACH = [("loader", "encoder", "retriever"), ("redis", "writer"), ("launcher",)]


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    "rounds",
    [pytest.param(STORES, id="stores"), pytest.param(EACH, id="each", marks=pytest.mark.long)],
)
async def test_processes_are_killed_under_changes_and_nothing_acknowledged_is_lost(
    tmp_path: Path, rounds: list[tuple[str, ...]]
) -> None:
    assert await kill_in_turn(tmp_path, rounds, seed=1) == []
