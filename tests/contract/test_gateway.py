"""The gateway keeps its published contract, and understands the real rewriter."""

from __future__ import annotations

import json
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import HttpUrl, SecretStr

from services.contracts.gateway import (
    PictureResponse,
    PredictRequest,
    PredictResponse,
    SearchRequest,
    SearchResponse,
)
from services.contracts.products import Product
from services.contracts.rewriter import RewriteSource
from services.gateway.app import create_app as create_gateway
from services.gateway.routes.examples import (
    IMAGE_ANSWER,
    PICTURE_ANSWER,
    PRODUCT,
    SEARCH_ANSWER,
    SEARCHES,
    TEXT_ANSWER,
    TEXT_QUERIES,
)
from services.gateway.settings import GatewaySettings
from services.rewriter.app import create_app as create_rewriter
from services.rewriter.settings import RewriterSettings
from tests.support.gateway_stack import PATIENT, Stack
from tests.support.gemini_server import GeminiRequest, Reply, failed, gemini_server, written
from tests.support.lifespan import LifespanManager

SCHEMA: dict[str, Any] = json.loads(
    (Path(__file__).parents[2] / "docs" / "openapi" / "gateway.json").read_text(encoding="utf-8")
)


@pytest.mark.parametrize("name", TEXT_QUERIES)
def test_every_example_query_is_accepted(name: str) -> None:
    query = TEXT_QUERIES[name]["value"]
    PredictRequest.model_validate(query)
    # The published schema knows no aliases, and mocks check examples by it.
    assert set(query or {}) <= set(PredictRequest.model_fields)


@pytest.mark.parametrize("name", SEARCHES)
def test_every_example_search_is_accepted(name: str) -> None:
    SearchRequest.model_validate(SEARCHES[name]["value"])


def test_every_example_answer_keeps_its_contract() -> None:
    Product.model_validate(PRODUCT)
    for answer in (TEXT_ANSWER, IMAGE_ANSWER):
        assert set(answer) == set(PredictResponse.model_fields)
        PredictResponse.model_validate(answer)
    PictureResponse.model_validate(PICTURE_ANSWER)
    assert set(SEARCH_ANSWER) == set(SearchResponse.model_fields)
    SearchResponse.model_validate(SEARCH_ANSWER)


def test_every_problem_that_a_search_may_end_in_is_documented() -> None:
    expected = {"409", "413", "415", "422", "429", "500", "503", "504"}
    for path in ("/predict", "/predict-image", "/search", "/search/batch"):
        responses = SCHEMA["paths"][path]["post"]["responses"]
        assert expected <= set(responses)
        for status in expected:
            content = responses[status]["content"]["application/problem+json"]
            assert content["schema"] == {"$ref": "#/components/schemas/Problem"}
            assert content["examples"]


@pytest.mark.parametrize(
    ("query", "rewritten", "source", "degraded"),
    [
        ("red mug", "red mug", "passthrough", []),
        ("I want something for my coffee", "coffee mug", "gemini", []),
        ("I want nothing that works", "I want nothing that works", "error", ["rewriter"]),
    ],
)
async def test_the_gateway_understands_the_real_rewriter(
    query: str, rewritten: str, source: RewriteSource, degraded: list[str]
) -> None:
    def reply(request: GeminiRequest) -> Reply:
        return failed(500, "INTERNAL") if "nothing" in request.query else written("coffee mug")

    async with gemini_server(reply) as gemini, AsyncExitStack() as stack:
        rewriter = create_rewriter(
            RewriterSettings(
                gemini_url=HttpUrl(gemini.url),
                gemini_api_key=SecretStr("nobody's"),
                rewrite_deadline_ms=5_000,
            )
        )
        await stack.enter_async_context(LifespanManager(rewriter))
        behind = Stack()
        transports = {**behind.transports, "rewriter": httpx.ASGITransport(rewriter)}
        gateway = create_gateway(GatewaySettings(**PATIENT), transports)
        await stack.enter_async_context(LifespanManager(gateway))
        http = await stack.enter_async_context(
            httpx.AsyncClient(transport=httpx.ASGITransport(gateway), base_url="http://gateway")
        )
        response = await http.post("/predict", json={"query": query})
    answer = PredictResponse.model_validate_json(response.content)
    assert (answer.original_query, answer.rewritten_query) == (query, rewritten)
    assert (answer.rewrite_source, answer.degraded) == (source, degraded)
    assert behind.encoded == [rewritten]
