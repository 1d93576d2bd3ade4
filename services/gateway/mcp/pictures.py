"""Pictures of products as image content. Only the shop's own files: no link is fetched."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Sequence
from pathlib import Path

import anyio.to_thread
import mcp_types as types

from services.contracts.ucp_answers import UcpProduct
from services.gateway.picture_names import MEDIA_TYPES, PICTURE_NAME
from services.gateway.smaller_pictures import MEDIA_TYPE, SmallerPictures

WIDTH = 240
"""Pixels of a thumbnail; a narrower picture is sent as it is."""
MAX_BYTES = 131_072
"""A larger picture is not attached; its link is in the answer."""


class Thumbnails:
    """Attaches pictures of the folder that the gateway serves."""

    def __init__(self, public_url: str, folder: Path | None, smaller: SmallerPictures) -> None:
        self._public_url = public_url
        self._folder = folder
        self._smaller = smaller

    async def of(self, products: Sequence[UcpProduct], most: int) -> list[types.ImageContent]:
        """Thumbnails of the first products that have a picture here."""
        if not most or self._folder is None:
            return []
        links = [media.url for one in products for media in (one.media or [])[:1]]
        own = f"{self._public_url}/images/"
        found = [
            PICTURE_NAME.fullmatch(link.removeprefix(own)) for link in links if link.startswith(own)
        ]
        matches = [match for match in found if match][:most]
        contents = await asyncio.gather(
            *(
                self._content(self._folder / match[0], MEDIA_TYPES[match["kind"]])
                for match in matches
            )
        )
        return [one for one in contents if one is not None]

    async def _content(self, file: Path, media_type: str) -> types.ImageContent | None:
        data = await self._smaller.get(file, WIDTH)
        if data is not None:
            media_type = MEDIA_TYPE
        else:
            data = await anyio.to_thread.run_sync(_read, file)
        if data is None or len(data) > MAX_BYTES:
            return None
        return types.ImageContent(data=base64.b64encode(data).decode(), mime_type=media_type)


def _read(file: Path) -> bytes | None:
    """The first bytes, one more than may be attached; None without a file."""
    try:
        with file.open("rb") as opened:
            return opened.read(MAX_BYTES + 1)
    except OSError:
        return None
