"""Download of weights from a real HTTP server on loopback."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from services.encoder.fetch import WAITS_S, FetchFailed, fetch
from services.encoder.models import PUBLISHED, UnknownModel, find_model

CONTENT = bytes(range(256)) * 5_000
SOON = (0.01, 0.01)
SHA256 = hashlib.sha256(CONTENT).hexdigest()


class WeightsServer(ThreadingHTTPServer):
    """Serves CONTENT at any path; can cut answers, fail, ignore ranges, or give other bytes."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.content = CONTENT
        self.cut_after: int | None = None
        self.statuses: list[int] = []
        """Error statuses to answer with, before an answer is good."""
        self.knows_ranges = True
        self.asked: list[tuple[str, str | None]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    server: WeightsServer

    def do_GET(self) -> None:
        wanted = self.headers.get("Range")
        self.server.asked.append((self.path, wanted))
        if self.server.statuses:
            self.send_error(self.server.statuses.pop(0))
            return
        start = 0
        if wanted and self.server.knows_ranges:
            start = int(wanted.removeprefix("bytes=").rstrip("-"))
            if start >= len(self.server.content):
                self.send_error(416)
                return
        body = self.server.content[start:]
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: self.server.cut_after])

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[WeightsServer]:
    with WeightsServer() as running:
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        yield running
        running.shutdown()
        thread.join()


def nothing(_have: int, _total: int | None) -> None:
    """No progress to show."""


def test_a_file_is_fetched_checked_and_kept(server: WeightsServer, tmp_path: Path) -> None:
    seen: list[tuple[int, int | None]] = []
    target = tmp_path / "cache" / "clip.pt"
    for _ in range(2):
        fetch(f"{server.url}/clip.pt", target, SHA256, lambda *step: seen.append(step))
    assert target.read_bytes() == CONTENT
    assert len(server.asked) == 1
    assert seen[-1] == (len(CONTENT), len(CONTENT))
    assert [path.name for path in target.parent.iterdir()] == ["clip.pt"]


def test_a_cut_download_is_resumed_three_times_and_by_the_next_start(
    server: WeightsServer, tmp_path: Path
) -> None:
    target = tmp_path / "clip.pt"
    server.cut_after = 300_000
    with pytest.raises(FetchFailed, match="next start resumes"):
        fetch(f"{server.url}/clip.pt", target, SHA256, nothing, SOON)
    assert not target.exists()
    assert [wanted for _, wanted in server.asked] == [None, "bytes=300000-", "bytes=600000-"]

    fetch(f"{server.url}/clip.pt", target, SHA256, nothing, SOON)
    assert target.read_bytes() == CONTENT
    assert [wanted for _, wanted in server.asked[3:]] == ["bytes=900000-", "bytes=1200000-"]


def test_an_overloaded_server_is_asked_again(server: WeightsServer, tmp_path: Path) -> None:
    server.statuses = [503, 429]
    fetch(f"{server.url}/clip.pt", tmp_path / "clip.pt", SHA256, nothing, SOON)
    assert len(server.asked) == 3


def test_proxies_of_the_environment_that_the_address_does_not_need_are_no_trouble(
    server: WeightsServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALL_PROXY", "socks5://127.0.0.1:1")
    monkeypatch.setenv("NO_PROXY", "fe80::/10")
    with pytest.raises(FetchFailed, match="Set http_proxy"):
        fetch("http://weights.example/clip.pt", tmp_path / "clip.pt", SHA256, nothing, ())
    monkeypatch.setenv("HTTP_PROXY", server.url)
    fetch("http://weights.example/clip.pt", tmp_path / "clip.pt", SHA256, nothing, ())
    assert [path for path, _ in server.asked] == ["http://weights.example/clip.pt"]


def test_a_refusal_is_one_line_without_the_address_that_refused(
    server: WeightsServer, tmp_path: Path
) -> None:
    server.statuses = [403]
    with pytest.raises(FetchFailed) as failed:
        fetch(f"{server.url}/clip.pt", tmp_path / "clip.pt", SHA256, nothing, ())
    assert "(127.0.0.1 answered 403 Forbidden)" in str(failed.value)
    assert "\n" not in str(failed.value)


def test_a_file_that_is_not_there_is_asked_for_once(server: WeightsServer, tmp_path: Path) -> None:
    server.statuses = [404]
    with pytest.raises(FetchFailed, match="404"):
        fetch(f"{server.url}/clip.pt", tmp_path / "clip.pt", SHA256, nothing, SOON)
    assert len(server.asked) == 1


def test_the_pauses_grow_and_stay_short() -> None:
    assert list(WAITS_S) == sorted(WAITS_S)
    assert len(WAITS_S) == 2
    assert sum(WAITS_S) <= 5


def test_a_server_that_knows_no_ranges_is_read_from_the_start(
    server: WeightsServer, tmp_path: Path
) -> None:
    server.knows_ranges = False
    (tmp_path / "clip.pt.part").write_bytes(b"something half")
    fetch(f"{server.url}/clip.pt", tmp_path / "clip.pt", SHA256, nothing)
    assert (tmp_path / "clip.pt").read_bytes() == CONTENT


def test_a_wrong_checksum_is_named_and_the_file_thrown_away(
    server: WeightsServer, tmp_path: Path
) -> None:
    server.content = b"something else"
    with pytest.raises(FetchFailed, match=SHA256):
        fetch(f"{server.url}/clip.pt", tmp_path / "clip.pt", SHA256, nothing)
    assert list(tmp_path.iterdir()) == []


def test_a_file_damaged_on_disk_is_fetched_again(server: WeightsServer, tmp_path: Path) -> None:
    target = tmp_path / "clip.pt"
    target.write_bytes(b"rotten")
    fetch(f"{server.url}/clip.pt", target, SHA256, nothing)
    assert target.read_bytes() == CONTENT


def test_an_address_out_of_reach_says_where_to_put_the_file(tmp_path: Path) -> None:
    target = tmp_path / "clip.pt"
    with pytest.raises(FetchFailed, match=str(target)):
        fetch("http://127.0.0.1:1/clip.pt", target, SHA256, nothing, SOON)


def test_a_published_model_is_asked_for_at_the_address_that_holds_its_checksum(
    server: WeightsServer, tmp_path: Path
) -> None:
    with pytest.raises(FetchFailed, match="SHA-256"):
        find_model("ViT-B/32", cache=tmp_path, base_url=server.url, hub_url=None, progress=nothing)
    assert server.asked[0][0] == f"/{PUBLISHED['ViT-B/32'].sha256}/ViT-B-32.pt"


def test_a_local_file_is_known_by_its_content(tmp_path: Path) -> None:
    path = tmp_path / "own.pt"
    path.write_bytes(CONTENT)
    found = find_model(str(path), cache=tmp_path, base_url="", hub_url=None, progress=nothing)
    assert (found.files, found.sha256, found.layout) == ((path,), SHA256, "openai")


def test_a_name_that_stands_for_nothing_lists_what_would(tmp_path: Path) -> None:
    with pytest.raises(UnknownModel, match="ViT-B/32"):
        find_model("ViT-Z/99", cache=tmp_path, base_url="", hub_url=None, progress=nothing)
