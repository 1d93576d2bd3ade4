from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml  # type: ignore[import-untyped]

from services.pipeline.errors import DataAway
from services.pipeline.tracking.data_sharing import DataSettings, share
from services.pipeline.tracking.data_version import data_version
from tests.support.tracked_files import ROOT, tracked


def _dvc(folder: Path, *arguments: str) -> str:
    command = [sys.executable, "-m", "dvc", *arguments]
    return subprocess.run(
        command, cwd=folder, check=True, capture_output=True, text=True, timeout=240
    ).stdout


def _digests(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data repository with a catalogue in it, under DVC with this project's own settings."""
    folder = tmp_path_factory.mktemp("made")
    (folder / ".dvc").mkdir(parents=True)
    shutil.copy(ROOT / ".dvc" / "config", folder / ".dvc")
    _dvc(folder, "config", "core.no_scm", "true")
    (folder / "shop" / "images").mkdir(parents=True)
    (folder / "shop" / "products.csv").write_text("product_id,title\na,Alpha\n")
    (folder / "shop" / "images" / "a.png").write_bytes(bytes(range(256)) * 40)
    return folder


@pytest.fixture
def repository(made: Path, tmp_path: Path) -> Path:
    """A copy of it, which a test may change."""
    return shutil.copytree(made, tmp_path / "repository", symlinks=True)


def test_data_that_were_pushed_come_back_the_same_after_a_wipe(
    repository: Path, tmp_path: Path
) -> None:
    settings = DataSettings(remote=str(tmp_path / "remote"))
    before = _digests(repository / "shop")

    _dvc(repository, "add", "shop")
    share("push", settings, repository)
    shutil.rmtree(repository / "shop")
    shutil.rmtree(repository / ".dvc" / "cache")
    share("pull", settings, repository)

    assert _digests(repository / "shop") == before


def test_a_folder_that_dvc_tracks_is_known_by_dvcs_own_hash_until_it_changes(
    repository: Path,
) -> None:
    shop = repository / "shop"
    for name in ("a-b.txt", "a/z", "images/ü.png", "Z"):
        (shop / name).parent.mkdir(exist_ok=True)
        (shop / name).write_text(name)
    _dvc(repository, "add", "shop")
    (out,) = yaml.safe_load((repository / "shop.dvc").read_text())["outs"]

    assert data_version(shop / "products.csv") == f"dvc:{out['md5']}"
    assert data_version(shop) == f"dvc:{out['md5']}"
    (shop / "images" / "a.png").chmod(0o644)
    (shop / "images" / "a.png").write_bytes(b"another picture")
    assert data_version(shop / "products.csv").startswith("sha256:")


@pytest.mark.parametrize(
    ("remote", "lacks"),
    [(None, "DATA_REMOTE"), ("gdrive://folder", "GDRIVE_CREDENTIALS_DATA")],
)
def test_what_a_newcomer_lacks_is_said_in_one_line(
    remote: str | None, lacks: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("DATA_REMOTE", "GDRIVE_CREDENTIALS_DATA"):
        monkeypatch.delenv(name, raising=False)

    with pytest.raises(DataAway, match=lacks) as told:
        share("pull", DataSettings(remote=remote), tmp_path)

    assert "\n" not in str(told.value)
    assert "data/sample needs no remote" in str(told.value)


def test_a_remote_that_has_not_the_data_is_told_in_one_line(
    repository: Path, tmp_path: Path
) -> None:
    _dvc(repository, "add", "shop")
    shutil.rmtree(repository / "shop")
    shutil.rmtree(repository / ".dvc" / "cache")

    with pytest.raises(DataAway, match=r"^data pull: .* targets: shop\. .*needs no remote\.$"):
        share("pull", DataSettings(remote=str(tmp_path / "empty")), repository)


def test_a_catalogue_is_pulled_before_anybody_has_run_the_stages(
    repository: Path, tmp_path: Path
) -> None:
    """As in a fresh clone: dvc.yaml is in git, and dvc.lock is not."""
    stage = {"cmd": "python", "outs": ["made.csv"]}
    (repository / "dvc.yaml").write_text(yaml.safe_dump({"stages": {"make": stage}}))
    settings = DataSettings(remote=str(tmp_path / "remote"))
    with pytest.raises(DataAway, match="no data to fetch"):
        share("pull", settings, repository)

    _dvc(repository, "add", "shop")
    before = _digests(repository / "shop")
    share("push", settings, repository)
    shutil.rmtree(repository / "shop")
    shutil.rmtree(repository / ".dvc" / "cache")
    share("pull", settings, repository)
    assert _digests(repository / "shop") == before


def test_the_address_of_a_folders_page_is_refused_with_advice(tmp_path: Path) -> None:
    page = "https://drive.google.com/drive/folders/1AbC?usp=sharing"
    with pytest.raises(DataAway, match="gdrive://FOLDER_ID"):
        share("push", DataSettings(remote=page), tmp_path)


def test_the_id_of_a_folder_alone_is_refused_and_nothing_is_left_in_a_folder_of_its_name(
    tmp_path: Path,
) -> None:
    with pytest.raises(DataAway, match="gdrive://1AbC if"):
        share("push", DataSettings(remote="1AbC"), tmp_path)


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="DVC asks for a Git repository")
def test_the_stages_go_from_the_file_to_what_is_published_without_telling_anybody() -> None:
    stages = _dvc(ROOT, "stage", "list", "--name-only").split()

    assert stages == ["features", "halves", "train", "evaluate", "publish"]
    assert _dvc(ROOT, "config", "core.analytics").strip() == "false"
    assert _dvc(ROOT, "config", "core.check_update").strip() == "false"


def test_what_the_stages_depend_on_is_there_in_a_fresh_clone() -> None:
    pipeline = yaml.safe_load((ROOT / "dvc.yaml").read_text(encoding="utf-8"))
    variables = {f"${{{name}}}": value for name, value in pipeline["vars"][0].items()}
    stages = pipeline["stages"].values()
    made = {
        path
        for stage in stages
        for kind in ("outs", "metrics", "plots")
        for one in stage.get(kind, ())
        for path in ([one] if isinstance(one, str) else one)
    }
    needed = {variables.get(path, path) for stage in stages for path in stage["deps"]}
    files = [one.relative_to(ROOT).as_posix() for one in tracked(*sorted(needed - made))]

    assert {
        path
        for path in needed - made
        if not any(file == path or file.startswith(f"{path}/") for file in files)
    } == set()
