"""`POST /search`, `POST /search/batch` and `GET /products/{product_id}/similar`."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Body, Depends, Path, Query, Response

from services.common.problems import (
    DeadlineExceeded,
    DependencyUnavailable,
    InvalidRequest,
    ModelMismatch,
    NotFound,
    NotReady,
    Overloaded,
    PayloadTooLarge,
    UnsupportedMediaType,
    problem_responses,
)
from services.contracts.base import ModalityWeights, ProductId
from services.contracts.gateway import (
    DEFAULT_K,
    BatchSearchRequest,
    BatchSearchResponse,
    SearchRequest,
    SearchResponse,
)
from services.contracts.retriever import MAX_K
from services.gateway.routes.dependencies import (
    ComposedSearchDependency,
    TimingsDependency,
    require_json,
)
from services.gateway.routes.examples import SEARCH_ANSWER, SEARCHES, answered, found

router = APIRouter(tags=["search"])

By = Literal["look", "words", "both"]

_WEIGHTS: dict[By, ModalityWeights | None] = {
    "look": ModalityWeights(text=0, image=1),
    "words": ModalityWeights(text=1, image=0),
    "both": None,  # in the balance that the catalogue's ranking has
}

_ERRORS = (
    InvalidRequest,
    NotFound,
    ModelMismatch,
    Overloaded,
    NotReady,
    DependencyUnavailable,
    DeadlineExceeded,
)
_BODY_ERRORS = (PayloadTooLarge, UnsupportedMediaType)


@router.post(
    "/search",
    summary="Find products by any mix of words, pictures and products",
    responses=found(SEARCH_ANSWER) | problem_responses(*_ERRORS, *_BODY_ERRORS),
    dependencies=[Depends(require_json)],
)
async def search(
    body: Annotated[SearchRequest, Body(openapi_examples=SEARCHES)],
    response: Response,
    composed: ComposedSearchDependency,
    timings: TimingsDependency,
    explain: Annotated[
        bool, Query(description="Tell the parts of each score and the time by stage.")
    ] = False,
) -> SearchResponse:
    """With filters, facets, an order and pages; `cursor` of an answer asks for the next one.

    Without the rewriter the search goes on with the query as it came, and `degraded` says so.
    """
    answer = await composed.search(body, timings, explain=explain)
    response.headers["Server-Timing"] = timings.server_timing()
    return answer


@router.post(
    "/search/batch",
    summary="Several searches in one call",
    responses=answered("The answers, in order.", {"answers": [SEARCH_ANSWER]})
    | problem_responses(*_ERRORS, *_BODY_ERRORS),
    dependencies=[Depends(require_json)],
)
async def search_batch(
    body: BatchSearchRequest,
    response: Response,
    composed: ComposedSearchDependency,
    timings: TimingsDependency,
) -> BatchSearchResponse:
    """All of one version of the catalogue; one that cannot be answered fails the call."""
    answers = await composed.batch(body.searches, timings)
    response.headers["Server-Timing"] = timings.server_timing()
    return BatchSearchResponse(answers=answers)


@router.get(
    "/products/{product_id:path}/similar",
    summary="Products like this one",
    responses=found(SEARCH_ANSWER) | problem_responses(*_ERRORS),
)
async def similar_products(
    product_id: Annotated[ProductId, Path(description="Its id in the catalogue.")],
    response: Response,
    composed: ComposedSearchDependency,
    timings: TimingsDependency,
    by: Annotated[By, Query(description="What to go by.")] = "both",
    k: Annotated[int, Query(ge=1, le=MAX_K, description="How many at most.")] = DEFAULT_K,
) -> SearchResponse:
    """By their pictures, their words, or both; never the product itself or its variants."""
    answer = await composed.similar(product_id, _WEIGHTS[by], k, timings)
    response.headers["Server-Timing"] = timings.server_timing()
    return answer
