"""The public API."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import AliasChoices, ConfigDict, Field, Json, StringConstraints, model_validator

from services.contracts.base import Contract, ModalityWeights, ModelId, ProductId
from services.contracts.encoder import Crop
from services.contracts.products import ScoredProduct
from services.contracts.retriever import MAX_K, Confidence
from services.contracts.rewriter import MAX_QUERY_CHARACTERS, RewriteSource
from services.contracts.search import (
    MAX_SEARCHES_PER_BATCH,
    MAX_TERMS,
    Facets,
    Refinements,
    TermWeight,
)

DEFAULT_K = 20
MAX_CURSOR_CHARACTERS = 131_072

Query = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_QUERY_CHARACTERS)
]


Threshold = Annotated[
    float,
    Field(ge=-1, le=1, description="Leave out products that score below this cosine similarity."),
]


class PredictRequest(Contract):
    """`POST /predict`: find products like these words."""

    model_config = ConfigDict(
        strict=True,  # `true` is no number and `0` no boolean, whatever Pydantic would make of them
        json_schema_extra={
            "examples": [
                {"query": "red striped mug", "k": 20, "threshold": 0.35},
                {"query": "a warm hat for winter", "k": 5, "rewrite": False},
            ]
        },
    )

    query: Query = Field(description="What is sought, in words.", examples=["red striped mug"])
    k: int = Field(
        default=DEFAULT_K,
        ge=1,
        le=MAX_K,
        validation_alias=AliasChoices("k", "top_k"),
        description="How many products at most; `top_k` is another name for it.",
    )
    threshold: Threshold | None = None
    rewrite: bool = Field(default=True, description="Let the rewriter improve the query first.")
    weights: ModalityWeights | None = Field(
        default=None, description="Balance of words and look; the service's own when left out."
    )


class PictureOptions(Contract):
    """What every picture may come with, as form fields or query parameters."""

    crop: Json[Crop] | None = Field(
        default=None,
        description="The part that counts, as JSON, in fractions of the width and height of the "
        'upright picture: `{"x": 0.25, "y": 0.1, "width": 0.5, "height": 0.6}`.',
    )


class PredictImageOptions(PictureOptions):
    """What `POST /predict-image` takes beside `image`, as form fields or query parameters."""

    k: int | None = Field(
        default=None,
        ge=1,
        le=MAX_K,
        validation_alias=AliasChoices("k", "top_k"),
        description=f"How many products at most, {DEFAULT_K} unless said; `top_k` is another name.",
    )
    threshold: Threshold | None = None


class PredictResponse(Contract):
    """The answer to `POST /predict` and `POST /predict-image`."""

    original_query: str | None = Field(description="The query as asked; null for a picture.")
    rewritten_query: str | None = Field(
        description="The query that was searched for; null for a picture."
    )
    rewrite_source: RewriteSource | None = Field(
        description="Where `rewritten_query` came from; null when rewriting was turned off."
    )
    results: list[ScoredProduct] = Field(description="Best first.")
    confidence: Confidence
    degraded: list[str] = Field(
        default_factory=list,
        description="Parts that could not do their share; the answer stands without them.",
        examples=[["rewriter"]],
    )
    model: ModelId
    catalogue_version: str
    took_ms: float = Field(ge=0, description="Milliseconds inside the gateway.")
    request_id: str


PictureId = Annotated[
    str,
    StringConstraints(min_length=1, max_length=4_096, pattern=r"^[A-Za-z0-9_-]+$"),
    Field(
        description="What `POST /pictures` answered. It holds what the model saw, not the "
        "picture; it is good until `expires_at`, while the catalogue is of that model."
    ),
]


class PictureResponse(Contract):
    """The answer to `POST /pictures`."""

    picture_id: PictureId
    expires_at: datetime = Field(description="After it, the picture must be sent again.")
    model: ModelId
    request_id: str


class SearchTerm(Contract):
    """One thing sought: words, a picture, or a product of the catalogue."""

    model_config = ConfigDict(strict=True)

    text: Query | None = Field(default=None, examples=["blue"])
    picture_id: PictureId | None = None
    product_id: ProductId | None = None
    weight: TermWeight = 1.0
    weights: ModalityWeights | None = Field(
        default=None,
        description="Balance of words and look for this term; the service's own when left out.",
    )

    @model_validator(mode="after")
    def _one(self) -> SearchTerm:
        given = [self.text, self.picture_id, self.product_id]
        if sum(one is not None for one in given) != 1:
            raise ValueError("exactly one of text, picture_id and product_id must be given")
        return self


class SearchRequest(Refinements):
    """`POST /search`: any mix of words, pictures and products, and everything about the answer."""

    model_config = ConfigDict(
        strict=True,
        json_schema_extra={
            "examples": [
                {"query": "red striped mug", "facets": ["category", "color"]},
                {
                    "terms": [
                        {"product_id": "sample-0001"},
                        {"text": "blue"},
                        {"text": "striped", "weight": -0.5},
                    ],
                    "filters": {"category": ["Kitchen"], "price": {"max": 20}},
                    "sort": "price_asc",
                },
            ]
        },
    )

    query: Query | None = Field(
        default=None, description="What is sought, in words; a term like any other."
    )
    terms: list[SearchTerm] = Field(
        default_factory=list, max_length=MAX_TERMS - 1, description="What else is sought."
    )
    k: int = Field(
        default=DEFAULT_K,
        ge=1,
        le=MAX_K,
        validation_alias=AliasChoices("k", "top_k"),
        description="How many products at most; `top_k` is another name for it.",
    )
    rewrite: bool = Field(default=True, description="Let the rewriter improve `query` first.")
    weights: ModalityWeights | None = Field(
        default=None,
        description="Balance of words and look for every term that has none of its own.",
    )
    cursor: str | None = Field(
        default=None,
        max_length=MAX_CURSOR_CHARACTERS,
        pattern=r"^[A-Za-z0-9_-]+$",
        description="`cursor` of the page before. It holds the whole search: nothing but `k` may "
        "be given with it.",
    )

    @model_validator(mode="after")
    def _something_wanted(self) -> SearchRequest:
        if self.cursor is not None:
            if others := self.model_fields_set - {"cursor", "k"}:
                raise ValueError(f"with a cursor, leave out {', '.join(sorted(others))}")
            return self
        if self.query is None and not any(term.weight > 0 for term in self.terms):
            raise ValueError("give a query, or at least one term that weighs more than 0")
        return self


class SearchExplanation(Contract):
    """How an answer came about; the parts of each score are in `results[].terms`."""

    stages_ms: dict[str, float] = Field(description="Time by stage, as in `Server-Timing`.")
    terms: list[str] = Field(
        description="What `results[].terms` are of, in that order.", examples=[["red mug"]]
    )
    cached: list[str] = Field(
        description="Which of those texts the encoder did not encode anew, but had kept. Whether "
        "the rewriter had, `rewrite_source` tells.",
        examples=[["red mug"]],
    )


class SearchResponse(Contract):
    """The answer to `POST /search` and `GET /products/{id}/similar`."""

    original_query: str | None = Field(description="`query` as asked.")
    rewritten_query: str | None = Field(description="The query that was searched for.")
    rewrite_source: RewriteSource | None = Field(
        description="Where `rewritten_query` came from; null when nothing was to be rewritten."
    )
    results: list[ScoredProduct] = Field(
        description="In the order asked for. Empty where nothing in the catalogue is a good match."
    )
    found: int = Field(
        ge=0, description="How many products there are to page through, 1,000 at most."
    )
    confidence: Confidence
    facets: Facets | None = Field(default=None, description="Null where none were asked for.")
    cursor: str | None = Field(default=None, description="For the next page; null on the last.")
    degraded: list[str] = Field(
        default_factory=list,
        description="Parts that could not do their share; the answer stands without them.",
        examples=[["rewriter"]],
    )
    model: ModelId
    catalogue_version: str
    took_ms: float = Field(ge=0, description="Milliseconds inside the gateway.")
    request_id: str
    explanation: SearchExplanation | None = Field(default=None, description="With `?explain=true`.")


class BatchSearchRequest(Contract):
    """`POST /search/batch`."""

    searches: list[SearchRequest] = Field(min_length=1, max_length=MAX_SEARCHES_PER_BATCH)


class BatchSearchResponse(Contract):
    """The answers in the order of the request."""

    answers: list[SearchResponse]
