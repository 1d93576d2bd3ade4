"""Pictures by link, from a real server that behaves as servers do."""

from __future__ import annotations

import asyncio
import dataclasses
import io
import time
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from services.pipeline.pictures.cache import DownloadCache
from services.pipeline.pictures.downloader import USER_AGENT, Downloader, Manners
from services.pipeline.pictures.hosts import MOST_FAILURES
from services.pipeline.pictures.media import MediaStore, UnusablePicture
from tests.support.picture_server import Answer, Asked, PictureServer

LOOPBACK = ip_network("127.0.0.0/8")
QUICK = Manners(rate=1000, first_pause_s=0.01, timeout_s=10, max_bytes=100_000)
ETAG = {"ETag": '"v1"', "Content-Type": "image/png"}


def png(colour: int = 0, side: int = 64) -> bytes:
    """Noise in one channel, so that it has some size."""
    out = io.BytesIO()
    picture = Image.effect_noise((side, side), 60).convert("RGB")
    picture.putpixel((0, 0), (colour, 0, 0))
    picture.save(out, "PNG")
    return out.getvalue()


@pytest.fixture
def server() -> Iterator[PictureServer]:
    with PictureServer().running() as one:
        yield one


@pytest.fixture
def media(tmp_path: Path) -> MediaStore:
    return MediaStore(tmp_path / "media", max_bytes=100_000, max_pixels=1_000_000)


class Make:
    """Downloaders over one cache, as in one run after another."""

    def __init__(self, media: MediaStore, folder: Path) -> None:
        self._media = media
        self.folder = folder
        self._made: list[Downloader] = []

    def __call__(self, manners: Manners = QUICK, **changes: float) -> Downloader:
        made = Downloader(
            self._media,
            DownloadCache(self.folder),
            dataclasses.replace(manners, **changes),  # type: ignore[arg-type]
            networks=[LOOPBACK],
        )
        self._made.append(made)
        return made

    async def aclose(self) -> None:
        for one in self._made:
            await one.aclose()


@pytest.fixture
async def make(media: MediaStore, tmp_path: Path) -> AsyncIterator[Make]:
    maker = Make(media, tmp_path / "downloads")
    yield maker
    await maker.aclose()


async def test_a_picture_comes_into_the_media_store_and_is_not_asked_for_again(
    make: Make, server: PictureServer, media: MediaStore
) -> None:
    content = png()
    link = server.on("/a.png?width=9", Answer(content, headers=ETAG))
    picture = await make().fetch(link)
    assert media.path(picture).read_bytes() == content
    assert await make().fetch(link) == picture
    assert len(server.asked) == 1
    assert server.asked[0].headers["User-Agent"] == USER_AGENT


async def test_an_old_picture_is_asked_about_and_not_sent_again(
    make: Make, server: PictureServer
) -> None:
    def unless_changed(asked: Asked) -> Answer:
        assert asked.headers["If-None-Match"] == '"v1"'
        return Answer(status=304)

    link = server.on("/a", Answer(png(), headers=ETAG), unless_changed)
    picture = await make().fetch(link)
    assert await make(max_age_s=0).fetch(link) == picture
    assert await make().fetch(link) == picture  # being told makes it new again
    assert server.times("/a") == 2


async def test_a_picture_that_changed_takes_the_old_ones_place(
    make: Make, server: PictureServer
) -> None:
    link = server.on("/a", Answer(png(1)), Answer(png(2)))
    before = await make().fetch(link)
    assert await make(max_age_s=0).fetch(link) != before


async def test_a_picture_that_was_fetched_by_a_wrong_clock_is_asked_about(
    make: Make, server: PictureServer
) -> None:
    link = server.on("/a", Answer(png(1)), Answer(png(2)))
    before = await make().fetch(link)
    cache = DownloadCache(make.folder)
    entry = cache.entry(link)
    assert entry is not None
    cache.keep(entry.model_copy(update={"fetched_at": entry.fetched_at + 30 * 86_400}))
    assert await make().fetch(link) != before


async def test_what_broke_off_goes_on_where_it_was(
    make: Make, server: PictureServer, media: MediaStore
) -> None:
    content = png()

    def rest(asked: Asked) -> Answer:
        assert asked.headers["Range"] == "bytes=1000-"
        assert asked.headers["If-Range"] == '"v1"'
        said = {"Content-Range": f"bytes 1000-{len(content) - 1}/{len(content)}"}
        return Answer(content[1000:], 206, ETAG | said)

    link = server.on("/a", Answer(content, headers=ETAG, cut_after=1000), rest)
    picture = await make().fetch(link)
    assert media.path(picture).read_bytes() == content
    assert server.times("/a") == 2


async def test_a_later_run_goes_on_from_what_an_earlier_one_left(
    make: Make, server: PictureServer, media: MediaStore
) -> None:
    content = png()
    said = {"Content-Range": f"bytes 1000-{len(content) - 1}/{len(content)}"}
    link = server.on(
        "/a", Answer(content, headers=ETAG, cut_after=1000), Answer(content[1000:], 206, said)
    )
    with pytest.raises(UnusablePicture):
        await make(tries=1).fetch(link)
    assert media.path(await make(tries=1).fetch(link)).read_bytes() == content


@pytest.mark.parametrize(
    "second",
    [
        Answer(status=416),
        Answer(b"x" * 9, 206, {"Content-Range": "bytes 5-13/14"}),
        Answer(b"x" * 9, 206),
    ],
)
async def test_a_part_that_no_longer_fits_is_begun_anew(
    make: Make, server: PictureServer, media: MediaStore, second: Answer
) -> None:
    content = png()
    whole = Answer(content, headers=ETAG)
    link = server.on("/a", dataclasses.replace(whole, cut_after=1000), second, whole)
    assert media.path(await make().fetch(link)).read_bytes() == content


async def test_without_a_validator_nothing_is_pieced_together(
    make: Make, server: PictureServer, media: MediaStore
) -> None:
    content = png()
    link = server.on("/a", Answer(content, cut_after=1000), Answer(content))
    assert media.path(await make().fetch(link)).read_bytes() == content
    assert "Range" not in server.asked[1].headers


@pytest.mark.parametrize("status", [429, 500, 503])
async def test_a_host_in_trouble_is_asked_again(
    make: Make, server: PictureServer, status: int
) -> None:
    link = server.on("/a", Answer(status=status), Answer(status=status), Answer(png()))
    await make().fetch(link)
    assert server.times("/a") == 3


async def test_a_host_that_asks_for_rest_is_given_it(make: Make, server: PictureServer) -> None:
    in_a_second = format_datetime(datetime.now(UTC) + timedelta(seconds=1), usegmt=True)
    for path, after in (("/seconds", "1"), ("/date", in_a_second)):
        link = server.on(path, Answer(status=503, headers={"Retry-After": after}), Answer(png()))
        await make().fetch(link)
    first, second = (asked.at for asked in server.asked[:2])
    assert second - first >= 1
    assert server.times("/date") == 2


async def test_one_that_asks_for_an_hour_is_not_waited_for(
    make: Make, server: PictureServer
) -> None:
    link = server.on("/a", Answer(status=429, headers={"Retry-After": "3600"}))
    with pytest.raises(UnusablePicture, match="is answered with 429"):
        await make().fetch(link)
    assert server.times("/a") == 1


async def test_a_host_that_keeps_failing_is_left_alone(make: Make, server: PictureServer) -> None:
    downloader = make(tries=1)
    links = [server.on(f"/{number}", Answer(status=500)) for number in range(MOST_FAILURES + 3)]
    for link in links:
        with pytest.raises(UnusablePicture):
            await downloader.fetch(link)
    assert len(server.asked) == MOST_FAILURES
    with pytest.raises(UnusablePicture, match="its host failed 5 times in a row"):
        await downloader.fetch(links[-1])


async def test_a_host_that_fails_leaves_what_it_gave_before_in_use(
    make: Make, server: PictureServer
) -> None:
    link = server.on("/a", Answer(png()), Answer(status=500))
    picture = await make().fetch(link)
    assert await make(max_age_s=0, tries=2).fetch(link) == picture


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (Answer(status=404), "is answered with 404"),
        (Answer(status=403), "is answered with 403"),
        (Answer(b"<html>", headers={"Content-Type": "text/html; charset=utf-8"}), "is text/html"),
        (Answer(b"GIF89a" + b"x" * 99), "is not a JPEG, PNG, WebP or AVIF picture"),
        (Answer(png()[:500]), "is damaged or cut short"),
        (Answer(b"x" * 100_001), "has 100001 bytes; at most 100000 are taken"),
        (Answer(png(), headers={"Content-Encoding": "gzip"}), "is sent in gzip"),
        (Answer(status=302, headers={"Location": "file:///etc/passwd"}), "no http"),
        (Answer(status=302, headers={"Location": "http://192.168.0.1/"}), "not a public address"),
        (Answer(status=302, headers={"Location": "/a"}), "leads on more than 5 times"),
    ],
)
async def test_what_is_no_picture_is_refused_and_asked_for_once(
    make: Make, server: PictureServer, answer: Answer, reason: str
) -> None:
    link = server.on("/a", answer)
    with pytest.raises(UnusablePicture, match=reason):
        await make().fetch(link)
    assert server.times("/a") == (6 if "leads on" in reason else 1)


@pytest.mark.parametrize("link", ["http://shop.example:port/a.png", "http://[/a.png"])
async def test_a_link_that_is_no_address_is_refused(make: Make, link: str) -> None:
    with pytest.raises(UnusablePicture, match=r"is no address|can't be resolved"):
        await make().fetch(link)


async def test_a_body_without_an_end_is_cut_at_the_most_that_is_taken(
    make: Make, server: PictureServer, tmp_path: Path
) -> None:
    chunk = b"186A0\r\n" + b"x" * 100_000 + b"\r\n"
    headers = {"Transfer-Encoding": "chunked", "Content-Length": ""}
    link = server.on("/a", Answer(chunk * 3, headers=headers))
    with pytest.raises(UnusablePicture, match="more than 100000 bytes"):
        await make(tries=1).fetch(link)
    assert not list((tmp_path / "downloads").rglob("*.part"))


async def test_a_redirect_is_followed(make: Make, server: PictureServer) -> None:
    server.on("/b", Answer(png()))
    await make().fetch(server.on("/a", Answer(status=301, headers={"Location": "/b"})))
    assert [asked.path for asked in server.asked] == ["/a", "/b"]


async def test_a_redirect_to_a_name_that_is_inside_is_not_followed(
    make: Make, server: PictureServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolve = asyncio.get_running_loop().getaddrinfo

    async def inside(host: str, port: int, **options: int) -> list[Any]:
        return await resolve("10.0.0.1" if host == "cdn.example" else host, port, **options)

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", inside)
    link = server.on("/a", Answer(status=302, headers={"Location": "http://cdn.example/a"}))
    with pytest.raises(UnusablePicture, match=r"cdn\.example is 10\.0\.0\.1, which is not"):
        await make().fetch(link)


async def test_a_host_that_never_answers_costs_a_time_out(
    make: Make, server: PictureServer
) -> None:
    done = asyncio.Event()
    loop = asyncio.get_running_loop()

    def never(_: Asked) -> Answer:
        asyncio.run_coroutine_threadsafe(done.wait(), loop).result()
        return Answer()

    with pytest.raises(UnusablePicture, match=r"did not come in time|can't be fetched"):
        await make(tries=1, timeout_s=0.2).fetch(server.on("/a", never))
    done.set()


async def test_requests_to_a_host_start_apart(make: Make, server: PictureServer) -> None:
    links = [server.on(f"/{number}", Answer(png(number))) for number in range(5)]
    downloader = make(rate=20)
    started = time.monotonic()
    await asyncio.gather(*(downloader.fetch(link) for link in links))
    assert time.monotonic() - started >= 4 / 20


async def test_waiting_for_a_turn_is_no_time_out(make: Make, server: PictureServer) -> None:
    links = [server.on(f"/{number}", Answer(png(number))) for number in range(4)]
    downloader = make(rate=2, timeout_s=1.2, tries=1)
    await asyncio.gather(*(downloader.fetch(link) for link in links))  # the last waits for 1.5 s


async def test_a_file_of_the_cache_that_is_damaged_is_fetched_anew(
    make: Make, server: PictureServer, tmp_path: Path, media: MediaStore
) -> None:
    link = server.on("/a", Answer(png()))
    picture = await make().fetch(link)
    (entry,) = (tmp_path / "downloads").rglob("*.json")
    entry.write_text("{")
    assert media.path(await make().fetch(link)).exists()
    media.path(picture).unlink()
    assert media.path(await make().fetch(link)).exists()
    assert server.times("/a") == 3
