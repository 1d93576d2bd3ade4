"""A product, as shoppers and programs see it."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from services.contracts.base import Contract, ProductId
from services.contracts.search import Strength, TermScore


class Product(Contract):
    """Everything the catalogue knows of a product, its vectors apart."""

    product_id: ProductId
    title: Annotated[str, Field(min_length=1, examples=["Red striped mug"])]
    description: str = ""
    brand: str | None = Field(default=None, examples=["Lumo"])
    category: str | None = Field(default=None, examples=["Kitchen > Mugs"])
    price: float | None = Field(default=None, ge=0, examples=[12.9])
    currency: str | None = Field(default=None, examples=["EUR"])
    image_url: str | None = Field(
        default=None,
        description="Path on the gateway for locally stored pictures, else an absolute URL.",
        examples=["/images/3f/3fa9c1.webp"],
    )
    product_url: str | None = Field(default=None, examples=["https://example.com/p/sample-0001"])
    attributes: dict[str, str] = Field(
        default_factory=dict,
        description="Every further column of the catalogue, as text.",
        examples=[{"color": "red", "pattern": "striped"}],
    )


class ScoredProduct(Product):
    """A product as an answer to a query."""

    score: float = Field(
        description="Weighted cosine similarity of the query to the product's text and image "
        "vectors, within -1..1."
    )
    strength: Strength = Field(
        description="Whether the score stands out among this query's scores over the whole "
        "catalogue: `strong`, or `weak` where the product may have little to do with the query, as "
        "all do where there is no good match."
    )
    terms: list[TermScore] | None = Field(
        default=None, description="The parts of the score, in the order of the query's terms."
    )
