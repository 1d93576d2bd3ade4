"""The retriever's wire: query vectors in, scored products out."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from services.contracts.base import Contract, ModalityWeights, ModelId, ProductId
from services.contracts.encoder import MAX_TEXT_CHARACTERS
from services.contracts.products import ScoredProduct
from services.contracts.search import (
    MAX_SEARCHES_PER_BATCH,
    MAX_TERMS,
    Facets,
    Refinements,
    TermWeight,
)
from services.contracts.vectors import Vector

MAX_K = 100

NO_MATCH_BELOW = 0.5
"""Confidence below which an answer means "no good match"."""

Confidence = Annotated[
    float,
    Field(
        ge=0,
        le=1,
        description="How likely the catalogue has what was sought; below "
        f"{NO_MATCH_BELOW} there is no good match: it does not have that, or it means nothing.",
    ),
]


Kind = Literal["words", "picture"]


class QueryTerm(Contract):
    """One thing sought: a vector, or the vectors of a product that the catalogue has."""

    vector: Vector | None = Field(
        default=None, description="A unit vector of the catalogue's model."
    )
    kind: Kind = Field(default="words", description="What the vector was made of.")
    text: str | None = Field(
        default=None,
        max_length=MAX_TEXT_CHARACTERS,
        description="The words that the vector was made of. Where a product near it says them all "
        "there is a match, however many others are as near.",
    )
    product_id: ProductId | None = None
    weights: ModalityWeights | None = Field(
        default=None,
        description="Balance of words and look; left out, that of the catalogue's ranking.",
    )
    weight: TermWeight = 1.0

    @model_validator(mode="after")
    def _one(self) -> QueryTerm:
        if (self.vector is None) == (self.product_id is None):
            raise ValueError("exactly one of vector and product_id must be given")
        if self.text is not None and (self.vector is None or self.kind != "words"):
            raise ValueError("text must come with a vector that was made of words")
        return self


class RetrievalRequest(Refinements):
    """`POST /search`.

    Several terms are balanced by how far each one's scores spread over the catalogue, so that a
    picture does not drown words. The products of the terms themselves are never found.
    """

    model: ModelId | None = Field(
        default=None, description="Model of the vectors; required with a vector."
    )
    terms: list[QueryTerm] = Field(
        default_factory=list,
        max_length=MAX_TERMS,
        description="Empty: browse. All products that pass the filters, in order of id or price, "
        "with `score` 0, `confidence` 1 and exact counts.",
    )
    k: int = Field(ge=1, le=MAX_K, description="How many products at most.")
    after: str | None = Field(
        default=None, max_length=512, description="`next` of the page before, of the same search."
    )
    explain: bool = Field(default=False, description="Tell the parts of each score.")

    @model_validator(mode="after")
    def _something_wanted(self) -> RetrievalRequest:
        if self.terms and not any(term.weight > 0 for term in self.terms):
            raise ValueError("at least one term must weigh more than 0")
        if self.model is None and any(term.vector is not None for term in self.terms):
            raise ValueError("a vector needs the model that made it")
        return self


class RetrievalBatchRequest(Contract):
    """`POST /search/batch`."""

    searches: list[RetrievalRequest] = Field(min_length=1, max_length=MAX_SEARCHES_PER_BATCH)


class CatalogueInfo(Contract):
    """Which catalogue answered."""

    version: str = Field(description="Changes whenever any product does.")
    model: ModelId
    dimension: int = Field(ge=1)
    products: int = Field(ge=0)


class RetrievalResponse(Contract):
    """The best products in the order asked for; equal ones in order of product id."""

    results: list[ScoredProduct]
    found: int = Field(
        ge=0,
        description="Products to page through: of the best 1,000; all when browsing.",
    )
    confidence: Confidence
    facets: Facets | None = Field(default=None, description="Null where none were asked for.")
    next: str | None = Field(default=None, description="Give it as `after` for the next page.")
    catalogue: CatalogueInfo


class RetrievalBatchResponse(Contract):
    """In the order of the request, all of one catalogue version."""

    answers: list[RetrievalResponse]
