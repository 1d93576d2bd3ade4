"""Messages of query understanding: a query in words in, the text to search and its limits out."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from services.contracts.base import Contract, Snapshot, is_empty
from services.contracts.limits import QueryLimit
from services.contracts.rewriter import MAX_QUERY_CHARACTERS, RewrittenQuery
from services.contracts.search import (
    MAX_EXCLUSIONS,
    MAX_SEARCHES_PER_BATCH,
    ExcludedText,
    PriceRange,
)


class Understood(QueryLimit):
    """One part of the query that was searched as a limit, not as words."""

    without: str = Field(
        description="The query without this part: search for it to remove the limit. Empty if "
        "nothing else was asked for.",
        examples=["red mug"],
    )


class UnderstandRequest(Contract):
    """`POST /understand`."""

    queries: list[Annotated[str, Field(min_length=1, max_length=MAX_QUERY_CHARACTERS)]] = Field(
        default_factory=list, max_length=2 * MAX_SEARCHES_PER_BATCH
    )
    rewritten: list[RewrittenQuery] = Field(
        default_factory=list,
        max_length=MAX_SEARCHES_PER_BATCH,
        exclude_if=is_empty,
        description="Queries with what a language model made of them. Their own words win over it.",
    )

    @model_validator(mode="after")
    def _some_query(self) -> UnderstandRequest:
        if not self.queries and not self.rewritten:
            raise ValueError("at least one query must be given")
        return self


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

    def is_just(self, text: str) -> bool:
        """True if a query means these words and nothing else."""
        return self == UnderstoodQuery(text=text)


class UnderstandResponse(Contract):
    """Answers in the order of the request, all from one catalogue version."""

    queries: list[UnderstoodQuery]
    rewritten: list[UnderstoodQuery] = Field(default_factory=list, exclude_if=is_empty)
    snapshot: Snapshot = ""
