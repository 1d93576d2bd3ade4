"""Messages of query understanding: a query in words in, the text to search and its limits out."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from services.contracts.base import Contract, Snapshot
from services.contracts.rewriter import MAX_QUERY_CHARACTERS
from services.contracts.search import (
    MAX_EXCLUSIONS,
    MAX_SEARCHES_PER_BATCH,
    ExcludedText,
    PriceRange,
)

UnderstoodKind = Literal["price", "in_stock", "exclude"]


class Understood(Contract):
    """One part of the query that was searched as a limit, not as words."""

    kind: UnderstoodKind = Field(
        description="`price`: a limit of the price. `in_stock`: only products in stock. `exclude`: "
        "products that say the excluded words are omitted."
    )
    text: str = Field(
        min_length=1, description="The part of the query, as written.", examples=["under 20 €"]
    )
    without: str = Field(
        description="The query without this part: search for it to remove the limit. Empty if "
        "nothing else was asked for.",
        examples=["red mug"],
    )
    price: PriceRange | None = Field(default=None, description="The limits, for `price`.")
    currency: str | None = Field(
        default=None, description="ISO 4217 code, if the query names one.", examples=["EUR"]
    )
    excluded: list[str] = Field(
        default_factory=list, description="The excluded words, for `exclude`.", examples=[["blue"]]
    )


class UnderstandRequest(Contract):
    """`POST /understand`."""

    queries: list[Annotated[str, Field(min_length=1, max_length=MAX_QUERY_CHARACTERS)]] = Field(
        min_length=1, max_length=2 * MAX_SEARCHES_PER_BATCH
    )


class UnderstoodQuery(Contract):
    """The meaning of a query: text, limits and exclusions."""

    text: str = Field(
        description="The words to encode and to search: corrected, without the limits. Empty if "
        "the query has limits only.",
        examples=["red striped mug"],
    )
    corrected_query: str | None = Field(
        default=None,
        description="The whole query with its typos corrected; null if nothing was corrected.",
    )
    understood: list[Understood] = Field(default_factory=list)
    price: PriceRange | None = Field(default=None, description="All limits of the price together.")
    in_stock: bool | None = None
    exclusions: list[ExcludedText] = Field(default_factory=list, max_length=MAX_EXCLUSIONS)


class UnderstandResponse(Contract):
    """Answers in the order of the request, all from one catalogue version."""

    queries: list[UnderstoodQuery]
    snapshot: Snapshot = ""
