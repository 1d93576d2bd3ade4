"""The rewriter against a local Gemini that enforces Google's schema and fails in every way."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace

import pytest

from services.common.context import DEADLINE_HEADER
from services.contracts.limits import QueryLimit
from services.rewriter.answer import Answer
from tests.support.gemini_server import GeminiRequest, Reply, blocked, failed, said, written
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


async def test_gemini_gets_the_prompt_as_instructions_and_the_query_as_data(
    run_rewriter: RunRewriter,
) -> None:
    async with run_rewriter(written("mug"), gemini_model="gemini-x") as it:
        await it.rewrite(QUERY)
    (request,) = it.gemini.requests
    assert request.path == "/v1beta/models/gemini-x:generateContent"
    assert request.headers["x-goog-api-key"] == API_KEY
    assert "x-server-timeout" not in request.headers
    assert request.query == QUERY
    assert QUERY not in str(request.body["systemInstruction"])
    assert "never\ninstructions" in request.body["systemInstruction"]["parts"][0]["text"]
    config = request.body["generationConfig"]
    assert config["responseMimeType"] == "application/json"
    assert list(config["responseSchema"]["properties"]) == list(Answer.model_fields)
    limits = config["responseSchema"]["properties"]["understood"]["items"]
    assert list(limits["properties"]) == list(QueryLimit.model_fields)
    assert "thinkingConfig" not in config, "the published schema has no thinking level"


async def test_the_limits_of_an_answer_come_along_and_unusable_ones_are_left_out(
    run_rewriter: RunRewriter,
) -> None:
    query = "Hi, a red mug witout stripes and under twenty, i.e. 20 €"
    without = {"kind": "exclude", "text": "Witout  stripes", "excluded": ["stripes"]}
    limits = [
        without,
        {"kind": "price", "text": "20 €", "price": {"max": 20}, "currency": "EUR"},
        {"kind": "exclude", "text": "not blue", "excluded": ["blue"]},
        {"kind": "price", "text": "20 €", "price": {"min": 30, "max": 20}},
    ]
    correction = "Hi, a red mug without stripes and under twenty, i.e. 20 €"
    reply = written("red mug", corrected_query=correction, understood=limits)
    async with run_rewriter(reply) as it:
        answer = await it.rewrite(query)
    assert answer.source == "gemini"
    assert answer.corrected_query == correction
    assert [(one.kind, one.text) for one in answer.understood] == [
        ("exclude", "Witout stripes"),
        ("price", "20 €"),
    ]


async def test_a_version_without_the_fields_is_named_in_log_and_readiness(
    run_rewriter: RunRewriter, caplog: pytest.LogCaptureFixture
) -> None:
    async with run_rewriter(written("mug"), gemini_api_version="v1") as it:
        answer = await it.rewrite(QUERY)
        (request,) = it.gemini.requests
        state = await it.gemini_state()
    assert (answer.rewritten_query, answer.source) == (QUERY, "error")
    assert request.path.startswith("/v1/")
    refusal = (
        "400 INVALID_ARGUMENT: Invalid JSON payload received. "
        'Unknown name "systemInstruction": Cannot find field.'
    )
    (record,) = [one for one in caplog.records if one.getMessage() == "gemini failed"]
    assert record.__dict__["reason"] == refusal
    assert (state["status"], state["detail"]) == (
        "degraded",
        f"Failures in a row: 1. Last failure: {refusal}",
    )


async def test_a_thinking_level_is_sent_if_it_is_set(run_rewriter: RunRewriter) -> None:
    async with run_rewriter(written("mug"), gemini_thinking_level="low") as it:
        await it.rewrite(QUERY)
        (request,) = it.gemini.requests
        state = await it.gemini_state()
    assert list(request.body["generationConfig"]["thinkingConfig"].values()) == ["LOW"]
    # Google's documentation has the field, its published definitions do not.
    assert (
        "Unknown name \"thinking_level\" at 'generation_config.thinking_config'" in state["detail"]
    )


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
        pytest.param(said('{"title": "red mug"}'), "rejected", id="another structure"),
        pytest.param(said("red mug\nblue mug"), "rejected", id="a list"),
    ],
)
async def test_whatever_gemini_does_the_caller_gets_the_query(
    run_rewriter: RunRewriter, reply: Reply, source: str
) -> None:
    async with run_rewriter(reply) as it:
        answer = await it.rewrite(QUERY)
        assert (answer.rewritten_query, answer.source) == (QUERY, source)
        assert len(it.gemini.requests) == 1, "a shopper is waiting: no second attempt"


async def test_a_redirection_takes_neither_key_nor_query_to_another_host(
    run_rewriter: RunRewriter,
) -> None:
    async with run_rewriter(written("mug")) as other:
        host = other.gemini.url.replace("127.0.0.1", "localhost")
        elsewhere = f"{host}/v1beta/models/gemini:generateContent"
        async with run_rewriter(Reply(b"", 307, location=elsewhere)) as it:
            answer = await it.rewrite(QUERY)
            state = await it.gemini_state()
        assert (answer.rewritten_query, answer.source) == (QUERY, "error")
        assert "307" in state["detail"]
        assert other.gemini.requests == []


async def test_a_gemini_that_is_away_is_an_error_for_nobody(run_rewriter: RunRewriter) -> None:
    async with run_rewriter(written("mug"), gemini_url="http://127.0.0.1:1") as it:
        answer = await it.rewrite(QUERY)
    assert (answer.rewritten_query, answer.source) == (QUERY, "error")


async def test_a_proxy_that_cannot_be_used_is_reported_and_an_error_for_nobody(
    run_rewriter: RunRewriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALL_PROXY", "socks5://127.0.0.1:1")
    async with run_rewriter(written("mug"), gemini_url="http://gemini.example") as it:
        answer = await it.rewrite(QUERY)
        state = await it.gemini_state()
    assert (answer.rewritten_query, answer.source) == (QUERY, "error")
    assert "Set http_proxy" in state["detail"]


async def test_proxies_that_gemini_does_not_need_are_no_trouble(
    run_rewriter: RunRewriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALL_PROXY", "socks5://127.0.0.1:1")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1,fe80::/10")
    async with run_rewriter(written("mug")) as it:
        assert (await it.rewrite(QUERY)).source == "gemini"


async def test_a_slow_gemini_is_left_at_the_deadline(run_rewriter: RunRewriter) -> None:
    slow = Reply(written("mug").body, after_s=30)
    async with run_rewriter(slow, rewrite_deadline_ms=100) as it:
        started = time.monotonic()
        answer = await it.rewrite(QUERY)
        assert time.monotonic() - started < 20
    assert (answer.rewritten_query, answer.source) == (QUERY, "timeout")
    assert answer.latency_ms >= 99


async def test_the_callers_deadline_counts_where_it_is_shorter(run_rewriter: RunRewriter) -> None:
    slow = Reply(written("mug").body, after_s=30)
    async with run_rewriter(slow, rewrite_deadline_ms=20_000) as it:
        answer = await it.rewrite(QUERY, **{DEADLINE_HEADER: "100"})
        assert (answer.rewritten_query, answer.source) == (QUERY, "timeout")
        assert answer.latency_ms < 20_000
        no_time = await it.rewrite(f"{QUERY}, soon", **{DEADLINE_HEADER: "0"})
        assert no_time.source == "timeout"
        # The call goes on without its caller; the second query never became one.
        await until(lambda: len(it.gemini.requests) > 0)
        assert [request.query for request in it.gemini.requests] == [QUERY]


async def test_an_open_circuit_is_reported_and_closes_by_itself(
    run_rewriter: RunRewriter, caplog: pytest.LogCaptureFixture
) -> None:
    healthy = asyncio.Event()

    def reply(_: GeminiRequest) -> Reply:
        spent = failed(429, "RESOURCE_EXHAUSTED", "Quota exceeded for requests per minute")
        return written("red mug") if healthy.is_set() else spent

    async with run_rewriter(reply, breaker_failures=2, breaker_pause_s=8) as it:
        assert await it.gemini_state() == {"status": "ok", "detail": "Ready."}
        for _ in range(5):
            assert (await it.rewrite(QUERY)).source == "error"
        assert len(it.gemini.requests) == 2
        assert "rewriter_breaker_open 1.0" in await it.metrics()
        state = await it.gemini_state()
        assert state["status"] == "degraded"
        assert state["detail"].startswith("Circuit open; the next trial is in ")
        quota = "429 RESOURCE_EXHAUSTED: Quota exceeded for requests per minute"
        assert state["detail"].endswith(f"Last failure: {quota}")
        opened = [one for one in caplog.records if one.getMessage() == "gemini circuit opened"]
        assert [one.__dict__["reason"] for one in opened] == [quota]
        healthy.set()
        async with asyncio.timeout(60):
            while (await it.rewrite(QUERY)).source != "gemini":  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        assert (await it.rewrite(QUERY)).source == "gemini"
        assert await it.gemini_state() == {"status": "ok", "detail": "Ready."}
        assert "rewriter_breaker_open 0.0" in await it.metrics()


async def test_a_refused_request_is_tried_again_and_never_silent(
    run_rewriter: RunRewriter, caplog: pytest.LogCaptureFixture
) -> None:
    settings = {"gemini_api_version": "v1", "breaker_failures": 1, "breaker_pause_s": 0.05}
    async with run_rewriter(written("mug"), **settings) as it:

        async def trials() -> bool:
            assert (await it.rewrite(QUERY)).source == "error"
            state = await it.gemini_state()
            assert 'Unknown name "systemInstruction"' in state["detail"]
            return len(it.gemini.requests) == 4

        await until(trials)
    logged = [one for one in caplog.records if one.getMessage() == "gemini failed"]
    assert len(logged) == 4, "each trial logs the service's own message"


async def test_a_model_whose_answers_are_never_usable_is_reported(
    run_rewriter: RunRewriter,
) -> None:
    """As a model that spends all tokens on thinking. Otherwise it costs money and says `Ready`."""
    cut = True

    def reply(_: GeminiRequest) -> Reply:
        return written("red", "MAX_TOKENS") if cut else written("red mug")

    async with run_rewriter(reply, breaker_failures=3) as it:
        for _ in range(3):
            assert (await it.gemini_state()) == {"status": "ok", "detail": "Ready."}
            assert (await it.rewrite(QUERY)).source == "rejected"
        state = await it.gemini_state()
        assert state["status"] == "degraded"
        assert state["detail"].endswith("REWRITER_GEMINI_THINKING_LEVEL=minimal.")
        cut = False
        assert (await it.rewrite(QUERY)).source == "gemini", "no circuit opened"
        assert (await it.gemini_state())["detail"] == "Ready."


async def test_without_a_key_gemini_is_reported_as_off(run_rewriter: RunRewriter) -> None:
    async with run_rewriter(written("mug"), gemini_api_key=None) as it:
        assert await it.gemini_state() == {"status": "ok", "detail": "Off: no key is set."}


async def test_the_reason_of_a_late_failure_is_the_services_own(run_rewriter: RunRewriter) -> None:
    may_answer = asyncio.Event()
    late = replace(failed(404, "NOT_FOUND", "models/gemini-x is not found"), once=may_answer)
    async with run_rewriter(late, rewrite_deadline_ms=50) as it:
        assert (await it.rewrite(QUERY)).source == "timeout"
        assert "no answer within 50 ms" in (await it.gemini_state())["detail"]
        may_answer.set()

        async def known() -> bool:
            detail = (await it.gemini_state())["detail"]
            return detail.endswith("404 NOT_FOUND: models/gemini-x is not found")

        await until(known)
        assert (await it.gemini_state())["detail"].startswith("Failures in a row: 1.")


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


async def test_neither_key_nor_query_is_logged_or_reported(
    run_rewriter: RunRewriter, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG", logger="services")
    echo = f"Key {API_KEY} may not ask {QUERY!r} {QUERY.upper()} {QUERY[3:40]}"
    for reply in (
        failed(500, "INTERNAL", echo),
        Reply(echo.encode(), 502),
        said(echo, "SAFETY"),
        said(f'{{"description": "{echo}"}}'),
        Reply(f'{{"candidates": "{echo}"}}'.encode()),
    ):
        async with run_rewriter(reply) as it:
            await it.rewrite(QUERY)
            caplog.records[-1].__dict__["ready"] = (await it.http.get("/ready")).text
    assert "gemini failed" in caplog.text
    logged = str([record.__dict__ for record in caplog.records if record.name[:8] == "services"])
    for piece in (API_KEY, QUERY, QUERY[3:40]):
        assert piece.lower() not in logged.lower()
