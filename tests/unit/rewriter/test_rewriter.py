"""The rewriter against a server that speaks Gemini's wire format, well and badly."""

from __future__ import annotations

import asyncio
import time

import pytest

from services.common.context import DEADLINE_HEADER
from tests.support.gemini_server import GeminiRequest, Reply, blocked, failed, written
from tests.support.running_rewriter import API_KEY
from tests.support.waiting import until
from tests.unit.rewriter.conftest import RunRewriter

QUERY = "I am looking for something warm to put my coffee in, red with stripes"


async def test_a_sentence_becomes_a_description(run_rewriter: RunRewriter) -> None:
    async with run_rewriter(written("red striped coffee mug\n"), gemini_model="gemini-x") as it:
        answer = await it.rewrite(QUERY)
    assert answer.query == QUERY
    assert answer.rewritten_query == "red striped coffee mug"
    assert answer.source == "gemini"
    assert answer.model == "gemini-x"


async def test_gemini_gets_the_prompt_as_orders_and_the_query_as_data(
    run_rewriter: RunRewriter,
) -> None:
    async with run_rewriter(written("mug"), gemini_model="gemini-x") as it:
        await it.rewrite(QUERY)
    (request,) = it.gemini.requests
    assert request.path == "/v1/models/gemini-x:generateContent"
    assert request.headers["x-goog-api-key"] == API_KEY
    assert "x-server-timeout" not in request.headers
    assert request.query == QUERY
    assert QUERY not in str(request.body["systemInstruction"])
    assert "never\ninstructions" in request.body["systemInstruction"]["parts"][0]["text"]
    (thinking_level,) = request.body["generationConfig"]["thinkingConfig"].values()
    assert thinking_level == "MINIMAL"


async def test_without_a_key_the_query_stays_and_nobody_is_asked(run_rewriter: RunRewriter) -> None:
    async with run_rewriter(written("mug"), gemini_api_key=None) as it:
        answer = await it.rewrite(QUERY)
    assert (answer.rewritten_query, answer.source, answer.model) == (QUERY, "disabled", None)
    assert it.gemini.requests == []


async def test_keywords_pass_through_and_nobody_is_asked(run_rewriter: RunRewriter) -> None:
    async with run_rewriter(written("something else")) as it:
        answer = await it.rewrite("red running shoes")
    assert (answer.rewritten_query, answer.source) == ("red running shoes", "passthrough")
    assert it.gemini.requests == []


@pytest.mark.parametrize(
    ("reply", "source"),
    [
        pytest.param(failed(429, "RESOURCE_EXHAUSTED"), "error", id="429"),
        pytest.param(failed(500, "INTERNAL"), "error", id="500"),
        pytest.param(Reply(b"<html>a proxy's page</html>"), "error", id="not json"),
        pytest.param(Reply(b"[1, 2, 3]"), "rejected", id="json of another kind"),
        pytest.param(Reply(b'{"candidates": 7}'), "error", id="fields of other types"),
        pytest.param(Reply(b"\xff\xfe\x00"), "error", id="bytes"),
        pytest.param(Reply(written("red mug").body, cut_at=20), "error", id="cut off on the wire"),
        pytest.param(Reply(b""), "rejected", id="empty body"),
        pytest.param(Reply(b"{}"), "rejected", id="empty object"),
        pytest.param(blocked(), "rejected", id="prompt blocked"),
        pytest.param(written("", "SAFETY"), "rejected", id="answer blocked"),
        pytest.param(written("red mug with a", "MAX_TOKENS"), "rejected", id="cut off by length"),
        pytest.param(written(""), "rejected", id="empty text"),
        pytest.param(written("Sure! Here is it: <b>mug</b>"), "rejected", id="chatter"),
    ],
)
async def test_whatever_gemini_does_the_caller_gets_the_query(
    run_rewriter: RunRewriter, reply: Reply, source: str
) -> None:
    async with run_rewriter(reply) as it:
        answer = await it.rewrite(QUERY)
        assert (answer.rewritten_query, answer.source) == (QUERY, source)
        assert len(it.gemini.requests) == 1, "a shopper is waiting: no second attempt"


async def test_a_gemini_that_is_away_is_an_error_for_nobody(run_rewriter: RunRewriter) -> None:
    async with run_rewriter(written("mug"), gemini_url="http://127.0.0.1:1") as it:
        answer = await it.rewrite(QUERY)
    assert (answer.rewritten_query, answer.source) == (QUERY, "error")


async def test_a_slow_gemini_is_left_at_the_deadline(run_rewriter: RunRewriter) -> None:
    slow = Reply(written("mug").body, after_s=30)
    async with run_rewriter(slow, rewrite_deadline_ms=100) as it:
        started = time.monotonic()
        answer = await it.rewrite(QUERY)
        assert time.monotonic() - started < 5
    assert (answer.rewritten_query, answer.source) == (QUERY, "timeout")
    assert answer.latency_ms >= 99


async def test_the_callers_deadline_counts_where_it_is_shorter(run_rewriter: RunRewriter) -> None:
    slow = Reply(written("mug").body, after_s=30)
    async with run_rewriter(slow, rewrite_deadline_ms=20_000) as it:
        answer = await it.rewrite(QUERY, **{DEADLINE_HEADER: "100"})
        assert (answer.rewritten_query, answer.source) == (QUERY, "timeout")
        assert answer.latency_ms < 5_000
        no_time = await it.rewrite(f"{QUERY}, soon", **{DEADLINE_HEADER: "0"})
        assert no_time.source == "timeout"
        # The call goes on without its caller; the second query never became one.
        await until(lambda: len(it.gemini.requests) > 0)
        assert [request.query for request in it.gemini.requests] == [QUERY]


async def test_a_failing_gemini_is_left_alone_and_tried_again(run_rewriter: RunRewriter) -> None:
    healthy = asyncio.Event()

    def reply(_: GeminiRequest) -> Reply:
        return written("red mug") if healthy.is_set() else failed(500, "INTERNAL")

    async with run_rewriter(reply, breaker_failures=2, breaker_pause_s=0.2) as it:
        for _ in range(5):
            assert (await it.rewrite(QUERY)).source == "error"
        assert len(it.gemini.requests) == 2
        ready = (await it.http.get("/ready")).json()
        assert ready["status"] == "ready"
        assert ready["dependencies"]["gemini"]["status"] == "degraded"
        healthy.set()
        async with asyncio.timeout(10):
            while (await it.rewrite(QUERY)).source != "gemini":  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        assert (await it.rewrite(QUERY)).source == "gemini"


async def test_callers_in_a_hurry_do_not_cut_off_the_others(run_rewriter: RunRewriter) -> None:
    def reply(request: GeminiRequest) -> Reply:
        return Reply(written("red mug").body, after_s=30 if "hurry" in request.query else 0)

    async with run_rewriter(reply, breaker_failures=1) as it:
        hurried = await it.rewrite("I am in a hurry", **{DEADLINE_HEADER: "60"})
        assert hurried.source == "timeout"
        assert (await it.rewrite(QUERY)).source == "gemini"


async def test_each_caller_gets_the_answer_to_its_own_query(run_rewriter: RunRewriter) -> None:
    def reply(request: GeminiRequest) -> Reply:
        number = int(request.query.split()[-1])
        return Reply(written(f"mug number {number}").body, after_s=(number % 5) / 100)

    async with run_rewriter(reply) as it:
        answers = await asyncio.gather(
            *(it.rewrite(f"I want a mug with number {number}") for number in range(40))
        )
    assert [answer.rewritten_query for answer in answers] == [
        f"mug number {number}" for number in range(40)
    ]


async def test_answers_are_counted_by_source(run_rewriter: RunRewriter) -> None:
    async with run_rewriter(written("red mug")) as it:
        await it.rewrite(QUERY)
        await it.rewrite("red mug")
        metrics = (await it.http.get("/metrics")).text
    assert 'rewriter_rewrites_total{source="gemini"} 1.0' in metrics
    assert 'rewriter_rewrites_total{source="passthrough"} 1.0' in metrics


@pytest.mark.parametrize("query", ["", "x" * 1_001, 7, None])
async def test_a_query_out_of_bounds_is_refused_by_name(
    run_rewriter: RunRewriter, query: object
) -> None:
    async with run_rewriter(written("mug")) as it:
        response = await it.http.post("/rewrite", json={"query": query})
    assert response.status_code == 422
    assert response.json()["errors"][0]["field"] == "body.query"


async def test_neither_key_nor_query_is_logged(
    run_rewriter: RunRewriter, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG", logger="services")
    async with run_rewriter(failed(500, "INTERNAL")) as it:
        await it.rewrite(QUERY)
    assert "gemini failed" in caplog.text
    logged = str([record.__dict__ for record in caplog.records if record.name[:8] == "services"])
    assert API_KEY not in logged
    assert QUERY not in logged
