"""Download of a product feed by its address, with the manners and limits of pictures."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import re
import zlib
from contextlib import suppress
from math import inf
from pathlib import Path

from services.common.durable_files import rename_durably
from services.pipeline.errors import FeedUnusable
from services.pipeline.feeds.files import BEGINNING, GZIP, PARQUET, ZIP, is_html
from services.pipeline.pictures.answers import FEEDS
from services.pipeline.pictures.cache import DownloadCache
from services.pipeline.pictures.downloader import Downloader, Manners
from services.pipeline.pictures.media import StoredPicture, UnusablePicture
from services.pipeline.settings import PipelineSettings

_ADDRESS = re.compile(r"https?://", re.IGNORECASE)
_LONGEST_S = 3_600.0


def is_address(name: str) -> bool:
    return _ADDRESS.match(name) is not None


def download_feed(address: str, settings: PipelineSettings, *, ask_again: bool = True) -> Path:
    """The feed as a file. Raises FeedUnusable.

    ask_again: download it if it changed since the last time. Where its host fails, the copy of
    the last time is used, with a warning.
    """
    folder = settings.downloads / "feeds"
    store = FeedStore(folder / hashlib.sha256(address.encode()).hexdigest()[:16])
    try:
        downloading = _download(address, store, folder, settings, 0 if ask_again else inf)
        return store.path(asyncio.run(downloading))
    except UnusablePicture as error:
        _remove_empty(folder, settings.feature_store)
        hint = (
            "; PIPELINE_DOWNLOAD_NETWORKS=… permits private networks"
            if "not a public address" in str(error)
            else ""
        )
        raise FeedUnusable(f"{address} {error}{hint}") from error


async def _download(
    address: str, store: FeedStore, folder: Path, settings: PipelineSettings, max_age_s: float
) -> StoredPicture:
    manners = Manners(
        rate=settings.download_rate,
        silence_s=settings.download_timeout_s,
        timeout_s=max(_LONGEST_S, settings.download_timeout_s),
        max_bytes=settings.max_feed_bytes,
        max_age_s=max_age_s,
    )
    downloader = Downloader(
        store,
        DownloadCache(folder),
        manners,
        networks=settings.download_networks,
        wanted=FEEDS,
    )
    try:
        return await downloader.fetch(address)
    finally:
        await downloader.aclose()


class FeedStore:
    """Folder of one feed: its newest file, named by its content."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def take(self, file: Path) -> StoredPicture:
        """Move a download here. Raises UnusablePicture for what is no feed."""
        extension = _extension(file)
        with file.open("rb") as content:
            digest = hashlib.file_digest(content, "sha256").hexdigest()
        stored = StoredPicture(digest, extension)
        self._folder.mkdir(parents=True, exist_ok=True)
        for old in self._folder.iterdir():
            old.unlink()
        rename_durably(file, self.path(stored))
        return stored

    def holds(self, picture: StoredPicture) -> bool:
        return self.path(picture).is_file()

    def path(self, picture: StoredPicture) -> Path:
        return self._folder / f"{picture.sha256[:16]}.{picture.extension}"


def _extension(file: Path) -> str:
    """By the content, since addresses of feeds often end in nothing or in `.php`."""
    with file.open("rb") as raw:
        beginning = raw.read(BEGINNING)
    if not beginning:
        raise UnusablePicture("is empty")
    if beginning.startswith(PARQUET):
        return "parquet"
    if beginning.startswith(ZIP):
        return "zip"
    if beginning.startswith(GZIP):
        try:
            with gzip.open(file) as packed:
                return f"{_kind(packed.read(BEGINNING))}.gz"
        except (OSError, EOFError, zlib.error) as error:
            raise UnusablePicture(f"cannot be unpacked: {error}") from error
    return _kind(beginning)


def _kind(beginning: bytes) -> str:
    if is_html(beginning):
        raise UnusablePicture("is an HTML page, not a product feed")
    # Decoded first if it is UTF-16 or UTF-32.
    plain = beginning.replace(b"\0", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n")
    if plain.startswith((b"{", b"[")):
        raise UnusablePicture("is JSON; save it as a file and load that")
    if plain.startswith(b"%PDF"):
        raise UnusablePicture("is a PDF, not a product feed")
    return "xml" if plain.startswith(b"<") else "csv"


def _remove_empty(folder: Path, top: Path) -> None:
    """Remove folders that a failed download has left empty."""
    with suppress(OSError):
        for one in folder.iterdir():
            with suppress(OSError):
                one.rmdir()
    for one in (folder, *folder.parents):
        if one == top:
            return
        try:
            one.rmdir()
        except OSError:
            return
