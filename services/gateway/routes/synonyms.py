"""`GET` and `PUT /synonyms`, for administrators."""

from __future__ import annotations

from fastapi import APIRouter, Depends

from services.common.awaited import ReadYourWrites
from services.common.problems import (
    ChangeNotServed,
    DeadlineExceeded,
    DependencyUnavailable,
    Forbidden,
    InvalidRequest,
    NotReady,
    Overloaded,
    PayloadTooLarge,
    Unauthorized,
    UnsupportedMediaType,
    problem_responses,
)
from services.contracts.synonyms import AddedSynonyms, StoredSynonyms
from services.gateway.routes.changes import writer_of
from services.gateway.routes.dependencies import AdminOnly, require_json
from services.gateway.state import State

router = APIRouter(
    tags=["administration"],
    dependencies=[AdminOnly],
    responses=problem_responses(
        Unauthorized, Forbidden, NotReady, Overloaded, DependencyUnavailable, DeadlineExceeded
    ),
)


@router.get(
    "/synonyms",
    summary="All synonyms of the catalogue",
    responses=problem_responses(InvalidRequest, ChangeNotServed),
    dependencies=[ReadYourWrites],
)
async def get_synonyms(state: State) -> StoredSynonyms:
    """Those of the catalogue's file, and those that were added here."""
    return await state.services.retriever.get("/synonyms", StoredSynonyms)


@router.put(
    "/synonyms",
    summary="Replace the added synonyms",
    responses=problem_responses(InvalidRequest, UnsupportedMediaType, PayloadTooLarge),
    dependencies=[Depends(require_json)],
)
async def put_synonyms(synonyms: AddedSynonyms, state: State) -> StoredSynonyms:
    """In force in less than a second, on every replica, without a reload.

    Synonyms of the catalogue's file stay. An empty list removes all added ones.
    """
    return await writer_of(state).change("PUT", "/synonyms", StoredSynonyms, synonyms)
