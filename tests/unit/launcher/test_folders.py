"""State folders: one for each catalogue and model, held by one process, never left empty."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml  # type: ignore[import-untyped]

from services.launcher.folders import FEATURE_STORE, Folders, InUse, held
from services.launcher.preflight import CannotRun
from services.launcher.settings import LauncherSettings


def settings(**values: object) -> LauncherSettings:
    return LauncherSettings.model_validate(values)


def test_each_catalogue_and_model_has_its_own_folder(tmp_path: Path) -> None:
    one = Folders.of(settings(state_dir=tmp_path, catalog="a/products.csv"))
    same = Folders.of(settings(state_dir=tmp_path, catalog="./a/products.csv"))
    others = [
        Folders.of(settings(state_dir=tmp_path, catalog="b/products.csv")),
        Folders.of(settings(state_dir=tmp_path, catalog="a/products.csv", model="ViT-B/32")),
    ]
    assert one == same
    assert len({one.state, *(other.state for other in others)}) == 3


def test_a_folder_is_held_by_one_process_and_no_lock_file_is_left(tmp_path: Path) -> None:
    with held(tmp_path), pytest.raises(InUse, match="another run"), held(tmp_path):
        pytest.fail("two processes hold one folder")
    with held(tmp_path):
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_folder_made_in_vain_is_removed_with_those_above_it(tmp_path: Path) -> None:
    folder = tmp_path / "state" / "catalogue"
    with held(folder):
        assert folder.is_dir()
    assert list(tmp_path.iterdir()) == []


def test_a_folder_with_content_or_from_before_is_kept(tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    old.mkdir()
    with held(old), held(new):
        (new / "data").touch()
    assert old.is_dir()
    assert (new / "data").exists()


def test_a_folder_that_is_removed_while_another_process_waits_for_it_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other process has opened the folder already: what it locks would be no folder at all."""
    import fcntl

    folder = tmp_path / "state"
    folder.mkdir()
    real, calls = fcntl.flock, 0

    def flock(descriptor: int, how: int) -> None:
        nonlocal calls
        calls += 1
        if calls == 1:
            folder.rmdir()
        real(descriptor, how)

    monkeypatch.setattr(fcntl, "flock", flock)
    with held(folder):
        (folder / "data").touch()
        with pytest.raises(InUse), held(folder):
            pytest.fail("two processes hold one folder")
    assert calls == 3


def test_the_feature_store_is_the_shared_one_with_its_variables_filled_in(tmp_path: Path) -> None:
    folders = Folders(tmp_path)
    folders.write_feature_store("127.0.0.1:4321")
    written = yaml.safe_load((tmp_path / "feature_store.yaml").read_text())
    shared = yaml.safe_load(FEATURE_STORE.read_text())
    assert written["project"] == shared["project"] == "multimodal_search"
    assert written["online_store"]["connection_string"] == "127.0.0.1:4321"
    assert "${" not in (tmp_path / "feature_store.yaml").read_text()
    assert folders.redis_port() == 4321


def test_a_state_folder_of_a_newer_release_is_refused(tmp_path: Path) -> None:
    folders = Folders(tmp_path)
    folders.need_known_format()
    folders.write_format()
    folders.need_known_format()
    (tmp_path / "format").write_text("99\n")
    with pytest.raises(CannotRun, match="has format 99, and this release reads formats up to 2"):
        folders.need_known_format()
