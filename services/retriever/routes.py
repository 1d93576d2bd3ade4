"""The retriever's own endpoints."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request

from services.common.problems import (
    DeadlineExceeded,
    DependencyUnavailable,
    InvalidRequest,
    ModelMismatch,
    NotFound,
    NotReady,
    Overloaded,
    problem_responses,
)
from services.contracts.products import Product
from services.contracts.ranking import Ranking
from services.contracts.retriever import (
    CatalogueInfo,
    RetrievalBatchRequest,
    RetrievalBatchResponse,
    RetrievalRequest,
    RetrievalResponse,
)
from services.contracts.suggestions import (
    DEFAULT_SUGGESTIONS,
    MAX_SUGGESTIONS,
    Suggestions,
    Typed,
)
from services.retriever.catalogue.catalogue import Catalogue
from services.retriever.loading.follower import Follower
from services.retriever.metrics import RetrieverMetrics
from services.retriever.searching.drift import QueryDrift
from services.retriever.searching.pool import SearchPool
from services.retriever.searching.search import search as search_catalogue
from services.retriever.searching.suggest import suggest as suggest_from


@dataclass(frozen=True, slots=True)
class Retriever:
    """State of the app."""

    follower: Follower
    pool: SearchPool
    metrics: RetrieverMetrics
    drift: QueryDrift

    def search(self, catalogue: Catalogue, request: RetrievalRequest) -> RetrievalResponse:
        """One search, in a thread."""
        with self.metrics.search_seconds.time():
            return search_catalogue(catalogue, request)


async def _retriever(request: Request) -> Retriever:
    retriever: Retriever = request.app.state.retriever
    return retriever


async def _catalogue(retriever: Annotated[Retriever, Depends(_retriever)]) -> Catalogue:
    """One snapshot for the whole request, whatever is swapped in meanwhile."""
    catalogue = retriever.follower.catalogue
    if catalogue is None:
        # Why not is for operators, in `/ready`: it may name addresses, and this goes to anybody.
        raise NotReady("The retriever holds no catalogue yet; ask again shortly.")
    return catalogue


Retrieving = Annotated[Retriever, Depends(_retriever)]
Snapshot = Annotated[Catalogue, Depends(_catalogue)]

router = APIRouter(tags=["retriever"])


_ERRORS = (
    InvalidRequest,
    ModelMismatch,
    NotFound,
    NotReady,
    Overloaded,
    DependencyUnavailable,
    DeadlineExceeded,
)


_FOUND: dict[int | str, dict[str, Any]] = {
    200: {
        "links": {
            "BestProduct": {
                "operationId": "product",
                "parameters": {"product_id": "$response.body#/results/0/product_id"},
            }
        }
    }
}


@router.post(
    "/search",
    summary="The products nearest to what is sought",
    responses=_FOUND | problem_responses(*_ERRORS),
)
async def search(
    body: RetrievalRequest, retriever: Retrieving, catalogue: Snapshot
) -> RetrievalResponse:
    """Exact late fusion of both vectors of every product, for every term."""
    answer = await retriever.pool.run(lambda: retriever.search(catalogue, body))
    # Here and not in the thread, where one search would wait for another's sums.
    retriever.drift.asked(body)
    return answer


@router.post(
    "/search/batch",
    summary="Several searches in one call",
    responses=problem_responses(*_ERRORS),
)
async def search_batch(
    body: RetrievalBatchRequest, retriever: Retrieving, catalogue: Snapshot
) -> RetrievalBatchResponse:
    """All of one snapshot; one that cannot be answered fails the call, and says which it was."""
    answers = await retriever.pool.run(
        lambda: [retriever.search(catalogue, one) for one in body.searches]
    )
    for one in body.searches:
        retriever.drift.asked(one)
    return RetrievalBatchResponse(answers=answers)


@router.get(
    "/suggest",
    summary="Complete a query as it is typed",
    responses=problem_responses(InvalidRequest, NotReady, Overloaded, DeadlineExceeded),
)
async def suggest(
    q: Annotated[Typed, Query()],
    retriever: Retrieving,
    catalogue: Snapshot,
    limit: Annotated[
        int, Query(ge=1, le=MAX_SUGGESTIONS, description="Maximum number of suggestions.")
    ] = DEFAULT_SUGGESTIONS,
) -> Suggestions:
    """From titles, categories, brands and attributes; those with most products come first."""
    return await retriever.pool.run(lambda: suggest_from(catalogue, q, limit))


@router.get(
    "/products/{product_id:path}",
    summary="One product by its id",
    responses=problem_responses(NotFound, NotReady),
)
async def product(product_id: str, catalogue: Snapshot) -> Product:
    """All that the catalogue knows of it; the id may hold any character, slashes too."""
    found = catalogue.get(product_id)
    if found is None:
        raise NotFound(f"The catalogue has no product {product_id!r}.")
    return found


@router.get(
    "/catalogue",
    summary="Which catalogue is served",
    responses=problem_responses(NotReady),
)
async def catalogue_info(catalogue: Snapshot) -> CatalogueInfo:
    """Version, model, dimension and size of what `/search` answers from."""
    return catalogue.info


@router.get(
    "/ranking",
    summary="What holds where a search does not say otherwise",
    responses=problem_responses(NotReady),
)
async def ranking(catalogue: Snapshot) -> Ranking:
    """The weights and the calibration that came with the catalogue, or the built-in ones."""
    return catalogue.ranking
