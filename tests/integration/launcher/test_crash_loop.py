"""The crash loop of `make chaos ARGS="--crash"`, in short."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.chaos.crash import kill_each_once


@pytest.mark.timeout(600)
async def test_each_process_is_killed_under_changes_and_nothing_acknowledged_is_lost(
    tmp_path: Path,
) -> None:
    assert await kill_each_once(tmp_path, seed=1) == []
