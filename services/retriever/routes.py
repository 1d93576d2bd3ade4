"""The retriever's own endpoints."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response

from services.common.awaited import ChangeHeader, check_change
from services.common.context import CHANGE_HEADER, deadline
from services.common.direct_routes import DirectRoute
from services.common.problems import (
    ChangeNotServed,
    DeadlineExceeded,
    DependencyUnavailable,
    InvalidRequest,
    ModelMismatch,
    NotFound,
    NotReady,
    Overloaded,
    problem_responses,
)
from services.common.state import get_state
from services.contracts.problems import FieldProblem
from services.contracts.products import Product
from services.contracts.ranking import Ranking
from services.contracts.retriever import (
    CHECK_MEANING_HEADER,
    LINES_MEDIA_TYPE,
    CatalogueInfo,
    RetrievalBatchRequest,
    RetrievalBatchResponse,
    RetrievalRequest,
    RetrievalResponse,
)
from services.contracts.suggestions import (
    DEFAULT_SUGGESTIONS,
    SuggestionLimit,
    Suggestions,
    Typed,
)
from services.contracts.synonyms import StoredSynonyms
from services.contracts.understanding import UnderstandRequest, UnderstandResponse
from services.retriever.catalogue.catalogue import Catalogue
from services.retriever.searching.answer import Answer, nothing_found
from services.retriever.searching.suggest import suggest as suggest_from
from services.retriever.state import RetrieverState, State
from services.retriever.understanding.rewritten import understand_rewritten
from services.retriever.understanding.understand import understand as understand_query


async def _catalogue(state: State, change: ChangeHeader = None) -> Catalogue:
    """One snapshot for the whole request, whatever is swapped in meanwhile.

    It has the change that the request names. Raises InvalidRequest, ChangeNotServed, NotReady.
    """
    served = True
    if change is not None:
        moment_us = check_change(change, f"header.{CHANGE_HEADER}")
        served = await state.follower.serves(moment_us, _patience_s())
    catalogue = state.follower.catalogue
    if catalogue is None:
        # Why not is for operators, in `/ready`: it may name addresses, and this goes to anybody.
        raise NotReady("The retriever holds no catalogue yet; ask again shortly.")
    if not served:
        raise ChangeNotServed(
            f"Change {change} is not searchable yet. It stays stored; ask again. If it comes from "
            "another catalogue, or from a backup that was not restored, it never will be."
        )
    return catalogue


def _patience_s() -> float:
    """Time to wait for a change, so that an answer still comes before the caller gives up."""
    due = deadline.get()
    return 0.0 if due is None else max(0.0, due.remaining_s() - _ANSWER_S)


Snapshot = Annotated[Catalogue, Depends(_catalogue)]

router = APIRouter(tags=["retriever"])

_ANSWER_S = 0.2
"""Time kept for the answer once a change is served, and for saying that it is not."""


_ERRORS = (
    ChangeNotServed,
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
        "description": "The answer. With `Accept: application/x-ndjson`, two lines of JSON: all of "
        "it except `results`, then `results`. With the header "
        f"`{CHECK_MEANING_HEADER}`, `meaning` says what the first text means, and there are "
        "products only if it means just its words.",
        "links": {
            "BestProduct": {
                "operationId": "product",
                "parameters": {"product_id": "$response.body#/results/0/product_id"},
            }
        },
    }
}


@router.post(
    "/search",
    summary="The products nearest to what is sought",
    response_model=RetrievalResponse,
    responses=_FOUND | problem_responses(*_ERRORS),
)
async def search(
    body: RetrievalRequest, state: State, catalogue: Snapshot, request: Request
) -> Response:
    """Exact late fusion of both vectors of every product, for every term."""
    in_lines = request.headers.get("Accept") == LINES_MEDIA_TYPE
    checked = CHECK_MEANING_HEADER in request.headers
    asked = (body.model_dump_json(), in_lines, checked)

    def answer() -> tuple[bool, bytes]:
        """The answer, behind True if it was searched."""
        if checked:
            searched, found = _checked(state, catalogue, body)
        else:
            searched, found = True, state.search(catalogue, body)
        return searched, found.lines() if in_lines else found.json()

    known = state.answers.get(catalogue, asked)
    if known is not None:
        state.metrics.repeated.inc()
        searched, content = True, known
    else:
        searched, content = await state.pool.run(answer, small=state.small(catalogue, body.texts))
        if searched:
            state.answers.add(catalogue, asked, content)
    if searched:
        # Here and not in a thread, where one search would wait for another's sums.
        state.drift.asked(body)
    return Response(content, media_type=LINES_MEDIA_TYPE if in_lines else "application/json")


def _checked(
    state: RetrieverState, catalogue: Catalogue, body: RetrievalRequest
) -> tuple[bool, Answer]:
    """The answer with the meaning of the first text. It is searched only if it is just its words.

    Also returns whether it was searched.
    """
    text = next(iter(body.texts), "")
    meaning = understand_query(catalogue, text)
    searched = meaning.is_just(text)
    found = state.search(catalogue, body) if searched else nothing_found(catalogue)
    return searched, replace(found, head=found.head.model_copy(update={"meaning": meaning}))


async def _search_directly(body: RetrievalRequest, request: Request) -> Response:
    state = get_state(request.app, RetrieverState)
    return await search(body, state, await _catalogue(state), request)


@router.post(
    "/search/batch",
    summary="Several searches in one call",
    response_model=RetrievalBatchResponse,
    responses=problem_responses(*_ERRORS),
)
async def search_batch(body: RetrievalBatchRequest, state: State, catalogue: Snapshot) -> Response:
    """All of one snapshot; one that cannot be answered fails the call, and says which it was."""
    answers = await state.pool.run(lambda: _answers(state, catalogue, body.searches))
    for one in body.searches:
        state.drift.asked(one)
    content = b'{"answers":[' + b",".join(answers) + b"]}"
    return Response(content, media_type="application/json")


def _answers(
    state: RetrieverState, catalogue: Catalogue, searches: Sequence[RetrievalRequest]
) -> list[bytes]:
    answers = []
    for number, one in enumerate(searches):
        try:
            answers.append(state.search(catalogue, one).json())
        except InvalidRequest as error:
            place = f"body.searches.{number}."
            fields = [
                FieldProblem(field=place + it.field.removeprefix("body."), message=it.message)
                for it in error.errors or []
            ]
            raise InvalidRequest(error.detail, errors=fields or None) from error
    return answers


@router.get(
    "/suggest",
    summary="Complete a query as it is typed",
    responses=problem_responses(
        ChangeNotServed, InvalidRequest, NotReady, Overloaded, DeadlineExceeded
    ),
)
async def suggest(
    q: Annotated[Typed, Query()],
    state: State,
    catalogue: Snapshot,
    limit: Annotated[SuggestionLimit, Query()] = DEFAULT_SUGGESTIONS,
) -> Suggestions:
    """From titles, categories, brands and attributes; those with most products come first."""
    return await state.pool.run(lambda: suggest_from(catalogue, q, limit))


@router.post(
    "/understand",
    summary="Queries in words, corrected and with their limits",
    responses=problem_responses(NotReady, Overloaded),
)
async def understand(
    body: UnderstandRequest, state: State, catalogue: Snapshot
) -> UnderstandResponse:
    """Typos are corrected from the catalogue's own words. Takes well under a millisecond."""
    small = len(body.queries) == 1 and state.small(catalogue, body.queries)
    return await state.pool.run(
        lambda: UnderstandResponse(
            queries=[understand_query(catalogue, query) for query in body.queries],
            rewritten=[understand_rewritten(catalogue, one) for one in body.rewritten],
            snapshot=catalogue.snapshot,
        ),
        small=small and not body.rewritten,
    )


async def _understand_directly(body: UnderstandRequest, request: Request) -> UnderstandResponse:
    state = get_state(request.app, RetrieverState)
    return await understand(body, state, await _catalogue(state))


DIRECT = (
    DirectRoute("/search", RetrievalRequest, _search_directly),
    DirectRoute("/understand", UnderstandRequest, _understand_directly),
)


@router.get(
    "/products/{product_id:path}",
    summary="One product by its id",
    responses=problem_responses(ChangeNotServed, InvalidRequest, NotFound, NotReady),
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
    responses=problem_responses(ChangeNotServed, InvalidRequest, NotReady),
)
async def catalogue_info(catalogue: Snapshot) -> CatalogueInfo:
    """Version, model, dimension and size of what `/search` answers from."""
    return catalogue.info


@router.get(
    "/ranking",
    summary="What holds where a search does not say otherwise",
    responses=problem_responses(ChangeNotServed, InvalidRequest, NotReady),
)
async def ranking(catalogue: Snapshot) -> Ranking:
    """The weights and the calibration that came with the catalogue, or the built-in ones."""
    return catalogue.ranking


@router.get(
    "/synonyms",
    summary="Synonyms of the served catalogue",
    responses=problem_responses(NotReady),
)
async def synonyms(catalogue: Snapshot) -> StoredSynonyms:
    """Those of its file and those that were added."""
    return StoredSynonyms.model_validate(catalogue.published_synonyms.model_dump())
