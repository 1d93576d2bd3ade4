"""A deployment to a Space serves the new version, or restores the old one and says why."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.operations.space import public_url
from deploy.operations.space_tree import write_tree
from tests.support.hub_server import SPACE, TOKEN, Hub, Tree, hub_server

FRONT = "---\nsdk: docker\napp_port: 7860\n---\n"
BEFORE: Tree = {
    "README.md": f"{FRONT}the old one".encode(),
    "behaviour": b"serves",
    "model.safetensors": b"\0old weights\0",
    "only-in-the-old-one": b"x",
}


@pytest.fixture
def hub() -> Iterator[tuple[Hub, str]]:
    with hub_server(dict(BEFORE)) as running:
        yield running


def new_version(folder: Path, behaviour: str) -> Path:
    tree = folder / "tree"
    (tree / "images").mkdir(parents=True)
    (tree / "README.md").write_text(f"{FRONT}the new one")
    (tree / "behaviour").write_text(behaviour)
    (tree / "images" / "mug.webp").write_bytes(b"\0new picture\0")
    return tree


def deployed(
    url: str, home: Path, *options: str, token: str = TOKEN
) -> subprocess.CompletedProcess[str]:
    """The command against that Hub; large files go over Git LFS, which the stand-in speaks."""
    return subprocess.run(
        [
            *(sys.executable, "-m", "deploy.operations.space", "deploy", SPACE, "--url", url),
            *("--revision", "abc", "--poll", "0.01", "--patience", "60", *options),
        ],
        env={
            **os.environ,
            "HF_ENDPOINT": url,
            "HF_TOKEN": token,
            "HF_HOME": str(home / "hub"),
            "HF_HUB_DISABLE_XET": "1",
        },
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_version_that_serves_takes_the_place_of_every_file_in_one_commit(
    hub: tuple[Hub, str], tmp_path: Path
) -> None:
    state, url = hub
    done = deployed(url, tmp_path, "--tree", str(new_version(tmp_path, "serves")))
    assert done.returncode == 0, done.stderr
    assert state.messages == ["The first one", "Deploy abc"]
    assert state.tree == {
        "README.md": f"{FRONT}the new one".encode(),
        "behaviour": b"serves",
        "images/mug.webp": b"\0new picture\0",
    }
    assert "stage BUILDING" in done.stdout
    assert TOKEN not in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("behaviour", "reason"),
    [("broken build", "BUILD_ERROR: exit code 1"), ("finds nothing", "the smoke test failed")],
)
def test_a_version_that_does_not_serve_is_taken_back_and_the_command_says_why(
    hub: tuple[Hub, str], tmp_path: Path, behaviour: str, reason: str
) -> None:
    state, url = hub
    done = deployed(url, tmp_path, "--tree", str(new_version(tmp_path, behaviour)))
    assert done.returncode == 1
    assert state.tree == BEFORE
    assert reason in done.stderr
    assert "was restored and serves" in done.stderr


def test_when_the_version_before_does_not_serve_either_both_reasons_are_told(
    tmp_path: Path,
) -> None:
    with hub_server({**BEFORE, "behaviour": b"finds nothing"}) as (state, url):
        done = deployed(url, tmp_path, "--tree", str(new_version(tmp_path, "broken build")))
        assert done.returncode == 1
        assert "BUILD_ERROR" in done.stderr
        assert "does not serve either" in done.stderr
        assert state.tree["behaviour"] == b"finds nothing"


def test_what_git_tracks_is_what_is_sent(hub: tuple[Hub, str], tmp_path: Path) -> None:
    state, url = hub
    done = deployed(url, tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert {"Dockerfile", "README.md", ".huggingface.yml", "requirements.lock"} <= set(state.tree)
    assert state.tree["README.md"].startswith(b"---\n")
    assert not [name for name in state.tree if name.startswith((".git/", ".state", "tests/"))]


def test_a_refused_token_is_one_line_and_changes_nothing(
    hub: tuple[Hub, str], tmp_path: Path
) -> None:
    state, url = hub
    done = deployed(url, tmp_path, token="wrong")
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"error: {url} refused: ")
    assert state.messages == ["The first one"]


def test_a_missing_token_is_named_before_anything_is_asked(tmp_path: Path) -> None:
    done = deployed("http://127.0.0.1:1", tmp_path, token="")
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith("error: HF_TOKEN is not set.")


@pytest.mark.parametrize("endpoint", ["http://127.0.0.1:1", "https://hub.invalid"])
def test_without_a_network_the_command_ends_in_one_line(endpoint: str, tmp_path: Path) -> None:
    done = deployed(endpoint, tmp_path, "--tree", str(new_version(tmp_path, "serves")))
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"error: {endpoint} does not answer: ")
    assert line.endswith("Check the network and try again.")


def test_a_request_that_fails_while_the_space_builds_is_repeated(
    hub: tuple[Hub, str], tmp_path: Path
) -> None:
    state, url = hub
    state.outages = 2
    done = deployed(url, tmp_path, "--tree", str(new_version(tmp_path, "serves")))
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("trying again") == 2


def test_the_tree_is_written_into_an_empty_folder_only(tmp_path: Path) -> None:
    (tmp_path / "something").touch()
    with pytest.raises(FileExistsError):
        write_tree(tmp_path)


def test_a_space_is_served_where_hugging_face_serves_it() -> None:
    assert public_url("Shop_1/search.eu") == "https://shop-1-search-eu.hf.space"
