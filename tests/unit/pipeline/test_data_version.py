"""Which data a run had: DVC's word where there is one."""

from __future__ import annotations

import hashlib
from pathlib import Path

from services.pipeline.tracking.data_version import data_version


def test_a_file_that_dvc_does_not_know_is_known_by_its_content(tmp_path: Path) -> None:
    feed = tmp_path / "feed.csv"
    feed.write_bytes(b"id,title\n")
    assert data_version(feed) == f"sha256:{hashlib.sha256(b'id,title' + bytes([10])).hexdigest()}"


def test_a_folder_is_known_by_all_that_is_in_it(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "x").write_text("1")
    before = data_version(tmp_path)
    assert data_version(tmp_path) == before
    (tmp_path / "a" / "x").rename(tmp_path / "a" / "y")
    renamed = data_version(tmp_path)
    (tmp_path / "a" / "y").write_text("2")
    assert len({before, renamed, data_version(tmp_path)}) == 3


def test_a_file_or_a_folder_under_dvc_is_known_by_dvcs_hash(tmp_path: Path) -> None:
    folder = tmp_path / "raw"
    folder.mkdir()
    for name in ("feed.csv", "other.csv"):
        (folder / name).write_text("id,title\n")
    (tmp_path / "raw.dvc").write_text("outs:\n- md5: abc.dir\n  path: raw\n")
    (folder / "feed.csv.dvc").write_text("outs:\n- md5: def\n  path: feed.csv\n")
    assert data_version(folder / "feed.csv") == "dvc:def"
    assert data_version(folder / "other.csv") == "dvc:abc.dir"


def test_what_a_stage_made_or_read_is_known_by_the_lock(tmp_path: Path) -> None:
    (tmp_path / "made").mkdir()
    (tmp_path / "made" / "feed.csv").write_text("")
    (tmp_path / "read.csv").write_text("")
    (tmp_path / "dvc.lock").write_text(
        "schema: '2.0'\nstages:\n  make:\n    cmd: x\n"
        "    deps:\n    - path: read.csv\n      md5: one\n"
        "    outs:\n    - path: made\n      md5: two.dir\n"
    )
    assert data_version(tmp_path / "made" / "feed.csv") == "dvc:two.dir"
    assert data_version(tmp_path / "read.csv") == "dvc:one"
