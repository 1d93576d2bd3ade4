"""`POST /rewrite`."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request

from services.common.problems import InvalidRequest, PayloadTooLarge, problem_responses
from services.contracts.rewriter import RewriteRequest, RewriteResponse
from services.rewriter.rewriting import Rewriter

router = APIRouter(tags=["rewriting"])


async def _rewriter(request: Request) -> Rewriter:
    rewriter: Rewriter = request.app.state.rewriter
    return rewriter


@router.post(
    "/rewrite",
    summary="Make a query better, or leave it",
    responses=problem_responses(InvalidRequest, PayloadTooLarge),
)
async def rewrite(
    query: RewriteRequest, rewriter: Annotated[Rewriter, Depends(_rewriter)]
) -> RewriteResponse:
    """Always an answer, within the deadline; `source` says where it came from."""
    return await rewriter.rewrite(query.query)
