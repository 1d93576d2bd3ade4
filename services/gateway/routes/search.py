"""`POST /search`, `POST /search/batch` and `GET /products/{product_id}/similar`."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Body, Depends, Path, Query, Request, Response

from services.common.awaited import ReadYourWrites
from services.common.direct_routes import DirectRoute
from services.common.problems import (
    ChangeNotServed,
    InvalidRequest,
    ModelMismatch,
    NotFound,
    PayloadTooLarge,
    UnsupportedMediaType,
    problem_responses,
)
from services.contracts.base import ProductId
from services.contracts.gateway import (
    DEFAULT_K,
    WEIGHTS_BY,
    BatchSearchRequest,
    BatchSearchResponse,
    SearchRequest,
    SearchResponse,
    SearchTerm,
    SimilarBy,
)
from services.contracts.retriever import MAX_K
from services.gateway.routes.dependencies import (
    UNANSWERED,
    TimingsDependency,
    directly_searching,
    json_response,
    require_json,
)
from services.gateway.routes.examples import SEARCH_ANSWER, SEARCHES, answered, found
from services.gateway.searching.answers import search_json
from services.gateway.state import State

router = APIRouter(tags=["search"], dependencies=[ReadYourWrites])

_ERRORS = (ChangeNotServed, InvalidRequest, NotFound, ModelMismatch, *UNANSWERED)
_BODY_ERRORS = (PayloadTooLarge, UnsupportedMediaType)


@router.post(
    "/search",
    summary="Find products by any mix of words, pictures and products",
    response_model=SearchResponse,
    responses=found(SEARCH_ANSWER) | problem_responses(*_ERRORS, *_BODY_ERRORS),
    dependencies=[Depends(require_json)],
)
async def search(
    body: Annotated[SearchRequest, Body(openapi_examples=SEARCHES)],
    state: State,
    timings: TimingsDependency,
    explain: Annotated[
        bool, Query(description="Add the parts of each score and the time of each stage.")
    ] = False,
) -> Response:
    """With filters, facets, sorting and pages; the `cursor` of an answer gets the next page.

    Without the rewriter the original query is searched, and `degraded` says so.
    """
    outcome = await state.search.one(body, timings, explain=explain)
    return json_response(search_json(outcome, timings), timings)


async def _search_directly(body: SearchRequest, request: Request) -> Response:
    return await search(body, *directly_searching(request))


DIRECT = (DirectRoute("/search", SearchRequest, _search_directly),)


@router.post(
    "/search/batch",
    summary="Several searches in one call",
    response_model=BatchSearchResponse,
    responses=answered("The answers, in order.", {"answers": [SEARCH_ANSWER]})
    | problem_responses(*_ERRORS, *_BODY_ERRORS),
    dependencies=[Depends(require_json)],
)
async def search_batch(
    body: BatchSearchRequest,
    state: State,
    timings: TimingsDependency,
) -> Response:
    """All of one catalogue version. If one search cannot be answered, the call fails."""
    outcomes = await state.search.batch(body.searches, timings)
    answers = [search_json(outcome, timings) for outcome in outcomes]
    return json_response(b'{"answers":[' + b",".join(answers) + b"]}", timings)


@router.get(
    "/products/{product_id:path}/similar",
    summary="Similar products",
    response_model=SearchResponse,
    responses=found(SEARCH_ANSWER) | problem_responses(*_ERRORS),
)
async def similar_products(
    product_id: Annotated[ProductId, Path(description="Its id in the catalogue.")],
    state: State,
    timings: TimingsDependency,
    by: Annotated[SimilarBy, Query(description="Similarity to use.")] = "both",
    k: Annotated[int, Query(ge=1, le=MAX_K, description="Maximum number of products.")] = DEFAULT_K,
) -> Response:
    """By their pictures, their words, or both; never the product itself or its variants."""
    term = SearchTerm(product_id=product_id, weights=WEIGHTS_BY[by])
    search = SearchRequest(terms=[term], k=k, cutoff="off")
    outcome = await state.search.one(search, timings)
    return json_response(search_json(outcome, timings), timings)
