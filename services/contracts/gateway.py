"""The public API."""

from __future__ import annotations

from typing import Annotated

from pydantic import AliasChoices, ConfigDict, Field, StringConstraints

from services.contracts.base import Contract, ModalityWeights, ModelId
from services.contracts.products import ScoredProduct
from services.contracts.retriever import MAX_K
from services.contracts.rewriter import MAX_QUERY_CHARACTERS, RewriteSource

DEFAULT_K = 20

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


class PredictImageOptions(Contract):
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
    degraded: list[str] = Field(
        default_factory=list,
        description="Parts that could not do their share; the answer stands without them.",
        examples=[["rewriter"]],
    )
    model: ModelId
    catalogue_version: str
    took_ms: float = Field(ge=0, description="Milliseconds inside the gateway.")
    request_id: str
