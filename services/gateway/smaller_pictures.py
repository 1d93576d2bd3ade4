"""The catalogue's pictures in fewer pixels, made when they are first asked for, and cached.

They are named by their content, so what is cached never changes.
"""

from __future__ import annotations

import asyncio
import io
import logging
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import BinaryIO

from PIL import Image

from services.common.upright import eight_bits, upright

logger = logging.getLogger(__name__)

MEDIA_TYPE = "image/webp"

_THREADS = 2
_MOST_WAITING = 64
"""Pictures that wait for a thread; of more, the original is sent."""
_CACHED_BYTES = 32_000_000
_MOST_PIXELS = 40_000_000
_QUALITY = 80
_METHOD = 2
"""WebP's effort from 0 to 6: 480 to 240 pixels in 6 ms, of which 2 are for the effort."""


class SmallerPictures:
    """Scales pictures down in threads of its own; least recently used ones are forgotten."""

    def __init__(self, cached_bytes: int = _CACHED_BYTES) -> None:
        self._most_bytes = cached_bytes
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="smaller-pictures")
        self._cached: OrderedDict[tuple[Path, int], bytes | None] = OrderedDict()
        self.cached_bytes = 0
        self._making: dict[tuple[Path, int], asyncio.Future[bytes | None]] = {}

    def close(self) -> None:
        """Waits for the pictures under way."""
        self._threads.shutdown(cancel_futures=True)

    async def get(self, file: Path, width: int) -> bytes | None:
        """WebP of this width; None if the original is no wider, or cannot be scaled now."""
        key = (file, width)
        if key in self._cached:
            self._cached.move_to_end(key)
            return self._cached[key]
        making = self._making.get(key)
        if making is None:
            if len(self._making) >= _MOST_WAITING:
                return None
            loop = asyncio.get_running_loop()
            making = loop.run_in_executor(self._threads, _smaller, file, width)
            self._making[key] = making
            making.add_done_callback(lambda done: self._made(key, done))
        try:
            # Whoever leaves does not take the picture from the others who wait for it.
            return await asyncio.shield(making)
        except (OSError, MemoryError) as error:
            logger.warning("a picture cannot be scaled now", extra={"reason": repr(error)})
            return None

    def _made(self, key: tuple[Path, int], done: asyncio.Future[bytes | None]) -> None:
        del self._making[key]
        if done.cancelled() or done.exception() is not None:
            return
        content = done.result()
        self._cached[key] = content
        self.cached_bytes += _size(content)
        while self.cached_bytes > self._most_bytes:
            _, oldest = self._cached.popitem(last=False)
            self.cached_bytes -= _size(oldest)


def _size(content: bytes | None) -> int:
    """Bytes that an entry of the cache takes, about 200 of them for itself."""
    return 200 + len(content or b"")


def _smaller(file: Path, width: int) -> bytes | None:
    """Raises OSError and MemoryError for what may pass."""
    with file.open("rb") as content:
        try:
            return _scaled(content, width)
        except MemoryError:
            raise
        except Exception:  # Pillow's decoders raise many kinds; the original is sent instead
            logger.warning("a picture cannot be scaled", extra={"file": file.name}, exc_info=True)
            return None


def _scaled(content: BinaryIO, width: int) -> bytes | None:
    with Image.open(content) as picture:
        if picture.width * picture.height > _MOST_PIXELS:
            return None
        # A JPEG is decoded at a fraction of its size, which takes as small a part of the time.
        picture.draft(None, (2 * width, 2 * width))
        turned = eight_bits(upright(picture))
        if turned.width <= width:
            return None
        mode = "RGBA" if turned.has_transparency_data else "RGB"
        height = max(1, round(turned.height * width / turned.width))
        small = turned.convert(mode).resize((width, height), Image.Resampling.LANCZOS)
        out = io.BytesIO()
        profile = picture.info.get("icc_profile") if picture.mode != "CMYK" else None
        small.save(out, "WEBP", quality=_QUALITY, method=_METHOD, icc_profile=profile)
    return out.getvalue()
