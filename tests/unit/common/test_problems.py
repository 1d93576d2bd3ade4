"""Problem documents: every error of every service, in one shape."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from starlette.responses import JSONResponse

from services.common.context import request_id
from services.common.problems import (
    DependencyUnavailable,
    InvalidRequest,
    NotFound,
    Overloaded,
    ServiceError,
    error_types,
    problem_response,
    problem_responses,
)
from services.contracts.problems import FieldProblem, Problem

ERRORS_PAGE = Path(__file__).parents[3] / "docs" / "errors.md"


def _document(response: JSONResponse) -> Problem:
    return Problem.model_validate_json(bytes(response.body))


@pytest.mark.parametrize("kind", list(error_types()), ids=lambda kind: kind.slug)
def test_every_kind_becomes_a_whole_document(kind: type[ServiceError]) -> None:
    token = request_id.set("request-1")
    try:
        response = problem_response(kind("What happened."))
    finally:
        request_id.reset(token)
    assert response.status_code == kind.status
    assert response.media_type == "application/problem+json"
    problem = _document(response)
    assert problem.type == f"/problems/{kind.slug}"
    assert (problem.title, problem.status) == (kind.title, kind.status)
    assert (problem.detail, problem.instance) == ("What happened.", "request-1")
    assert "errors" not in json.loads(bytes(response.body))


def test_slugs_and_titles_are_unique() -> None:
    kinds = list(error_types())
    assert len({kind.slug for kind in kinds}) == len(kinds)
    assert len({kind.title for kind in kinds}) == len(kinds)


def test_who_may_ask_again_is_told_when() -> None:
    assert problem_response(Overloaded("Wait.")).headers["retry-after"] == "1"
    assert problem_response(DependencyUnavailable("Wait.")).headers["retry-after"] == "1"
    assert problem_response(Overloaded("Wait.", retry_after_s=7)).headers["retry-after"] == "7"
    assert "retry-after" not in problem_response(NotFound("No.")).headers


def test_fields_at_fault_are_carried() -> None:
    fields = [FieldProblem(field="body.k", message="too large")]
    assert _document(problem_response(InvalidRequest("Look.", errors=fields))).errors == fields


def test_documented_responses_join_the_kinds_of_one_status() -> None:
    kinds = [kind for kind in error_types() if kind.status == 503]
    responses = problem_responses(*kinds)
    examples = responses[503]["content"]["application/problem+json"]["examples"]
    assert set(examples) == {kind.slug for kind in kinds}
    assert "Retry-After" in responses[503]["headers"]
    assert 500 in responses


def test_the_errors_page_explains_every_kind() -> None:
    page = ERRORS_PAGE.read_text(encoding="utf-8")
    explained = dict(re.findall(r"^## `/problems/([a-z-]+)` \((\d+)\)$", page, re.MULTILINE))
    assert explained == {kind.slug: str(kind.status) for kind in error_types()}
