"""Messages of the retriever: query vectors in, scored products out."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from services.contracts.base import (
    Contract,
    ModalityWeights,
    ModelId,
    ProductId,
    Snapshot,
    is_empty,
)
from services.contracts.encoder import MAX_TEXT_CHARACTERS
from services.contracts.products import ScoredProduct
from services.contracts.search import (
    MAX_EXCLUSIONS,
    MAX_SEARCHES_PER_BATCH,
    MAX_TERMS,
    ExcludedText,
    Facets,
    Refinements,
    TermWeight,
)
from services.contracts.understanding import UnderstoodQuery
from services.contracts.vectors import Vector

MAX_K = 100

LINES_MEDIA_TYPE = "application/x-ndjson"
"""With this `Accept` header the answer to a search is two lines of JSON: `RetrievalHead`, then the
list of products. So a caller passes the products on without parsing them."""

CHECK_MEANING_HEADER = "X-Check-Meaning"
"""With this header, whatever its value, the first text of a search is also understood, as by
`POST /understand`. The answer has `meaning`, and products only if the text means just its words."""

NO_MATCH_BELOW = 0.5
"""An answer with a confidence below this means "no good match"."""

Confidence = Annotated[
    float,
    Field(
        ge=0,
        le=1,
        description="Probability that the catalogue contains a match. Below "
        f"{NO_MATCH_BELOW} there is no good match: the catalogue has no such product, or the query "
        "has no meaning.",
    ),
]


Kind = Literal["words", "picture"]


class QueryTerm(Contract):
    """One part of a search: a vector, or the vectors of a product in the catalogue."""

    vector: Vector | None = Field(
        default=None, description="A unit vector of the catalogue's model."
    )
    kind: Kind = Field(default="words", description="Source of the vector.")
    text: str | None = Field(
        default=None,
        max_length=MAX_TEXT_CHARACTERS,
        description="The words of the vector. Products that contain them rank higher; if a product "
        "contains all of them, it is a match.",
    )
    product_id: ProductId | None = None
    weights: ModalityWeights | None = Field(
        default=None,
        description="Weights of text and image vectors; the catalogue's ranking by default.",
    )
    weight: TermWeight = 1.0

    @model_validator(mode="after")
    def _one(self) -> QueryTerm:
        if (self.vector is None) == (self.product_id is None):
            raise ValueError("exactly one of vector and product_id must be given")
        if self.text is not None and (self.vector is None or self.kind != "words"):
            raise ValueError("text must come with a vector that was made of words")
        return self


class Exclusion(Contract):
    """Products that contain these words are omitted."""

    text: ExcludedText
    vector: Vector | None = Field(
        default=None,
        description="The vector of the text: products whose picture looks like it rank lower.",
    )


class RetrievalRequest(Refinements):
    """`POST /search`.

    Several terms are scaled by the spread of each term's scores over the catalogue, so that a
    picture does not outweigh words. The products that the terms name are never results.
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
    exclusions: list[Exclusion] = Field(default_factory=list, max_length=MAX_EXCLUSIONS)
    k: int = Field(ge=1, le=MAX_K, description="Maximum number of products.")
    after: str | None = Field(
        default=None, max_length=512, description="`next` of the previous page of this search."
    )
    explain: bool = Field(default=False, description="Whether to return the parts of each score.")

    @property
    def texts(self) -> list[str]:
        """Those of all terms and exclusions."""
        terms = [one.text for one in self.terms if one.text is not None]
        return terms + [one.text for one in self.exclusions]

    @model_validator(mode="after")
    def _something_wanted(self) -> RetrievalRequest:
        if self.terms and not any(term.weight > 0 for term in self.terms):
            raise ValueError("at least one term must have a weight above 0")
        if self.model is None and any(term.vector is not None for term in self.terms):
            raise ValueError("a vector requires the model that made it")
        return self


class RetrievalBatchRequest(Contract):
    """`POST /search/batch`."""

    searches: list[RetrievalRequest] = Field(min_length=1, max_length=MAX_SEARCHES_PER_BATCH)


class CatalogueInfo(Contract):
    """The catalogue that answered."""

    version: str = Field(description="Changes with every load of a catalogue.")
    model: ModelId
    dimension: int = Field(ge=1)
    products: int = Field(ge=0)


class RetrievalHead(Contract):
    """All of an answer except its products."""

    found: int = Field(
        ge=0,
        description="Number of products on all pages: at most 1,000; all when browsing.",
    )
    confidence: Confidence
    facets: Facets | None = Field(default=None, description="Null if none were requested.")
    next: str | None = Field(default=None, description="`after` of the next page.")
    catalogue: CatalogueInfo
    snapshot: Snapshot = ""
    meaning: UnderstoodQuery | None = Field(
        default=None,
        exclude_if=is_empty,
        description=f"Meaning of the first text, if the request had the header "
        f"`{CHECK_MEANING_HEADER}`.",
    )


class RetrievalResponse(RetrievalHead):
    """The best products in the requested order; equal ones in order of product id."""

    results: list[ScoredProduct]


class RetrievalBatchResponse(Contract):
    """Answers in the order of the request, all from one catalogue version."""

    answers: list[RetrievalResponse]
