"""The pictures of a batch of products, from the feed's folder or by link, into the media store."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path

from services.pipeline.feeds.validation import FeedProduct
from services.pipeline.pictures.cache import DownloadCache
from services.pipeline.pictures.downloader import Downloader, Manners
from services.pipeline.pictures.media import (
    MediaStore,
    StoredPicture,
    UnusablePicture,
    stored_picture,
)
from services.pipeline.settings import PipelineSettings

_THREADS = 4

Source = bytes | Path | str | None
"""The picture itself, a file, a link or a path on the gateway, or nothing."""

Taken = StoredPicture | UnusablePicture | None


class Pictures:
    """One batch at a time, all in one event loop, until `aclose`."""

    def __init__(self, media: MediaStore, settings: PipelineSettings) -> None:
        self._media = media
        self._most = settings.pictures
        self._downloader = _downloader(media, settings) if settings.download_pictures else None
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="pictures")

    async def aclose(self) -> None:
        self._threads.shutdown()
        if self._downloader is not None:
            await self._downloader.aclose()

    async def take(
        self, products: Sequence[FeedProduct], wait_s: float | None = None
    ) -> list[list[Taken]]:
        """For each product, in order: its first picture, then as many more as are searched by.

        Each is a picture, why there is none, or None. The first is None where the product has no
        picture. All links of a product whose vector came with the feed are None: its pictures are
        only shown. wait_s: longest wait for links, together.
        """
        wanted = [self._wanted(product) for product in products]
        every = [one for some in wanted for one in some]
        loop = asyncio.get_running_loop()
        # Reading and decoding release the interpreter lock, so threads help.
        from_feed = asyncio.gather(
            *(loop.run_in_executor(self._threads, self._from_feed, one) for one in every)
        )
        links = dict.fromkeys(one for one in every if _is_link(one))
        from_links = await self._from_links([str(one) for one in links], wait_s)
        taken = iter(await from_feed)
        return [
            [
                from_links.get(str(one)) if _is_link(one) else picture
                for one, picture in zip(some, islice(taken, len(some)), strict=True)
            ]
            for some in wanted
        ]

    def _wanted(self, product: FeedProduct) -> list[Source]:
        first: Source = product.picture_bytes or product.picture_file
        if not _is_needed(product):
            return [first]
        more = product.more_pictures[: self._most - 1]
        return [first or product.picture_link or None, *more]

    def _from_feed(self, source: Source) -> Taken:
        try:
            if isinstance(source, bytes):
                return self._media.take_bytes(source)
            if isinstance(source, Path):
                return self._media.take(source)
            return None if source is None else self._media.find(source)
        except UnusablePicture as error:
            return error

    async def _from_links(self, links: Sequence[str], wait_s: float | None) -> dict[str, Taken]:
        if self._downloader is None or not links:
            return {}
        tasks = [asyncio.create_task(self._from_link(self._downloader, link)) for link in links]
        try:
            done, _ = await asyncio.wait(tasks, timeout=wait_s)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        late = UnusablePicture("was not downloaded in time")
        return {
            link: task.result() if task in done else late
            for link, task in zip(links, tasks, strict=True)
        }

    @staticmethod
    async def _from_link(downloader: Downloader, link: str) -> Taken:
        try:
            return await downloader.fetch(link)
        except UnusablePicture as error:
            return error


def _is_link(source: Source) -> bool:
    return isinstance(source, str) and stored_picture(source) is None


def _is_needed(product: FeedProduct) -> bool:
    return product.vectors is None or product.vectors.image is None


def _downloader(media: MediaStore, settings: PipelineSettings) -> Downloader:
    folder = settings.downloads
    manners = Manners(
        rate=settings.download_rate,
        timeout_s=settings.download_timeout_s,
        max_bytes=settings.max_image_bytes,
        max_age_s=settings.download_max_age_s,
    )
    return Downloader(media, DownloadCache(folder), manners, networks=settings.download_networks)
