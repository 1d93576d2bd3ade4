"""The retriever's wire: a query vector in, scored products out."""

from __future__ import annotations

from pydantic import Field

from services.contracts.base import Contract, ModalityWeights, ModelId, Vector
from services.contracts.products import ScoredProduct

MAX_K = 100


class SearchRequest(Contract):
    """`POST /search`."""

    model: ModelId
    vector: Vector = Field(description="The query, a unit vector of the catalogue's model.")
    weights: ModalityWeights
    k: int = Field(ge=1, le=MAX_K, description="How many products at most.")
    threshold: float | None = Field(
        default=None, ge=-1, le=1, description="Leave out products that score below this."
    )


class CatalogueInfo(Contract):
    """Which catalogue answered."""

    version: str = Field(description="Changes whenever any product does.")
    model: ModelId
    dimension: int = Field(ge=1)
    products: int = Field(ge=0)


class SearchResponse(Contract):
    """The best products, best first; equal scores in order of product id."""

    results: list[ScoredProduct]
    catalogue: CatalogueInfo
