"""`POST /predict`: the stages, and what happens when one of them is in trouble."""

from __future__ import annotations

import asyncio
import re
import time

import pytest

from services.common.context import DEADLINE_HEADER, REQUEST_ID_HEADER
from services.contracts.base import ModalityWeights
from services.contracts.gateway import PredictResponse
from services.contracts.rewriter import RewriteSource
from tests.support.gateway_stack import (
    PATIENT,
    Fault,
    Stack,
    answering,
    assert_problem,
    dead,
    frozen,
)
from tests.support.waiting import until
from tests.unit.gateway.conftest import RunStack


async def test_a_query_is_rewritten_encoded_and_searched_for(stack: Stack) -> None:
    response = await stack.predict(query=" red mug 7 ", k=3, threshold=0.25)
    assert response.status_code == 200
    answer = PredictResponse.model_validate_json(response.content)
    assert answer.original_query == "red mug 7"
    assert answer.rewritten_query == "better red mug 7"
    assert answer.rewrite_source == "gemini"
    assert answer.degraded == []
    assert answer.model == "test-clip@1"
    assert answer.catalogue_version == "v1"
    assert answer.request_id == response.headers["x-request-id"]
    assert [product.product_id for product in answer.results] == ["product-7"]
    (search,) = stack.searched
    assert (search.k, search.threshold, search.terms[0].vector) == (3, 0.25, [7.0, 1.0])
    assert (search.terms[0].weights, search.terms[0].kind) == (None, "words")
    assert search.terms[0].text == "better red mug 7"


async def test_rewriting_can_be_turned_off(stack: Stack) -> None:
    answer = (await stack.predict(query="red mug", rewrite=False)).json()
    assert answer["rewritten_query"] == answer["original_query"] == "red mug"
    assert answer["rewrite_source"] is None
    assert stack.rewriter.requests == []


async def test_weights_and_top_k_of_the_request_count(stack: Stack) -> None:
    await stack.predict(query="red mug", top_k=5, weights={"text": 0.2, "image": 0.8})
    (search,) = stack.searched
    assert search.k == 5
    assert search.terms[0].weights == ModalityWeights(text=0.2, image=0.8)


@pytest.mark.parametrize("source", ["passthrough", "disabled", "rejected", "cache"])
async def test_a_rewriter_that_leaves_the_query_degrades_nothing(
    stack: Stack, source: RewriteSource
) -> None:
    stack.source = source
    answer = (await stack.predict(query="red mug")).json()
    assert (answer["rewrite_source"], answer["degraded"]) == (source, [])


@pytest.mark.parametrize("source", ["timeout", "error"])
async def test_a_rewriter_in_trouble_is_named(stack: Stack, source: RewriteSource) -> None:
    stack.source = source
    answer = (await stack.predict(query="red mug")).json()
    assert (answer["rewrite_source"], answer["degraded"]) == (source, ["rewriter"])
    assert 'gateway_degraded_total{part="rewriter"} 1.0' in (await stack.http.get("/metrics")).text


@pytest.mark.parametrize(
    ("fault", "source"),
    [
        pytest.param(dead, "error", id="dead"),
        pytest.param(frozen, "timeout", id="frozen"),
        pytest.param(answering(200, b"<html>"), "error", id="garbage"),
        pytest.param(answering(200, b"{}"), "error", id="fields missing"),
        pytest.param(answering(500, b"oops"), "error", id="500"),
        pytest.param(
            answering(
                200,
                b'{"query":"a","rewritten_query":"","source":"gemini","model":null,"latency_ms":1}',
            ),
            "error",
            id="empty query",
        ),
    ],
)
async def test_without_the_rewriter_the_original_query_is_searched_for(
    run_stack: RunStack, fault: Fault, source: str
) -> None:
    async with run_stack(rewriter_timeout_ms=100 if fault is frozen else 60_000) as stack:
        stack.rewriter.fault = fault
        response = await stack.predict(query="red mug 7")
        assert response.status_code == 200
        answer = response.json()
        assert answer["rewritten_query"] == "red mug 7"
        assert (answer["rewrite_source"], answer["degraded"]) == (source, ["rewriter"])
        assert answer["results"][0]["product_id"] == "product-7"


async def test_the_rewriter_leaves_half_of_the_time_for_the_rest(stack: Stack) -> None:
    await stack.http.post(
        "/predict", json={"query": "red mug"}, headers={DEADLINE_HEADER: "100000"}
    )
    (rewrite,) = stack.rewriter.requests
    assert int(rewrite.headers[DEADLINE_HEADER]) <= 50_000


@pytest.mark.parametrize("name", ["encoder", "retriever"])
@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(dead, id="dead"),
        pytest.param(answering(200, b"<html>"), id="garbage"),
        pytest.param(answering(200, b"{}"), id="fields missing"),
        pytest.param(answering(500, b"oops", "text/plain"), id="500"),
        pytest.param(answering(404, b"not here", "text/plain"), id="another server's 404"),
    ],
)
async def test_without_encoder_or_retriever_the_answer_is_503_at_once(
    stack: Stack, name: str, fault: Fault
) -> None:
    stack.transports[name].fault = fault
    started = time.monotonic()
    response = await stack.predict(query="red mug")
    problem = assert_problem(response, 503, "dependency-unavailable")
    assert time.monotonic() - started < PATIENT["encoder_timeout_ms"] / 1000 / 2
    assert name in problem["detail"]
    assert int(response.headers["retry-after"]) >= 1
    for _ in range(20):
        assert_problem(await stack.predict(query="red mug"), 503, "dependency-unavailable")
    # It was given up long before: nobody asks what does not answer.
    assert len([one for one in stack.transports[name].requests if one.method == "POST"]) <= 10
    open_now = f'gateway_breaker_open{{service_asked="{name}"}} 1.0'
    assert open_now in (await stack.http.get("/metrics")).text
    stack.transports[name].fault = None

    async def answered() -> bool:
        return (await stack.predict(query="red mug")).status_code == 200

    await until(answered)


@pytest.mark.parametrize(
    "embeddings",
    [b"[]", b"[null]", b"[[1.0]]", b"[[1.0,2.0],[1.0,2.0]]"],
)
async def test_an_encoder_that_counts_wrong_is_not_believed(
    stack: Stack, embeddings: bytes
) -> None:
    body = b'{"model":"m","dimension":2,"errors":[],"embeddings":' + embeddings + b"}"
    stack.encoder.fault = answering(200, body)
    assert_problem(await stack.predict(query="red mug"), 503, "dependency-unavailable")
    assert stack.searched == []


@pytest.mark.parametrize("name", ["encoder", "retriever"])
async def test_a_frozen_service_costs_its_time_out_and_no_more(
    run_stack: RunStack, name: str
) -> None:
    async with run_stack(encoder_timeout_ms=100, retriever_timeout_ms=100) as stack:
        stack.transports[name].fault = frozen
        # Understanding would ask the retriever first, and might open its circuit.
        answer = await stack.predict(query="red mug", interpret=False)
    assert_problem(answer, 504, "deadline-exceeded")


@pytest.mark.parametrize("slug", ["invalid-request", "not-found"])
async def test_a_refusal_among_ourselves_is_not_blamed_on_the_caller(
    stack: Stack, slug: str
) -> None:
    stack.retriever.fault = answering(
        422,
        b'{"type":"/problems/%s","title":"t","status":422,"detail":"d","instance":"i",'
        b'"errors":[{"field":"body.vector","message":"m"}]}' % slug.encode(),
    )
    problem = assert_problem(await stack.predict(query="red mug"), 503, "dependency-unavailable")
    assert "errors" not in problem


@pytest.mark.parametrize(
    ("status", "slug"), [(429, "overloaded"), (503, "not-ready"), (409, "model-mismatch")]
)
async def test_what_a_service_says_of_its_state_is_passed_on(
    stack: Stack, status: int, slug: str
) -> None:
    stack.retriever.fault = answering(
        status,
        b'{"type":"/problems/%s","title":"t","status":%d,"detail":"d","instance":"i"}'
        % (slug.encode(), status),
    )
    assert_problem(await stack.predict(query="red mug"), status, slug)


async def test_request_id_and_deadline_travel_to_every_service(run_stack: RunStack) -> None:
    async with run_stack(rewriter_timeout_ms=20_000) as stack:
        await stack.http.post(
            "/predict",
            json={"query": "red mug"},
            headers={REQUEST_ID_HEADER: "my-request-1", DEADLINE_HEADER: "60000"},
        )
    for service in stack.transports.values():
        for request in service.requests:
            assert request.headers[REQUEST_ID_HEADER] == "my-request-1"
            assert 0 < int(request.headers[DEADLINE_HEADER]) <= 60_000
    assert [one.url.path for one in stack.retriever.requests] == [
        "/understand",
        "/understand",  # of the rewritten query
        "/search",
    ]
    (rewrite,) = stack.rewriter.requests
    assert int(rewrite.headers[DEADLINE_HEADER]) <= 20_000


async def test_each_caller_gets_its_own_answer(stack: Stack) -> None:
    stack.slow_s = 0.01
    responses = await asyncio.gather(
        *(
            stack.http.post(
                "/predict",
                json={"query": f"mug {number}"},
                headers={REQUEST_ID_HEADER: f"request-{number}"},
            )
            for number in range(60)
        )
    )
    for number, response in enumerate(responses):
        answer = response.json()
        assert answer["original_query"] == f"mug {number}"
        assert answer["rewritten_query"] == f"better mug {number}"
        assert answer["results"][0]["product_id"] == f"product-{number}"
        assert answer["request_id"] == f"request-{number}"


async def test_the_stages_times_are_told(stack: Stack) -> None:
    stack.source = "passthrough"
    header = (await stack.predict(query="red mug")).headers["server-timing"]
    stages = re.findall(r"(\w+);dur=[\d.]+", header)
    assert sorted(stages[:2]) == ["rewrite", "understand"]  # at the same time
    assert stages[2:] == ["encode", "search", "total"]
    metrics = (await stack.http.get("/metrics")).text
    assert 'gateway_stage_duration_seconds_count{stage="encode"} 1.0' in metrics


async def test_one_log_line_tells_what_a_request_was_and_what_it_did_without(
    run_stack: RunStack, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", logger="services.access")
    async with run_stack() as stack:
        stack.rewriter.fault = dead
        await stack.http.post(
            "/predict", json={"query": "red mug"}, headers={REQUEST_ID_HEADER: "request-1"}
        )
        stack.rewriter.fault = None
        await stack.http.get("/products/1")
    lines = [record.__dict__ for record in caplog.records if record.name == "services.access"]
    (searched,) = [line for line in lines if line["route"] == "/predict"]
    (looked_up,) = [
        line
        for line in lines
        if line["route"] == "/products/{product_id:path}" and "degraded" not in line
    ][-1:]
    assert searched["status"] == 200
    assert searched["degraded"] == ["rewriter"]
    assert searched["duration_ms"] >= searched["encode_ms"] + searched["search_ms"] > 0
    assert "rewrite_ms" in searched
    assert "encode_ms" not in looked_up
    assert "red mug" not in str(lines)
