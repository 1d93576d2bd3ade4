"""Suggestions: completions of a query as it is typed. The gateway and the retriever share them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from services.contracts.base import Contract, ProductId

MAX_TYPED_CHARACTERS = 200
DEFAULT_SUGGESTIONS = 8
MAX_SUGGESTIONS = 20
MAX_SUGGESTED_PRODUCTS = 3

Typed = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_TYPED_CHARACTERS),
    Field(description="The query as typed so far.", examples=["red str"]),
]

SuggestionLimit = Annotated[
    int, Field(ge=1, le=MAX_SUGGESTIONS, description="Maximum number of suggestions.")
]

SuggestionKind = Literal["title", "category", "brand", "attribute", "query"]


class Suggestion(Contract):
    """One completion."""

    text: str = Field(description="The query to search for.", examples=["Red striped mug"])
    kind: SuggestionKind = Field(
        description="Source of the text: words of titles, a category, a brand, a value of an "
        "attribute, or a query that shoppers searched for before."
    )
    products: int = Field(
        ge=0,
        description="Number of products behind it: with these words in their titles, with this "
        "value, or found by this query.",
    )


class SuggestedProduct(Contract):
    """A product as a suggestion shows it."""

    product_id: ProductId
    title: str = Field(examples=["Red striped mug"])
    image_url: str | None = Field(
        default=None,
        description="Path on the gateway for a locally stored picture, otherwise an absolute URL.",
        examples=["/images/3f/3fa9c1.webp"],
    )


class Suggestions(Contract):
    """The answer to `GET /suggest`."""

    suggestions: list[Suggestion] = Field(
        description="Completions, those with most products first. If nothing begins as typed, "
        "completions of a similar spelling."
    )
    products: list[SuggestedProduct] = Field(
        max_length=MAX_SUGGESTED_PRODUCTS, description="Products that match what is typed."
    )
