"""A release lists the changes since the previous one, and has the version that it states."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from deploy.operations.changelog import NotThisVersion, changelog


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Two releases of three changes."""

    def git(*words: str) -> None:
        who = ("-c", "user.name=n", "-c", "user.email=n@example.org", "-c", "commit.gpgsign=false")
        subprocess.run(["git", *who, *words], cwd=tmp_path, check=True, capture_output=True)

    git("init", "-q")
    for subject, tag in (
        ("Begin", "v0.9.0"),
        ("Find by words", ""),
        ("Find by picture", "v0.10.0"),
    ):
        git("commit", "-q", "--allow-empty", "-m", subject)
        if tag:
            git("tag", tag)
    return tmp_path


def test_it_lists_the_changes_since_the_release_before(repository: Path) -> None:
    text = changelog("v0.10.0", repository, "0.10.0")
    assert text.startswith("## v0.10.0\n\nChanges, since v0.9.0:\n")
    lines = [line.rpartition(" (")[0] for line in text.splitlines() if line.startswith("- ")]
    assert lines == ["- Find by picture", "- Find by words"]


def test_the_first_release_lists_all_of_it(repository: Path) -> None:
    assert "all of it" in changelog("v0.9.0", repository, "0.9.0")


@pytest.mark.parametrize(
    ("tag", "version", "reason"),
    [
        ("0.10.0", "0.10.0", "is no version"),
        ("v0.10.0", "0.9.0", "the code says it is version 0.9.0"),
        ("v0.11.0", "0.11.0", "v0.11.0"),
    ],
)
def test_a_tag_that_does_not_fit_is_refused(
    repository: Path, tag: str, version: str, reason: str
) -> None:
    with pytest.raises(NotThisVersion, match=reason):
        changelog(tag, repository, version)
