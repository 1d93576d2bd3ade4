"""A feed by its address, from a real server that behaves as servers do."""

from __future__ import annotations

import gzip
import io
import zipfile
from collections.abc import Iterator
from ipaddress import ip_network
from pathlib import Path

import pytest

from services.pipeline.errors import FeedUnusable
from services.pipeline.feeds import FeedOptions, open_feed
from services.pipeline.pictures.feed_download import download_feed, is_address
from services.pipeline.settings import PipelineSettings
from tests.support.picture_server import Answer, Asked, PictureServer

CSV = b"id,title,price\n1,Mug,9.90\n2,Cup,4.90\n"
XML = (
    b'<rss xmlns:g="http://base.google.com/ns/1.0"><channel>'
    b"<item><g:id>1</g:id><g:title>Mug</g:title></item></channel></rss>"
)
PAGE = b"\n<!-- cms --><!DOCTYPE HTML><html><body>Log in</body></html>"
TAGGED = {"ETag": '"v1"', "Content-Type": "text/csv"}


@pytest.fixture
def server() -> Iterator[PictureServer]:
    with PictureServer().running() as one:
        yield one


@pytest.fixture
def settings(tmp_path: Path) -> PipelineSettings:
    (tmp_path / "store").mkdir()
    return PipelineSettings(
        feature_store=tmp_path / "store",
        download_networks=(ip_network("127.0.0.0/8"),),
        download_rate=1000,
        download_timeout_s=2,
        max_feed_bytes=100_000,
    )


def zipped(name: str, content: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return out.getvalue()


def titles(path: Path) -> list[str]:
    return [row.fields["title"] for row in open_feed(path, FeedOptions()).rows()]


@pytest.mark.parametrize(
    ("path", "kind", "body", "found"),
    [
        ("/feed.csv", "text/csv; charset=utf-8", CSV, ["Mug", "Cup"]),
        ("/export.php?format=csv", "text/html", CSV, ["Mug", "Cup"]),
        ("/feed", "", CSV.replace(b",", b"\t"), ["Mug", "Cup"]),
        ("/feed", "text/plain", b"\xff\xfe" + CSV.decode().encode("utf-16-le"), ["Mug", "Cup"]),
        ("/feed.xml", "application/rss+xml", XML, ["Mug"]),
        ("/google.aspx", "text/xml", b"\xef\xbb\xbf\n" + XML, ["Mug"]),
        ("/feed.csv.gz", "application/x-gzip", gzip.compress(CSV), ["Mug", "Cup"]),
        ("/feed", "application/octet-stream", gzip.compress(XML), ["Mug"]),
        ("/feed.zip", "application/zip", zipped("feed.tsv", CSV.replace(b",", b"\t")), None),
    ],
)
def test_a_feed_is_what_its_content_is(
    server: PictureServer,
    settings: PipelineSettings,
    path: str,
    kind: str,
    body: bytes,
    found: list[str] | None,
) -> None:
    address = server.on(path, Answer(body, headers={"Content-Type": kind}))
    assert titles(download_feed(address, settings)) == (found or ["Mug", "Cup"])


def test_a_gz_that_is_sent_as_an_encoding_is_read(
    server: PictureServer, settings: PipelineSettings
) -> None:
    headers = {"Content-Type": "text/csv", "Content-Encoding": "gzip"}
    address = server.on("/feed.csv", Answer(gzip.compress(CSV), headers=headers))
    assert titles(download_feed(address, settings)) == ["Mug", "Cup"]


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (Answer(PAGE, headers={"Content-Type": "text/html"}), "is an HTML page"),
        (Answer(PAGE, headers={"Content-Type": "text/csv"}), "is an HTML page"),
        (Answer(gzip.compress(PAGE)), "is an HTML page"),
        (Answer(PAGE.decode().encode("utf-16")), "is an HTML page"),
        (Answer(b'[{"id": 1}]'), "is JSON"),
        (Answer(b"%PDF-1.7"), "is a PDF"),
        (Answer(b""), "is empty"),
        (Answer(gzip.compress(CSV)[:9]), "cannot be unpacked"),
        (Answer(b"x", headers={"Content-Type": "image/png"}), "is image/png, not a product feed"),
        (Answer(b"{}", headers={"Content-Type": "application/json"}), "not a product feed"),
        (Answer(b"x", headers={"Content-Encoding": "br"}), "is sent in br"),
        (Answer(b"x" * 100_001), "at most 100000"),
        (Answer(b"x" * 100_001, headers={"Content-Length": ""}), "more than 100000 bytes"),
        (Answer(status=404), "answered with 404"),
        (Answer(status=401), "answered with 401"),
        (Answer(status=302, headers={"Location": "ftp://shop.example/feed.csv"}), "http"),
    ],
)
def test_what_is_no_feed_is_refused_with_the_address_and_leaves_nothing(
    server: PictureServer, settings: PipelineSettings, answer: Answer, reason: str
) -> None:
    address = server.on("/feed", answer)
    with pytest.raises(FeedUnusable, match=reason) as refused:
        download_feed(address, settings)
    assert str(refused.value).startswith(f"{address} ")
    assert "\n" not in str(refused.value)
    assert list(settings.feature_store.iterdir()) == []


def test_a_host_that_is_not_there_is_reported(settings: PipelineSettings) -> None:
    quick = settings.model_copy(update={"download_timeout_s": 0.5})
    with pytest.raises(FeedUnusable, match=r"can't be (fetched|resolved)"):
        download_feed("http://127.0.0.1:9/feed.csv", quick)


def test_a_private_address_needs_permission(
    server: PictureServer, settings: PipelineSettings
) -> None:
    address = server.on("/feed.csv", Answer(CSV))
    guarded = settings.model_copy(update={"download_networks": ()})
    with pytest.raises(FeedUnusable, match="PIPELINE_DOWNLOAD_NETWORKS"):
        download_feed(address, guarded)
    assert server.asked == []


def test_redirects_are_followed_but_not_for_ever(
    server: PictureServer, settings: PipelineSettings
) -> None:
    feed = server.on("/feed.csv", Answer(CSV))
    moved = server.on("/moved", Answer(status=301, headers={"Location": feed}))
    assert titles(download_feed(moved, settings)) == ["Mug", "Cup"]
    circle = server.on("/circle", Answer(status=302, headers={"Location": "/circle"}))
    with pytest.raises(FeedUnusable, match="leads on more than"):
        download_feed(circle, settings)


def test_an_unchanged_feed_is_not_sent_again_and_a_changed_one_replaces_it(
    server: PictureServer, settings: PipelineSettings
) -> None:
    def answer(asked: Asked) -> Answer:
        return Answer(status=304) if "If-None-Match" in asked.headers else Answer(CSV, 200, TAGGED)

    address = server.on("/feed.csv", answer)
    first = download_feed(address, settings)
    assert download_feed(address, settings) == first
    assert server.times("/feed.csv") == 2
    assert download_feed(address, settings, ask_again=False) == first
    assert server.times("/feed.csv") == 2
    server.on("/feed.csv", Answer(CSV + b"3,Pot,1\n"))
    assert titles(download_feed(address, settings)) == ["Mug", "Cup", "Pot"]
    assert not first.exists()


def test_a_host_that_fails_leaves_the_last_copy_in_use(
    server: PictureServer, settings: PipelineSettings, caplog: pytest.LogCaptureFixture
) -> None:
    address = server.on("/feed.csv", Answer(CSV))
    first = download_feed(address, settings)
    server.on("/feed.csv", Answer(status=503, headers={"Retry-After": "0"}))
    assert download_feed(address, settings) == first
    assert "fetched before" in caplog.text


def test_a_download_that_breaks_off_goes_on_where_it_was(
    server: PictureServer, settings: PipelineSettings
) -> None:
    def rest(asked: Asked) -> Answer:
        start = int(asked.headers["Range"].removeprefix("bytes=").rstrip("-"))
        where = {"Content-Range": f"bytes {start}-{len(CSV) - 1}/{len(CSV)}"}
        return Answer(CSV[start:], 206, TAGGED | where)

    address = server.on("/feed.csv", Answer(CSV, 200, TAGGED, cut_after=20), rest)
    assert titles(download_feed(address, settings)) == ["Mug", "Cup"]
    assert server.times("/feed.csv") == 2


@pytest.mark.parametrize(
    ("name", "remote"),
    [("https://a/b.csv", True), ("HTTP://a", True), ("http:/a", False), ("feed.csv", False)],
)
def test_only_http_is_an_address(name: str, remote: bool) -> None:
    assert is_address(name) is remote
