"""The page is deployed to its host over FTPS or SSH in one step, and rolled back.

The hosts: strict servers of our own, and the ones that cPanel runs where this machine has them.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from deploy.operations.page import build_files, deploy, rollback
from deploy.operations.remote import PageSettings, Remote, Unusable, open_remote
from tests.support.page_hosts import FOLDER, PASSWORD, ftps_host, ssh_host
from tests.support.page_servers import HAS_PURE_FTPD, HAS_SSHD, openssh, pure_ftpd

Host = tuple[dict[str, str], Path]
HOSTS: dict[str, Callable[[Path], AbstractContextManager[dict[str, str]]]] = {
    "ftps": ftps_host,
    "ssh": ssh_host,
    "pure-ftpd": pure_ftpd,
    "openssh": openssh,
}


@pytest.fixture(
    params=[
        "ftps",
        "ssh",
        pytest.param(
            "pure-ftpd",
            marks=pytest.mark.skipif(not HAS_PURE_FTPD, reason="no pure-ftpd here, or not root"),
        ),
        pytest.param(
            "openssh", marks=pytest.mark.skipif(not HAS_SSHD, reason="there is no sshd here")
        ),
    ]
)
def host(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Host]:
    """The settings that lead to a host, and the folder that it serves."""
    with HOSTS[request.param](tmp_path) as settings:
        yield settings, tmp_path / "home" / FOLDER


def build(word: str) -> dict[str, bytes]:
    """A built page; all but one of its assets are its own."""
    return {
        ".htaccess": f"# rules of {word}".encode(),
        "assets/common-0.svg": b"<svg/>",
        f"assets/index-{word}.js": f"say('{word}')".encode(),
        "index.html": f'<script src="/assets/index-{word}.js"></script>'.encode(),
        "icons/favicon.svg": f"<svg id='{word}'/>".encode(),
    }


def on(host: Host) -> AbstractContextManager[Remote]:
    settings = {name.removeprefix("PAGE_").lower(): value for name, value in host[0].items()}
    return open_remote(PageSettings.model_validate(settings))


def served(folder: Path) -> dict[str, bytes]:
    """Files for a visitor; names that begin with a dot belong to the host."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
        and not any(
            part.startswith(".") and part != ".htaccess" for part in path.relative_to(folder).parts
        )
    }


def test_what_is_sent_is_what_is_served(host: Host) -> None:
    with on(host) as remote:
        deploy(remote, build("one"))
    assert served(host[1]) == build("one")


def test_a_new_build_takes_over_while_assets_of_the_one_before_stay(host: Host) -> None:
    with on(host) as remote:
        for word in ("one", "two", "three"):
            deploy(remote, build(word))
    assert served(host[1]) == {
        **build("three"),
        "assets/index-two.js": build("two")["assets/index-two.js"],
    }


def test_the_build_before_is_served_again_and_after_that_the_newer_one(host: Host) -> None:
    with on(host) as remote:
        deploy(remote, build("one"))
        deploy(remote, build("two"))
        rollback(remote)
        back = {name: served(host[1])[name] for name in build("one")}
        assert back == build("one")
        rollback(remote)
    forth = {name: served(host[1])[name] for name in build("two")}
    assert forth == build("two")


def test_there_is_nothing_to_go_back_to_after_the_first(host: Host) -> None:
    with on(host) as remote:
        deploy(remote, build("one"))
        with pytest.raises(LookupError, match="no earlier build"):
            rollback(remote)


class Cut(Exception):
    """The connection broke."""


class CutAt:
    """A remote whose connection breaks when `index.html` is about to be moved into place."""

    def __init__(self, remote: Remote) -> None:
        self._remote = remote

    def read(self, path: str) -> bytes | None:
        return self._remote.read(path)

    def write(self, path: str, data: bytes) -> None:
        self._remote.write(path, data)

    def rename(self, old: str, new: str) -> None:
        if new == "index.html":
            raise Cut
        self._remote.rename(old, new)

    def delete(self, path: str) -> None:
        self._remote.delete(path)

    def names(self, folder: str) -> set[str]:
        return self._remote.names(folder)


def test_a_deployment_that_is_cut_leaves_the_old_page_and_the_next_one_mends_it(
    host: Host,
) -> None:
    with on(host) as remote:
        deploy(remote, build("one"))
        with pytest.raises(Cut):
            deploy(CutAt(remote), build("two"))
        for name in ("index.html", "assets/index-one.js"):
            assert served(host[1])[name] == build("one")[name]
        deploy(remote, build("two"))
    assert {name: served(host[1])[name] for name in build("two")} == build("two")


def command(word: str, surroundings: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PAGE_")}
    return subprocess.run(
        [sys.executable, "-m", "deploy.operations.page", word],
        env={**clean, **surroundings},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_command_reads_the_way_from_its_surroundings_and_shows_no_secret(host: Host) -> None:
    done = command("rollback", host[0])
    assert done.returncode == 1
    assert "no earlier build" in done.stderr
    assert PASSWORD not in done.stdout + done.stderr


def test_a_host_that_is_not_the_one_known_is_refused(host: Host) -> None:
    strange = {**host[0]}
    if "PAGE_KNOWN_HOSTS" in strange:
        strange["PAGE_KNOWN_HOSTS"] = strange["PAGE_KNOWN_HOSTS"].replace("127.0.0.1", "10.0.0.1")
    else:
        del strange["PAGE_CA_FILE"]
    done = command("rollback", strange)
    assert done.returncode == 1
    assert "error: " in done.stderr
    assert "Traceback" not in done.stderr


def test_settings_that_name_no_way_or_two_are_refused() -> None:
    with pytest.raises(Unusable, match="either"):
        open_remote(PageSettings(host="h", user="u"))
    done = command("deploy", {"PAGE_HOST": "h"})
    assert done.returncode == 1
    assert "PAGE_USER" in done.stderr


def test_a_build_without_an_index_is_none(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="no built page"):
        build_files(tmp_path)
