"""Checks before a start: the catalogue, the disk, and Redis' own options."""

from __future__ import annotations

from pathlib import Path

import pytest

from services.launcher.folders import Folders
from services.launcher.preflight import CannotRun, need_catalogue, need_disk_space
from services.launcher.redis_server import redis_program
from services.launcher.settings import LauncherSettings


def test_a_missing_catalogue_is_named(tmp_path: Path) -> None:
    with pytest.raises(CannotRun, match=r"none\.csv"):
        need_catalogue(LauncherSettings(catalog=str(tmp_path / "none.csv")))


def test_a_catalogue_may_be_a_folder(tmp_path: Path) -> None:
    need_catalogue(LauncherSettings(catalog=str(tmp_path)))


def test_an_address_is_kept_as_it_is_typed(tmp_path: Path) -> None:
    address = "HTTPS://shop.example//export/feed.csv?token=a%2Fb"
    remote = LauncherSettings(catalog=address, state_dir=tmp_path)
    need_catalogue(remote)
    assert remote.catalog == address
    folder = Folders.of(remote).state
    assert folder.name.startswith("shop.example-")
    assert folder == Folders.of(LauncherSettings(catalog=address, state_dir=tmp_path)).state
    other = LauncherSettings(catalog=address + "2", state_dir=tmp_path)
    assert folder != Folders.of(other).state


def test_a_full_disk_is_reported_in_megabytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda _: type("Usage", (), {"free": 5_000_000}))
    with pytest.raises(CannotRun, match="5 MB are free"):
        need_disk_space(tmp_path)


def test_redis_is_told_to_save_in_words_that_every_version_takes(tmp_path: Path) -> None:
    command = redis_program(1234, tmp_path / "redis", tmp_path / "redis.log").command
    at = list(command).index("--save")
    assert list(command)[at + 1 : at + 3] == ["60", "1"]
