"""Files that survive a loss of power: their names, and those of new folders, are synced."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from services.common import durable_files
from services.common.durable_files import rename_durably, sync_folder, write_durably


def _renamed(path: Path) -> None:
    draft = path.parents[2] / "draft"
    draft.write_bytes(b"x")
    rename_durably(draft, path)


def _written(path: Path) -> None:
    write_durably(path, b"x")


@pytest.mark.parametrize("put", [_renamed, _written])
def test_new_folders_are_synced_into_those_above(
    put: Callable[[Path], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[Path] = []

    def record(folder: Path) -> None:
        synced.append(folder)
        sync_folder(folder)

    monkeypatch.setattr(durable_files, "sync_folder", record)
    path = tmp_path / "new" / "deep" / "file"
    put(path)
    assert path.read_bytes() == b"x"
    assert synced == [tmp_path, tmp_path / "new", tmp_path / "new" / "deep"]
    synced.clear()
    put(path)
    assert synced == [tmp_path / "new" / "deep"]
