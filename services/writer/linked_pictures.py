"""Pictures that callers give by link: downloaded as a feed's are, within a stated time."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from services.pipeline.feeds.validation import FeedProduct
from services.pipeline.pictures.media import MediaStore, StoredPicture, UnusablePicture
from services.pipeline.pictures.pictures import Pictures
from services.pipeline.settings import PipelineSettings

logger = logging.getLogger(__name__)


async def take_pictures(
    products: Sequence[FeedProduct], media: MediaStore, pipeline: PipelineSettings, wait_s: float
) -> list[list[StoredPicture | None]]:
    """For each product its first picture if that is a link, then further ones.

    None for a link that gives no picture in time. Such a product is stored all the same, and found
    by its words and its other pictures.
    """
    pictures = Pictures(media, pipeline)
    try:
        taken = await pictures.take(products, wait_s)
    finally:
        await pictures.aclose()
    for product, some in zip(products, taken, strict=True):
        for one in some:
            if isinstance(one, UnusablePicture):
                logger.warning(
                    "a picture was not downloaded",
                    extra={"product": product.product_id, "reason": str(one)},
                )
    return [[None if isinstance(one, UnusablePicture) else one for one in some] for some in taken]
