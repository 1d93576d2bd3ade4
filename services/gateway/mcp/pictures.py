"""Pictures of products as image content. Only the shop's own files: no link is fetched."""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from pathlib import Path

import anyio.to_thread
import mcp_types as types

from services.contracts.ucp_answers import UcpProduct

MAX_BYTES = 131_072
"""A larger picture is not attached; its link is in the answer."""

_PICTURE = re.compile(r"/images/([0-9a-f]{2}/[0-9a-f]{64}\.(jpg|jpeg|png|webp))")
_MEDIA_TYPES = {
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "png": "image/png",
    "webp": "image/webp",
}


async def thumbnails(
    products: Sequence[UcpProduct], most: int, public_url: str, folder: Path | None
) -> list[types.ImageContent]:
    """The pictures of the first products that have one here."""
    if not most or folder is None:
        return []
    links = [media.url for one in products for media in (one.media or [])[:1]]
    found = [_PICTURE.fullmatch(link.removeprefix(public_url)) for link in links]
    files = [(folder / match[1], _MEDIA_TYPES[match[2]]) for match in found if match]
    return await anyio.to_thread.run_sync(_read, files[:most])


def _read(files: Sequence[tuple[Path, str]]) -> list[types.ImageContent]:
    contents = []
    for path, media_type in files:
        try:
            with path.open("rb") as file:
                data = file.read(MAX_BYTES + 1)
        except OSError:
            continue
        if len(data) <= MAX_BYTES:
            text = base64.b64encode(data).decode()
            contents.append(types.ImageContent(data=text, mime_type=media_type))
    return contents
