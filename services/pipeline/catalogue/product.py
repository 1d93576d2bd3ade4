"""A product as it goes into the feature store."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from services.pipeline.catalogue.caption import caption
from services.pipeline.catalogue.fingerprint import metadata_fingerprint, vector_fingerprint
from services.pipeline.catalogue.ledger import Entry
from services.pipeline.feeds import ReadyVectors
from services.pipeline.feeds.ready_vectors import digest
from services.pipeline.feeds.validation import FeedProduct
from services.pipeline.pictures.media import StoredPicture

FloatVector = npt.NDArray[np.float32]


METADATA_FIELDS = (
    *("title", "description", "brand", "category", "price", "currency"),
    *("image_url", "product_url", "attributes"),
)
"""Fields that the metadata's fingerprint is of."""


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
    vectors: ReadyVectors | None = field(default=None, compare=False)
    """Those that need no encoding, since they came with the feed."""

    @classmethod
    def of(
        cls, product: FeedProduct, picture: StoredPicture | None, model_id: str
    ) -> CatalogueProduct:
        """picture: of `product.picture_file`, from the media store."""
        attributes = json.dumps(dict(product.attributes), sort_keys=True, ensure_ascii=False)
        image_url = product.picture_link if picture is None else picture.url
        words = caption(product.title, product.description)
        text, look = words, "" if picture is None else picture.sha256
        ready = product.vectors
        if ready is not None:
            # Named by their own values; no caption or digest of a picture looks like these.
            text = f"vector {digest(ready.text)}" if ready.text is not None else text
            look = f"vector {digest(ready.image)}" if ready.image is not None else look
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
            vector_fingerprint=vector_fingerprint(model_id, text, look),
            metadata_fingerprint="",
            vectors=ready,
        )._with_metadata_fingerprint()

    @classmethod
    def of_stored(
        cls, row: Mapping[str, Any], picture: StoredPicture | None, model_id: str
    ) -> CatalogueProduct:
        """A product that is stored, to be encoded by this model.

        row: of the feature view `product_metadata`. picture: the one at its `image_url`.
        """
        words = caption(row["title"], row["description"])
        look = "" if picture is None else picture.sha256
        price = row["price"]
        texts = (name for name in METADATA_FIELDS if name != "price")
        fields: dict[str, Any] = {name: row[name] or "" for name in texts}
        return cls(
            row=0,
            product_id=row["product_id"],
            price=None if price is None or math.isnan(price) else price,
            caption=words,
            picture=picture,
            vector_fingerprint=vector_fingerprint(model_id, words, look),
            metadata_fingerprint="",
            **fields,
        )._with_metadata_fingerprint()

    @property
    def entry(self) -> Entry:
        """As a product list names it."""
        return self.product_id, self.vector_fingerprint, self.metadata_fingerprint

    def without_picture(self, model_id: str) -> CatalogueProduct:
        """This product, to be encoded from its words alone."""
        fingerprint = vector_fingerprint(model_id, self.caption, "")
        return replace(self, picture=None, vector_fingerprint=fingerprint)

    def with_vectors_of(self, fingerprint: str, image_url: str) -> CatalogueProduct:
        """This product with the vectors and the picture that it is stored with."""
        kept = replace(self, vector_fingerprint=fingerprint, image_url=image_url)
        return kept._with_metadata_fingerprint()

    def _with_metadata_fingerprint(self) -> CatalogueProduct:
        stored = {name: getattr(self, name) for name in METADATA_FIELDS}
        return replace(self, metadata_fingerprint=metadata_fingerprint(stored))
