"""`GET /images/…`: the catalogue's pictures and nothing else."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import unquote

import pytest
from starlette.types import ASGIApp, Message, Scope

from tests.support.gateway_stack import Stack, assert_problem
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
