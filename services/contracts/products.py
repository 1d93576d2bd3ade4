"""A product in answers to shoppers and programs."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field

from services.contracts.base import Contract, ProductId
from services.contracts.search import Match, Relevance, Strength, TermScore

LIST_PRICE = "list_price"
"""Attribute of a stored product: the price before a reduction, as a plain number."""

MORE_CATEGORIES = "more_categories"
"""Attribute of a stored product: its categories beside `category`, one a line."""

MORE_IMAGES = "more_images"
"""Attribute of a stored product: its pictures after the first, separated by blanks. Those that are
stored have paths on the gateway; links are only shown."""

_STORED_IMAGE = "/images/"

_PLAIN_NUMBER = re.compile(r"[0-9]{1,15}(?:\.[0-9]{1,15})?")


class Product(Contract):
    """All fields of a product in the catalogue, except its vectors."""

    product_id: ProductId
    title: Annotated[str, Field(min_length=1, examples=["Red striped mug"])]
    description: str = ""
    brand: str | None = Field(default=None, examples=["Lumo"])
    category: str | None = Field(default=None, examples=["Kitchen > Mugs"])
    price: float | None = Field(default=None, ge=0, examples=[12.9])
    list_price: float | None = Field(
        default=None,
        ge=0,
        description="Price before a reduction, above `price` and in the same currency; shown "
        "struck through.",
        examples=[19.9],
    )
    currency: str | None = Field(default=None, examples=["EUR"])
    image_url: str | None = Field(
        default=None,
        description="Path on the gateway for a locally stored picture, otherwise an absolute URL.",
        examples=["/images/3f/3fa9c1.webp"],
    )
    product_url: str | None = Field(default=None, examples=["https://example.com/p/sample-0001"])
    attributes: dict[str, str] = Field(
        default_factory=dict,
        description="All further columns of the catalogue, as text.",
        examples=[{"color": "red", "pattern": "striped"}],
    )


def take_list_price(attributes: dict[str, Any], price: float | None) -> float | None:
    """Remove `LIST_PRICE` from the attributes and return it, if it is a number above the price."""
    text = attributes.get(LIST_PRICE)
    if price is None or not isinstance(text, str) or not _PLAIN_NUMBER.fullmatch(text):
        return None
    if not float(text) > price:
        return None
    del attributes[LIST_PRICE]
    return float(text)


def searched_pictures(image_url: str | None, attributes: Mapping[str, Any]) -> list[str]:
    """Addresses of the pictures that a product is found by, in the order of its image vectors."""
    more = str(attributes.get(MORE_IMAGES, "")).split()
    return [image_url or "", *(one for one in more if one.startswith(_STORED_IMAGE))]


def product_etag(product: Product) -> str:
    """Fingerprint of a product's row, as `ETag` and `If-Match` have it, without quotes."""
    text = Product.model_validate(product.model_dump(include=set(Product.model_fields)))
    return hashlib.sha256(text.model_dump_json().encode()).hexdigest()[:32]


class Variant(Contract):
    """Another product of the same group."""

    product_id: ProductId
    color: str


class ScoredProduct(Product):
    """A product with its score for a query."""

    score: float = Field(
        description="Weighted cosine similarity between the query and the product's text and image "
        "vectors, within -1..1."
    )
    strength: Strength = Field(
        description="Rank of the score among this query's scores over the whole catalogue. "
        "`strong`: it stands out. `weak`: the product may have little to do with the query; all "
        "are weak if there is no good match, and if the query is an identifier, all without it."
    )
    matched: list[Match] = Field(
        default_factory=list, description="Words of the query that the product contains."
    )
    resembles: list[str] = Field(
        default_factory=list,
        description="Excluded words that its picture looks like, although its text does not "
        "contain them. Such a product ranks lower.",
    )
    matched_image: str | None = Field(
        default=None,
        description="The picture of the product that is most similar to the query, if it is not "
        "`image_url`: one of `attributes.more_images`. `score` is the similarity to this picture.",
        examples=["/images/3f/3fa9c1.webp"],
    )
    variants: list[Variant] = Field(
        default_factory=list,
        description="Where variants are grouped, one variant in each of the other colours, 12 at "
        "most.",
    )
    terms: list[TermScore] | None = Field(
        default=None, description="Parts of the score, in the order of the query's terms."
    )
    relevance: Relevance | None = Field(
        default=None, description="Parts of the order of the results; with `?explain=true`."
    )
