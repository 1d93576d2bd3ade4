"""A product as it goes into the feature store."""

from __future__ import annotations

import json
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from services.pipeline.caption import caption
from services.pipeline.fingerprint import metadata_fingerprint, vector_fingerprint
from services.pipeline.media import StoredPicture
from services.pipeline.validation import FeedProduct

FloatVector = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class ProductVectors:
    """(d,) unit vectors; the image vector is of length 0 where there is no picture."""

    text: FloatVector
    image: FloatVector


@dataclass(frozen=True, slots=True)
class CatalogueProduct:
    """Metadata as the feature view `product_metadata` has it, and what its vectors come from."""

    row: int
    product_id: str
    title: str
    description: str
    brand: str
    category: str
    price: float | None
    currency: str
    image_url: str
    product_url: str
    attributes: str
    """A JSON object of text."""
    caption: str
    picture: StoredPicture | None
    vector_fingerprint: str
    metadata_fingerprint: str

    @classmethod
    def of(
        cls, product: FeedProduct, picture: StoredPicture | None, model_id: str
    ) -> CatalogueProduct:
        """picture: of `product.picture_file`, from the media store."""
        attributes = json.dumps(dict(product.attributes), sort_keys=True, ensure_ascii=False)
        image_url = product.picture_link if picture is None else picture.url
        words = caption(product.title, product.description)
        return cls(
            row=product.row,
            product_id=product.product_id,
            title=product.title,
            description=product.description,
            brand=product.brand,
            category=product.category,
            price=product.price,
            currency=product.currency,
            image_url=image_url,
            product_url=product.product_url,
            attributes=attributes,
            caption=words,
            picture=picture,
            vector_fingerprint=vector_fingerprint(
                model_id, words, "" if picture is None else picture.sha256
            ),
            metadata_fingerprint=metadata_fingerprint(
                {
                    "title": product.title,
                    "description": product.description,
                    "brand": product.brand,
                    "category": product.category,
                    "price": product.price,
                    "currency": product.currency,
                    "image_url": image_url,
                    "product_url": product.product_url,
                    "attributes": attributes,
                }
            ),
        )
