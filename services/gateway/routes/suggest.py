"""`GET /suggest`."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Response

from services.common.awaited import ReadYourWrites
from services.common.problems import ChangeNotServed, InvalidRequest, problem_responses
from services.contracts.suggestions import (
    DEFAULT_SUGGESTIONS,
    SuggestionLimit,
    Suggestions,
    Typed,
)
from services.gateway.query_log.past_queries import merged
from services.gateway.routes.dependencies import UNANSWERED, TimingsDependency
from services.gateway.routes.examples import SUGGESTIONS, answered
from services.gateway.searching.refusals import refusals_are_faults
from services.gateway.state import State

router = APIRouter(tags=["search"], dependencies=[ReadYourWrites])


@router.get(
    "/suggest",
    summary="Complete a query as it is typed",
    responses=answered("Completions and products.", SUGGESTIONS)
    | problem_responses(ChangeNotServed, InvalidRequest, *UNANSWERED),
)
async def suggest(
    q: Annotated[Typed, Query()],
    response: Response,
    state: State,
    timings: TimingsDependency,
    limit: Annotated[SuggestionLimit, Query()] = DEFAULT_SUGGESTIONS,
) -> Suggestions:
    """From titles, categories, brands, attributes, and past queries if the query log is on.

    Those with most products come first. Typos are tolerated.
    """
    query = urlencode({"q": q, "limit": limit})
    with timings.stage("suggest"), refusals_are_faults("retriever"):
        answer = await state.services.retriever.get(f"/suggest?{query}", Suggestions)
    if state.past_queries is not None:
        past = state.past_queries.beginning(q, limit // 2 or 1)
        answer = answer.model_copy(update={"suggestions": merged(past, answer.suggestions, limit)})
    response.headers["Server-Timing"] = timings.server_timing()
    return answer
