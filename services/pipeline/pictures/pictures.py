"""The pictures of a batch of products, from the feed's folder or by link, into the media store."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from services.pipeline.feeds.validation import FeedProduct
from services.pipeline.pictures.cache import DownloadCache
from services.pipeline.pictures.downloader import Downloader, Manners
from services.pipeline.pictures.media import MediaStore, StoredPicture, UnusablePicture
from services.pipeline.settings import PipelineSettings

_THREADS = 4

Taken = StoredPicture | UnusablePicture | None


class Pictures:
    """One batch at a time, all in one event loop, until `aclose`."""

    def __init__(self, media: MediaStore, settings: PipelineSettings) -> None:
        self._media = media
        self._downloader = _downloader(media, settings) if settings.download_pictures else None
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="pictures")

    async def aclose(self) -> None:
        self._threads.shutdown()
        if self._downloader is not None:
            await self._downloader.aclose()

    async def take(self, products: Sequence[FeedProduct]) -> list[Taken]:
        """(n,) in the order of the products: a picture, why there is none, or None.

        None where the product has no picture, and for a link whose vector came with the feed: it
        is only shown.
        """
        links = [product.picture_link if _is_needed(product) else "" for product in products]
        loop = asyncio.get_running_loop()
        # Reading and decoding release the interpreter lock, so threads help.
        from_feed = asyncio.gather(
            *(loop.run_in_executor(self._threads, self._from_feed, one) for one in products)
        )
        from_links = await self._from_links(list(dict.fromkeys(filter(None, links))))
        return [
            from_links.get(link) if link else picture
            for picture, link in zip(await from_feed, links, strict=True)
        ]

    def _from_feed(self, product: FeedProduct) -> Taken:
        try:
            if product.picture_bytes is not None:
                return self._media.take_bytes(product.picture_bytes)
            return None if product.picture_file is None else self._media.take(product.picture_file)
        except UnusablePicture as error:
            return error

    async def _from_links(self, links: Sequence[str]) -> dict[str, Taken]:
        if self._downloader is None:
            return {}
        pictures = await asyncio.gather(
            *(self._from_link(self._downloader, link) for link in links)
        )
        return dict(zip(links, pictures, strict=True))

    @staticmethod
    async def _from_link(downloader: Downloader, link: str) -> Taken:
        try:
            return await downloader.fetch(link)
        except UnusablePicture as error:
            return error


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
