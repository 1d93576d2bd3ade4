"""A limit that a query states in words: one structure, for the retriever's reading and Gemini's."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from services.contracts.base import Contract
from services.contracts.search import PriceRange

LimitKind = Literal["price", "in_stock", "exclude"]

MAX_LIMITS = 8
"""Limits of one query that a language model may propose."""


class QueryLimit(Contract):
    """One part of a query that is a limit, not words to search."""

    kind: LimitKind = Field(
        description="`price`: a limit of the price. `in_stock`: only products in stock, or only "
        "those that are not. `exclude`: products that say the excluded words are omitted."
    )
    text: str = Field(
        min_length=1, description="The part of the query, as written.", examples=["under 20 €"]
    )
    price: PriceRange | None = Field(default=None, description="The limits, for `price`.")
    currency: str | None = Field(
        default=None, description="ISO 4217 code, if the query names one.", examples=["EUR"]
    )
    excluded: list[str] = Field(
        default_factory=list, description="The excluded words, for `exclude`.", examples=[["blue"]]
    )


ProposedLimits = Annotated[list[QueryLimit], Field(max_length=MAX_LIMITS)]
