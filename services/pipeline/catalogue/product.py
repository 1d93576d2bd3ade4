"""A product as it goes into the feature store."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import zip_longest
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from services.contracts.catalogue import MOST_IMAGES
from services.contracts.products import MORE_IMAGES, searched_pictures
from services.pipeline.catalogue.caption import caption
from services.pipeline.catalogue.fingerprint import metadata_fingerprint, vector_fingerprint
from services.pipeline.catalogue.ledger import Entry
from services.pipeline.feeds import ReadyVectors
from services.pipeline.feeds.base import more_images
from services.pipeline.feeds.ready_vectors import digest
from services.pipeline.feeds.validation import FeedProduct
from services.pipeline.pictures.media import StoredPicture, stored_picture

FloatVector = npt.NDArray[np.float32]


METADATA_FIELDS = (
    *("title", "description", "brand", "category", "price", "currency"),
    *("image_url", "product_url", "attributes"),
)
"""Fields that the metadata's fingerprint is of."""


@dataclass(frozen=True, slots=True)
class ProductVectors:
    """(d,) unit vector of the text, and (k·d,) those of k pictures, one after the other.

    A picture without a vector of its own has zeros. No picture: length 0.
    """

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
    more: tuple[StoredPicture, ...] = ()
    """Further pictures that it is found by: those stored ones that `attributes` names."""
    vectors: ReadyVectors | None = field(default=None, compare=False)
    """Those that need no encoding, since they came with the feed."""

    @classmethod
    def of(
        cls,
        product: FeedProduct,
        picture: StoredPicture | None,
        model_id: str,
        more: Sequence[StoredPicture | None] = (),
    ) -> CatalogueProduct:
        """picture: of `product.picture_file` or its link, from the media store.

        more: of the first of `product.more_pictures`, as many as it is found by.
        """
        shown = _shown(product, picture, more)
        attributes = json.dumps(shown.attributes, sort_keys=True, ensure_ascii=False)
        words = caption(product.title, product.description)
        text, look = words, _look(shown.picture, shown.more)
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
            image_url=shown.image_url,
            product_url=product.product_url,
            attributes=attributes,
            caption=words,
            picture=shown.picture,
            more=shown.more,
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
        more = () if picture is None else _stored(json.loads(row["attributes"] or "{}"))
        price = row["price"]
        texts = (name for name in METADATA_FIELDS if name != "price")
        fields: dict[str, Any] = {name: row[name] or "" for name in texts}
        return cls(
            row=0,
            product_id=row["product_id"],
            price=None if price is None or math.isnan(price) else price,
            caption=words,
            picture=picture,
            more=more,
            vector_fingerprint=vector_fingerprint(model_id, words, _look(picture, more)),
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
        return replace(self, picture=None, more=(), vector_fingerprint=fingerprint)

    def with_vectors_of(
        self, fingerprint: str, image_url: str, more_images: str
    ) -> CatalogueProduct:
        """This product with the vectors and the pictures that it is stored with.

        more_images: the attribute of that name.
        """
        attributes = dict(json.loads(self.attributes))
        attributes.pop(MORE_IMAGES, None)
        if more_images:
            attributes[MORE_IMAGES] = more_images
        kept = replace(
            self,
            vector_fingerprint=fingerprint,
            image_url=image_url,
            attributes=json.dumps(attributes, sort_keys=True, ensure_ascii=False),
        )
        return kept._with_metadata_fingerprint()

    def _with_metadata_fingerprint(self) -> CatalogueProduct:
        stored = {name: getattr(self, name) for name in METADATA_FIELDS}
        return replace(self, metadata_fingerprint=metadata_fingerprint(stored))


@dataclass(frozen=True, slots=True)
class _Shown:
    """The pictures of a product, and how its metadata name them."""

    image_url: str
    attributes: dict[str, str]
    picture: StoredPicture | None
    more: tuple[StoredPicture, ...]


def _shown(
    product: FeedProduct, picture: StoredPicture | None, more: Sequence[StoredPicture | None]
) -> _Shown:
    """The first picture that is stored becomes the product's; each is named once."""
    attributes = dict(product.attributes)
    attributes.pop(MORE_IMAGES, None)
    first = product.picture_link if picture is None else picture.url
    if product.vectors is not None and product.vectors.image is not None:
        # The vector that came with the feed is of the first picture alone.
        links = _links(first, product.more_pictures)
        return _Shown(first, attributes | more_images(links), picture, ())
    taken = {one.url: one for one in (picture, *more) if one is not None}
    pictures = list(taken.values())
    rest = zip_longest((product.picture_link, *product.more_pictures), (picture, *more))
    links = _links("", [source for source, one in rest if one is None and source is not None])
    if not pictures:
        return _Shown(first, attributes | more_images(_links(first, links)), None, ())
    # Those with vectors first, in the order of these.
    others = [*list(taken)[1:], *(link for link in links if link not in taken)]
    shown = attributes | more_images(others)
    return _Shown(pictures[0].url, shown, pictures[0], tuple(pictures[1:]))


def _links(first: str, sources: Sequence[Path | str]) -> list[str]:
    """Addresses that can be shown, without the first picture's."""
    return [one for one in sources if isinstance(one, str) and one and one != first]


def _stored(attributes: Mapping[str, str]) -> tuple[StoredPicture, ...]:
    """Further pictures that a stored product is found by."""
    named = map(stored_picture, searched_pictures("", attributes)[1:])
    return tuple(one for one in named if one is not None)[: MOST_IMAGES - 1]


def _look(picture: StoredPicture | None, more: Sequence[StoredPicture]) -> str:
    """For the fingerprint: that of one picture is its digest."""
    return " ".join(one.sha256 for one in (picture, *more) if one is not None)
