from __future__ import annotations

import fcntl
import socket
from pathlib import Path

import pytest

from services.launcher.preflight import CannotRun, bind, held, need_catalogue, need_disk_space
from services.launcher.redis_server import redis_program
from services.launcher.settings import LauncherSettings
from services.launcher.stack import SERVICES, Folders, environment


def settings(**values: object) -> LauncherSettings:
    return LauncherSettings.model_validate(values)


def test_a_missing_catalogue_is_named(tmp_path: Path) -> None:
    with pytest.raises(CannotRun, match=r"none\.csv"):
        need_catalogue(tmp_path / "none.csv")


def test_a_catalogue_may_be_a_folder(tmp_path: Path) -> None:
    need_catalogue(tmp_path)


def test_a_full_disk_is_told_in_megabytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda _: type("Usage", (), {"free": 5_000_000}))
    with pytest.raises(CannotRun, match="5 MB are free"):
        need_disk_space(tmp_path)


def test_a_folder_is_held_by_one_run_and_no_file_stays_behind(tmp_path: Path) -> None:
    with held(tmp_path), pytest.raises(CannotRun, match="another run"), held(tmp_path):
        pytest.fail("two runs hold one folder")
    with held(tmp_path):
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_folder_made_for_nothing_is_removed_with_those_above_it(tmp_path: Path) -> None:
    folder = tmp_path / "state" / "catalogue"
    with held(folder):
        assert folder.is_dir()
    assert list(tmp_path.iterdir()) == []


def test_a_folder_with_content_or_from_before_stays(tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    old.mkdir()
    with held(old), held(new):
        (new / "data").touch()
    assert old.is_dir()
    assert (new / "data").exists()


def test_a_folder_removed_between_opening_and_locking_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise the lock would be on a folder that no longer exists."""
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
        with pytest.raises(CannotRun), held(folder):
            pytest.fail("two runs hold one folder")
    assert calls == 3


def test_a_taken_port_is_named() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(CannotRun, match=f"port {port}"):
            bind(settings(port=port))


def test_every_service_is_told_its_socket_and_its_neighbours(tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    asked = settings(port=port, state_dir=tmp_path)
    listeners = bind(asked)
    try:
        values = environment(asked, Folders.of(asked), listeners)
        assert listeners.url("gateway") == f"http://127.0.0.1:{port}"
        for name in SERVICES:
            descriptor = listeners.by_service[name].fileno()
            assert values[f"{name.upper()}_LISTEN_FD"] == str(descriptor)
        assert values["GATEWAY_ENCODER_URL"] == listeners.url("encoder")
        assert values["PIPELINE_ENCODER_URL"] == listeners.url("encoder")
    finally:
        listeners.close()


def test_each_catalogue_and_model_has_a_folder_of_its_own(tmp_path: Path) -> None:
    one = Folders.of(settings(state_dir=tmp_path, catalog="a/products.csv"))
    same = Folders.of(settings(state_dir=tmp_path, catalog="./a/products.csv"))
    other = Folders.of(settings(state_dir=tmp_path, catalog="b/products.csv"))
    model = Folders.of(settings(state_dir=tmp_path, catalog="a/products.csv", model="ViT-B/32"))
    assert one == same
    assert len({one.state, other.state, model.state}) == 3


def test_redis_is_told_to_save_in_words_that_every_version_takes(tmp_path: Path) -> None:
    command = redis_program(1234, tmp_path / "redis", tmp_path / "redis.log").command
    at = list(command).index("--save")
    assert list(command)[at + 1 : at + 3] == ["60", "1"]
