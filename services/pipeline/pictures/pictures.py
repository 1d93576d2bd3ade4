"""The pictures of a batch of products, from the feed's folder or by link, into the media store."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
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

Source = bytes | Path | str
"""The picture itself, a file, a link or a path on the gateway."""

Taken = StoredPicture | UnusablePicture | None


class Pictures:
    """One batch at a time, all in one event loop, until `aclose`."""

    def __init__(self, media: MediaStore, settings: PipelineSettings) -> None:
        self._media = media
        self._settings = settings
        self._downloader: Downloader | None = None
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
        every = [one for some in wanted for one in some if one is not None]
        loop = asyncio.get_running_loop()
        # Reading and decoding release the interpreter lock, so threads help.
        from_feed = asyncio.gather(
            *(
                loop.run_in_executor(self._threads, self._from_feed, one)
                for one in every
                if not _is_link(one)
            )
        )
        links = dict.fromkeys(str(one) for one in every if _is_link(one))
        from_links = await self._from_links(list(links), wait_s)
        others = iter(await from_feed)

        def taken(source: Source | None) -> Taken:
            if source is None:
                return None
            return from_links.get(str(source)) if _is_link(source) else next(others)

        return [[taken(one) for one in some] for some in wanted]

    def _wanted(self, product: FeedProduct) -> list[Source | None]:
        first: Source | None = product.picture_bytes or product.picture_file
        if not _is_needed(product):
            return [first]
        more = product.more_pictures[: self._settings.pictures - 1]
        return [first or product.picture_link or None, *more]

    def _from_feed(self, source: Source) -> Taken:
        try:
            if isinstance(source, bytes):
                return self._media.take_bytes(source)
            if isinstance(source, Path):
                return self._media.take(source)
            return self._media.find(source)
        except UnusablePicture as error:
            return error

    async def _from_links(self, links: Sequence[str], wait_s: float | None) -> dict[str, Taken]:
        if not links or not self._settings.download_pictures:
            return {}
        if self._downloader is None:
            self._downloader = _downloader(self._media, self._settings)
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
