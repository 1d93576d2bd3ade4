"""`POST /rewrite`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Request

from services.common.direct_routes import DirectRoute
from services.common.problems import InvalidRequest, PayloadTooLarge, problem_responses
from services.common.state import get_state, state_dependency
from services.contracts.rewriter import RewriteRequest, RewriteResponse
from services.rewriter.rewriting import Rewriter

router = APIRouter(tags=["rewriting"])


@dataclass(frozen=True, slots=True)
class RewriterState:
    """Everything that lives as long as the app does."""

    rewriter: Rewriter


State = Annotated[RewriterState, Depends(state_dependency(RewriterState))]


@router.post(
    "/rewrite",
    summary="Rewrite a query, or return it unchanged",
    responses=problem_responses(InvalidRequest, PayloadTooLarge),
)
async def rewrite(query: RewriteRequest, state: State) -> RewriteResponse:
    """Always answers, within the deadline; `source` says where the answer came from."""
    return await state.rewriter.rewrite(query.query)


async def _rewrite_directly(query: RewriteRequest, request: Request) -> RewriteResponse:
    return await rewrite(query, get_state(request.app, RewriterState))


DIRECT = (DirectRoute("/rewrite", RewriteRequest, _rewrite_directly),)
