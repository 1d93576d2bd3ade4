"""Shapes of an answer: `POST /search` and `POST /predict` show the same outcome differently."""

from __future__ import annotations

from services.common.context import request_id
from services.common.problems import InvalidRequest
from services.contracts.gateway import (
    MAX_CURSOR_CHARACTERS,
    PredictResponse,
    SearchExplanation,
    SearchResponse,
)
from services.gateway.searching.cursors import Asked, cursor_of
from services.gateway.searching.search import Outcome
from services.gateway.searching.timings import Timings


def search_json(outcome: Outcome, timings: Timings) -> bytes:
    """`SearchResponse`. Raises InvalidRequest for a search that is too long to be paged through."""
    return outcome.found.written_into(_search_response(outcome, timings))


def predict_json(outcome: Outcome, timings: Timings) -> bytes:
    """`PredictResponse`."""
    return outcome.found.written_into(_predict_response(outcome, timings))


def _search_response(outcome: Outcome, timings: Timings) -> SearchResponse:
    asked, found = outcome.asked, outcome.found.head
    return SearchResponse(
        original_query=asked.original_query,
        rewritten_query=asked.rewritten_query,
        rewrite_source=asked.rewrite_source,
        corrected_query=asked.corrected_query,
        understood=asked.understood,
        kept_category=asked.kept_category,
        results=[],
        found=found.found,
        confidence=found.confidence,
        facets=found.facets,
        cursor=None if found.next is None else _cursor(asked, found.next),
        degraded=outcome.prepared.degraded,
        model=found.catalogue.model,
        catalogue_version=found.catalogue.version,
        took_ms=timings.total_ms(),
        request_id=request_id.get(),
        explanation=_explanation(outcome, timings) if asked.search.explain else None,
    )


def _predict_response(outcome: Outcome, timings: Timings) -> PredictResponse:
    asked, found = outcome.asked, outcome.found.head
    return PredictResponse(
        original_query=asked.original_query,
        rewritten_query=asked.rewritten_query,
        rewrite_source=asked.rewrite_source,
        corrected_query=asked.corrected_query,
        understood=asked.understood,
        results=[],
        confidence=found.confidence,
        degraded=outcome.prepared.degraded,
        model=found.catalogue.model,
        catalogue_version=found.catalogue.version,
        took_ms=timings.total_ms(),
        request_id=request_id.get(),
    )


def _explanation(outcome: Outcome, timings: Timings) -> SearchExplanation:
    labels = outcome.asked.labels
    return SearchExplanation(
        stages_ms=timings.stages_ms(),
        terms=labels,
        cached=[label for label in labels if label in outcome.prepared.cached],
    )


def _cursor(asked: Asked, after: str) -> str:
    search = asked.search.model_copy(update={"after": after, "explain": False})
    cursor = cursor_of(asked.model_copy(update={"search": search}))
    if len(cursor) > MAX_CURSOR_CHARACTERS:
        raise InvalidRequest(
            "This search is too long to be paged through. Send fewer exclusions or filters."
        )
    return cursor
