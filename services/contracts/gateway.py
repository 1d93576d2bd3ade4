"""Messages of the public API."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Literal

from pydantic import AliasChoices, ConfigDict, Field, Json, StringConstraints, model_validator

from services.contracts.base import Contract, ModalityWeights, ModelId, ProductId
from services.contracts.encoder import MAX_REGIONS, Crop
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
from services.contracts.understanding import Understood

DEFAULT_K = 20
MAX_CURSOR_CHARACTERS = 131_072

Query = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_QUERY_CHARACTERS)
]


Threshold = Annotated[
    float,
    Field(ge=-1, le=1, description="Lowest cosine similarity; products below it are omitted."),
]

CorrectedQuery = Annotated[
    str | None,
    Field(
        description="The query with its typos corrected, which was searched; null if nothing was "
        "corrected. `interpret: false` searches the query as written.",
        examples=["red striped mug"],
    ),
]

UnderstoodParts = Annotated[
    list[Understood], Field(description="Parts of the query that were searched as limits.")
]

Degraded = Annotated[
    list[str],
    Field(
        default_factory=list,
        description="Parts that were missing; the answer stands without them. `rewriter`: the "
        "query was not rewritten. `understanding`: it was searched as written, so typos and limits "
        "in its words (“under 20 €”) had no effect.",
        examples=[["rewriter"]],
    ),
]


class PredictRequest(Contract):
    """`POST /predict`: find products by words."""

    model_config = ConfigDict(
        strict=True,  # otherwise Pydantic takes `true` for a number and `0` for a boolean
        json_schema_extra={
            "examples": [
                {"query": "red striped mug", "k": 20, "threshold": 0.35},
                {"query": "a warm hat for winter", "k": 5, "rewrite": False},
            ]
        },
    )

    query: Query = Field(description="Search words.", examples=["red striped mug"])
    k: int = Field(
        default=DEFAULT_K,
        ge=1,
        le=MAX_K,
        validation_alias=AliasChoices("k", "top_k"),
        description="Maximum number of products; `top_k` is an alias.",
    )
    threshold: Threshold | None = None
    rewrite: bool = Field(default=True, description="Whether the rewriter improves the query.")
    interpret: bool = Field(
        default=True,
        description="Whether to correct typos from the catalogue's words, and to search limits in "
        "the query (“under 20 €”, “not blue”, “in stock”) as filters.",
    )
    weights: ModalityWeights | None = Field(
        default=None,
        description="Weights of text and image vectors; the catalogue's ranking by default.",
    )


class PictureOptions(Contract):
    """Options of every picture, as form fields or query parameters."""

    crop: Json[Crop] | None = Field(
        default=None,
        description="The part of the picture to use, as JSON, in fractions of the width and height "
        'of the upright picture: `{"x": 0.25, "y": 0.1, "width": 0.5, "height": 0.6}`.',
    )


class AddPictureOptions(PictureOptions):
    """Options of `POST /pictures` beside `image`, as form fields or query parameters."""

    proposals: bool = Field(
        default=False, description="Whether to propose parts of the picture to search for."
    )


class PredictImageOptions(PictureOptions):
    """Options of `POST /predict-image` beside `image`, as form fields or query parameters."""

    k: int | None = Field(
        default=None,
        ge=1,
        le=MAX_K,
        validation_alias=AliasChoices("k", "top_k"),
        description=f"Maximum number of products, {DEFAULT_K} by default; `top_k` is an alias.",
    )
    threshold: Threshold | None = None


class PredictResponse(Contract):
    """The answer to `POST /predict` and `POST /predict-image`."""

    original_query: str | None = Field(description="The query as sent; null for a picture.")
    rewritten_query: str | None = Field(
        description="The query that was searched for; null for a picture."
    )
    rewrite_source: RewriteSource | None = Field(
        description="Source of `rewritten_query`; null if rewriting was turned off."
    )
    corrected_query: CorrectedQuery = None
    understood: UnderstoodParts = Field(default_factory=list)
    results: list[ScoredProduct] = Field(description="Best first.")
    confidence: Confidence
    degraded: Degraded
    model: ModelId
    catalogue_version: str
    took_ms: float = Field(ge=0, description="Milliseconds inside the gateway.")
    request_id: str


PictureId = Annotated[
    str,
    StringConstraints(min_length=1, max_length=4_096, pattern=r"^[A-Za-z0-9_-]+$"),
    Field(
        description="An id from `POST /pictures`. It contains the picture's vector, not the "
        "picture. It is valid until `expires_at`, while the catalogue's model is the same."
    ),
]


class PictureResponse(Contract):
    """The answer to `POST /pictures`."""

    picture_id: PictureId
    expires_at: datetime = Field(description="After this time the picture must be sent again.")
    proposals: list[Crop] | None = Field(
        default=None,
        max_length=MAX_REGIONS,
        description="Parts of the whole picture that are worth a search of their own, the largest "
        "thing first; null unless asked for. Each can be sent as `crop`.",
    )
    model: ModelId
    request_id: str


SimilarBy = Literal["look", "words", "both"]
WEIGHTS_BY: Mapping[SimilarBy, ModalityWeights | None] = {
    "look": ModalityWeights(text=0, image=1),
    "words": ModalityWeights(text=1, image=0),
    "both": None,  # the weights of the catalogue's ranking
}


class SearchTerm(Contract):
    """One part of a search: words, a picture, or a product of the catalogue."""

    model_config = ConfigDict(strict=True)

    text: Query | None = Field(default=None, examples=["blue"])
    picture_id: PictureId | None = None
    product_id: ProductId | None = None
    weight: TermWeight = 1.0
    weights: ModalityWeights | None = Field(
        default=None,
        description="Weights of text and image vectors for this term; the catalogue's ranking by "
        "default.",
    )

    @model_validator(mode="after")
    def _one(self) -> SearchTerm:
        given = [self.text, self.picture_id, self.product_id]
        if sum(one is not None for one in given) != 1:
            raise ValueError("exactly one of text, picture_id and product_id must be given")
        return self


class SearchRequest(Refinements):
    """`POST /search`: any mix of words, pictures and products, with filters and options."""

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
        default=None,
        description="Search words. The query counts as one more term. Without query and terms the "
        "answer lists all products that pass the filters.",
    )
    terms: list[SearchTerm] = Field(
        default_factory=list, max_length=MAX_TERMS - 1, description="Further parts of the search."
    )
    k: int = Field(
        default=DEFAULT_K,
        ge=1,
        le=MAX_K,
        validation_alias=AliasChoices("k", "top_k"),
        description="Maximum number of products; `top_k` is an alias.",
    )
    rewrite: bool = Field(default=True, description="Whether the rewriter improves `query`.")
    interpret: bool = Field(
        default=True,
        description="Whether to correct typos from the catalogue's words, and to search limits in "
        "`query` (“under 20 €”, “not blue”, “in stock”) as filters.",
    )
    weights: ModalityWeights | None = Field(
        default=None,
        description="Weights of text and image vectors for every term without its own.",
    )
    keep_category: bool = Field(
        default=True,
        description="Whether words beside a picture or a product search only within the category "
        "that most of its nearest products share: a picture of a mug and “blue” find blue mugs. "
        "Ignored if `filters.category` is given, or if the words name another category.",
    )
    cursor: str | None = Field(
        default=None,
        max_length=MAX_CURSOR_CHARACTERS,
        pattern=r"^[A-Za-z0-9_-]+$",
        description="`cursor` of the previous page. It contains the whole search, so only `k` may "
        "be sent with it.",
    )

    @model_validator(mode="after")
    def _something_wanted(self) -> SearchRequest:
        if self.cursor is not None:
            if others := self.model_fields_set - {"cursor", "k"}:
                raise ValueError(f"remove {', '.join(sorted(others))}: the cursor contains them")
            return self
        if self.query is None and self.terms and not any(term.weight > 0 for term in self.terms):
            raise ValueError("send a query, or at least one term with a weight above 0")
        return self


class SearchExplanation(Contract):
    """Details of how an answer was made. The parts of each score are in `results[].terms`."""

    stages_ms: dict[str, float] = Field(description="Time by stage, as in `Server-Timing`.")
    terms: list[str] = Field(
        description="Names of `results[].terms`, in the same order.", examples=[["red mug"]]
    )
    cached: list[str] = Field(
        description="Texts whose vectors came from the encoder's cache. `rewrite_source` shows "
        "whether the rewriter used its cache.",
        examples=[["red mug"]],
    )


class SearchResponse(Contract):
    """The answer to `POST /search` and `GET /products/{id}/similar`."""

    original_query: str | None = Field(description="`query` as sent.")
    rewritten_query: str | None = Field(description="The query that was searched for.")
    rewrite_source: RewriteSource | None = Field(
        description="Source of `rewritten_query`; null if there was nothing to rewrite."
    )
    corrected_query: CorrectedQuery = None
    understood: UnderstoodParts = Field(default_factory=list)
    kept_category: str | None = Field(
        default=None,
        description="The category of the picture or product that was searched within, because "
        "words stood beside it; null if there was none. `keep_category: false` searches all.",
        examples=["Kitchen > Mugs"],
    )
    results: list[ScoredProduct] = Field(
        description="Products in the requested order. Empty if the catalogue has no good match."
    )
    found: int = Field(ge=0, description="Number of products on all pages together, at most 1,000.")
    confidence: Confidence
    facets: Facets | None = Field(default=None, description="Null if none were requested.")
    cursor: str | None = Field(
        default=None, description="Cursor for the next page; null on the last page."
    )
    degraded: Degraded
    model: ModelId
    catalogue_version: str
    took_ms: float = Field(ge=0, description="Milliseconds inside the gateway.")
    request_id: str
    explanation: SearchExplanation | None = Field(
        default=None, description="Present with `?explain=true`."
    )


class BatchSearchRequest(Contract):
    """`POST /search/batch`."""

    searches: list[SearchRequest] = Field(min_length=1, max_length=MAX_SEARCHES_PER_BATCH)


class BatchSearchResponse(Contract):
    """The answers in the order of the request."""

    answers: list[SearchResponse]
