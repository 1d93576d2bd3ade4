"""Pictures that callers give by link: downloaded as a feed's are, within a stated time."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

from services.pipeline.feeds.validation import FeedProduct
from services.pipeline.pictures.media import MediaStore, StoredPicture, UnusablePicture
from services.pipeline.pictures.pictures import Pictures
from services.pipeline.settings import PipelineSettings

logger = logging.getLogger(__name__)


async def download_pictures(
    products: Sequence[FeedProduct], media: MediaStore, pipeline: PipelineSettings, wait_s: float
) -> list[StoredPicture | None]:
    """A picture for each product; None without a link, or if the link gives no picture in time.

    Such a product is stored all the same, and found by its words alone, as a file's is.
    """
    if not any(product.picture_link for product in products):
        return [None] * len(products)
    pictures = Pictures(media, pipeline)
    try:
        async with asyncio.timeout(wait_s):
            taken = await pictures.take(products)
    except TimeoutError:
        logger.warning("pictures were not downloaded in time")
        return [None] * len(products)
    finally:
        await pictures.aclose()
    for product, picture in zip(products, taken, strict=True):
        if isinstance(picture, UnusablePicture):
            logger.warning(
                "a picture was not downloaded",
                extra={"product": product.product_id, "reason": str(picture)},
            )
    return [None if isinstance(one, UnusablePicture) else one for one in taken]
