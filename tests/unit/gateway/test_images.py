"""`GET /images/…`: the catalogue's pictures and nothing else."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from PIL import Image
from starlette.types import ASGIApp, Message, Scope

from services.gateway.smaller_pictures import SmallerPictures
from tests.support.gateway_stack import Stack, assert_problem
from tests.support.pictures import jpeg_of_a_camera
from tests.unit.gateway.conftest import RunStack

DIGEST = "3f" + "a9c1" * 15 + "e2"
PICTURE = f"/images/3f/{DIGEST}.webp"
SECRET = b"for nobody"
CONTENT = b"RIFF\x00\x00\x00\x00WEBP picture"


@pytest.fixture
async def with_media(run_stack: RunStack, tmp_path: Path) -> AsyncIterator[Stack]:
    media = tmp_path / "media"
    (media / "3f").mkdir(parents=True)
    (media / "3f" / f"{DIGEST}.webp").write_bytes(CONTENT)
    (media / "3f" / f"{'0' * 64}.png").mkdir()
    (media / "secret.txt").write_bytes(SECRET)
    (tmp_path / "secret.txt").write_bytes(SECRET)
    async with run_stack(media_dir=media) as stack:
        yield stack


async def test_a_picture_is_served_to_be_kept_for_ever(with_media: Stack) -> None:
    response = await with_media.http.get(PICTURE)
    assert response.status_code == 200
    assert response.content == CONTENT
    assert response.headers["content-type"] == "image/webp"
    assert response.headers["etag"] == f'"{DIGEST}"'
    assert response.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert response.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("held", [f'"{DIGEST}"', f'"other", W/"{DIGEST}"', "*"])
async def test_a_picture_that_the_caller_holds_is_not_sent_again(
    with_media: Stack, held: str
) -> None:
    response = await with_media.http.get(PICTURE, headers={"If-None-Match": held})
    assert response.status_code == 304
    assert response.content == b""
    assert response.headers["etag"] == f'"{DIGEST}"'
    other = await with_media.http.get(PICTURE, headers={"If-None-Match": '"other"'})
    assert other.status_code == 200


async def test_head_and_ranges_work(with_media: Stack) -> None:
    head = await with_media.http.head(PICTURE)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == str(len(CONTENT))
    part = await with_media.http.get(PICTURE, headers={"Range": "bytes=0-3"})
    assert (part.status_code, part.content) == (206, b"RIFF")
    for odd in ("bytes=zz", "bytes=5-1", "bytes=", "lines=1", "1"):
        whole = await with_media.http.get(PICTURE, headers={"Range": odd})
        assert (whole.status_code, whole.content) == (200, CONTENT), odd


@pytest.mark.parametrize(
    "path",
    [
        "",
        "secret.txt",
        "../secret.txt",
        "..%2fsecret.txt",
        "%2e%2e/secret.txt",
        "%2e%2e%2fsecret.txt",
        "%252e%252e%252fsecret.txt",
        "3f/../../secret.txt",
        "3f/..%2f..%2fsecret.txt",
        "3f\\..\\..\\secret.txt",
        "3f/%2e%2e%5c%2e%2e%5csecret.txt",
        "/etc/passwd",
        "%2fetc%2fpasswd",
        "//etc/passwd",
        f"3f/{DIGEST}.webp%00.png",
        f"3f/{DIGEST}.svg",
        f"3f/{DIGEST}.WEBP",
        f"3F/{DIGEST}.webp",
        f"3f/{DIGEST}",
        f"3f/{DIGEST[:-1]}.webp",
        f"3f/{DIGEST}0.webp",
        f"3f//{DIGEST}.webp",
        f"3f/{'0' * 64}.png",
        f"3f/{'1' * 64}.png",
        "%ff%fe",
    ],
)
async def test_no_other_path_leads_to_anything(with_media: Stack, path: str) -> None:
    status, body = await _get_raw(with_media.app, f"/images/{path}")
    assert status == 404
    assert b"/problems/not-found" in body
    assert SECRET not in body


async def _get_raw(app: ASGIApp, path: str) -> tuple[int, bytes]:
    """GET without a client, since any would resolve the dots before it asks."""
    messages: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        messages.append(message)

    scope: Scope = {
        "type": "http",
        "method": "GET",
        "path": unquote(path),
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": [],
    }
    await app(scope, receive, send)
    status: int = messages[0]["status"]
    return status, b"".join(message.get("body", b"") for message in messages[1:])


async def test_without_a_folder_there_are_no_pictures(stack: Stack) -> None:
    assert_problem(await stack.http.get(PICTURE), 404, "not-found")


TURNED = b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06" + bytes(6)
"""A quarter, as phones write it."""


def _drawn(size: tuple[int, int], kind: str = "WEBP", mode: str = "RGB", **how: Any) -> bytes:  # noqa: ANN401
    out = io.BytesIO()
    Image.new(mode, size, "red" if mode != "RGBA" else (255, 0, 0, 0)).save(out, kind, **how)
    return out.getvalue()


async def _sized(stack: Stack, tmp_path: Path, content: bytes, width: str) -> Image.Image:
    (tmp_path / "media" / "3f" / f"{DIGEST}.webp").write_bytes(content)
    response = await stack.http.get(f"{PICTURE}?width={width}")
    assert response.status_code == 200, response.text
    assert response.headers["etag"] == f'"{DIGEST}-{width}"'
    assert response.headers["cache-control"] == "public, max-age=31536000, immutable"
    return Image.open(io.BytesIO(response.content))


@pytest.mark.parametrize(
    ("content", "size"),
    [
        (_drawn((1200, 600)), (240, 120)),
        (_drawn((2000, 5)), (240, 1)),
        (_drawn((1200, 600), "JPEG"), (240, 120)),
        (_drawn((600, 1200), "PNG", "RGBA"), (240, 480)),
        (_drawn((1200, 600), "PNG", "P"), (240, 120)),
        (_drawn((1200, 600), "PNG", "I;16"), (240, 120)),
        (_drawn((1200, 600), "JPEG", "CMYK"), (240, 120)),
        (_drawn((1200, 600), "JPEG", exif=TURNED), (240, 480)),
        (jpeg_of_a_camera(600, 1200), (240, 480)),
    ],
    ids=[
        "webp",
        "flat",
        "jpeg",
        "transparent",
        "palette",
        "grey of 16 bits",
        "cmyk",
        "turned",
        "with unusual EXIF",
    ],
)
async def test_a_picture_comes_in_the_width_that_is_asked_for(
    with_media: Stack, tmp_path: Path, content: bytes, size: tuple[int, int]
) -> None:
    picture = await _sized(with_media, tmp_path, content, "240")
    assert (picture.format, picture.size) == ("WEBP", size)


async def test_a_small_picture_of_grey_of_16_bits_is_as_bright_as_the_large_one(
    with_media: Stack, tmp_path: Path
) -> None:
    grey = io.BytesIO()
    Image.new("I;16", (480, 480), 0x8000).save(grey, "PNG")
    small = await _sized(with_media, tmp_path, grey.getvalue(), "240")
    assert small.convert("L").getextrema() == pytest.approx((127, 127), abs=2)


async def test_no_picture_is_made_larger(with_media: Stack, tmp_path: Path) -> None:
    picture = await _sized(with_media, tmp_path, _drawn((480, 480), "PNG"), "960")
    assert (picture.format, picture.size) == ("PNG", (480, 480))


async def test_what_cannot_be_scaled_is_sent_as_it_is(with_media: Stack) -> None:
    response = await with_media.http.get(f"{PICTURE}?width=240")
    assert (response.status_code, response.content) == (200, CONTENT)


async def test_other_widths_are_refused(with_media: Stack) -> None:
    assert_problem(await with_media.http.get(f"{PICTURE}?width=1000000"), 422, "invalid-request")


async def test_many_at_once_ask_for_one_picture(with_media: Stack, tmp_path: Path) -> None:
    (tmp_path / "media" / "3f" / f"{DIGEST}.webp").write_bytes(_drawn((1200, 600)))
    asked = [with_media.http.get(f"{PICTURE}?width=480") for _ in range(100)]
    assert len({response.content for response in await asyncio.gather(*asked)}) == 1


async def test_a_failure_that_may_pass_is_not_kept(tmp_path: Path) -> None:
    pictures, file = SmallerPictures(), tmp_path / "late.webp"
    assert await pictures.get(file, 240) is None
    file.write_bytes(_drawn((500, 500)))
    assert await pictures.get(file, 240)
    pictures.close()


async def test_the_cache_forgets_the_oldest(tmp_path: Path) -> None:
    pictures = SmallerPictures(cached_bytes=1_000)
    for number in range(20):
        file = tmp_path / f"{number}.webp"
        file.write_bytes(_drawn((500, 500)))
        assert await pictures.get(file, 240)
        assert 0 < pictures.cached_bytes <= 1_000
    pictures.close()
