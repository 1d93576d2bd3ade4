"""Data version of a run: DVC's record, if there is one."""

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


def md5(content: str) -> str:
    return hashlib.md5(content.encode(), usedforsecurity=False).hexdigest()


def test_a_file_under_dvc_is_known_by_dvcs_hash_as_long_as_it_is_what_dvc_recorded(
    tmp_path: Path,
) -> None:
    feed, content = tmp_path / "feed.csv", "id,title\n"
    feed.write_text(content)
    (tmp_path / "feed.csv.dvc").write_text(f"outs:\n- md5: {md5(content)}\n  path: feed.csv\n")
    assert data_version(feed) == f"dvc:{md5(content)}"
    feed.write_text("id,title\na,Alpha\n")
    assert data_version(feed).startswith("sha256:")


def test_what_a_stage_made_or_read_is_known_by_the_lock(tmp_path: Path) -> None:
    (tmp_path / "made").mkdir()
    for name in ("made/feed.csv", "read.csv", "changed.csv"):
        (tmp_path / name).write_text(name)
    listed = f'[{{"md5": "{md5("made/feed.csv")}", "relpath": "feed.csv"}}]'
    (tmp_path / "dvc.lock").write_text(
        "schema: '2.0'\nstages:\n  make:\n    cmd: x\n"
        f"    deps:\n    - path: read.csv\n      md5: {md5('read.csv')}\n"
        f"    - path: changed.csv\n      md5: {md5('as it was')}\n"
        "    - path: gone\n      md5: abc.dir\n"
        f"    outs:\n    - path: made\n      md5: {md5(listed)}.dir\n"
    )
    assert data_version(tmp_path / "made" / "feed.csv") == f"dvc:{md5(listed)}.dir"
    assert data_version(tmp_path / "read.csv") == f"dvc:{md5('read.csv')}"
    # As while the stage runs that reads it: the lock is of the run before.
    assert data_version(tmp_path / "changed.csv").startswith("sha256:")
