"""The gateway's limits, and its answers beyond them."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from services.gateway.admission.access import API_KEY_HEADER, key_hash
from services.gateway.settings import GatewaySettings
from tests.support.gateway_stack import Stack, assert_problem
from tests.support.waiting import until
from tests.unit.gateway.conftest import RunStack

SLOW = {"rate_per_minute": 1, "rate_burst": 3}


async def test_every_limited_answer_tells_what_is_left(run_stack: RunStack) -> None:
    async with run_stack(**SLOW) as stack:
        answers = [await stack.predict(query="red mug") for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert {answer.headers["ratelimit-policy"] for answer in answers} == {'"default";q=3;w=180'}
    for number, answer in enumerate(answers):
        left, full_s = answer.headers["ratelimit"].removeprefix('"default";r=').split(";t=")
        taken = min(number + 1, 3)
        assert int(left) == 3 - taken
        # A request comes back in a minute, of which some seconds may have passed.
        assert 60 * (taken - 1) < int(full_s) <= 60 * taken
    problem = assert_problem(answers[3], 429, "rate-limited")
    assert "1 requests a minute" in problem["detail"]
    assert 0 < int(answers[3].headers["retry-after"]) <= 60


async def test_what_is_wrong_with_a_request_counts_too(run_stack: RunStack) -> None:
    async with run_stack(**SLOW) as stack:
        bad = [await stack.predict(query="") for _ in range(4)]
    assert [answer.status_code for answer in bad] == [422, 422, 422, 429]
    assert "ratelimit" in bad[0].headers


async def test_health_page_and_pictures_are_free(run_stack: RunStack) -> None:
    async with run_stack(**SLOW) as stack:
        for _ in range(4):
            await stack.predict(query="red mug")
        for path in ("/health", "/ready", "/metrics", "/", "/docs", "/openapi.json", "/problems/x"):
            answer = await stack.http.get(path)
            assert answer.status_code != 429
            assert "ratelimit" not in answer.headers
        assert (await stack.http.get("/products/1")).status_code == 429
        assert (await stack.http.get("/suggest?q=m")).status_code == 429
        assert (await stack.http.put("/products/1", json={})).status_code == 429


async def test_a_refusal_is_counted_and_logged_under_its_route(
    run_stack: RunStack, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", logger="services.access")
    async with run_stack(**SLOW) as stack:
        for _ in range(4):
            await stack.predict(query="red mug")
        metrics = (await stack.http.get("/metrics")).text
    assert 'gateway_refusals_total{reason="rate"} 1.0' in metrics
    assert 'http_requests_total{method="POST",route="/predict",status="429"} 1.0' in metrics
    assert caplog.records[-1].__dict__["route"] == "/predict"


async def test_a_body_is_not_read_before_it_is_refused(run_stack: RunStack) -> None:
    async with run_stack(rate_per_minute=1, rate_burst=1) as stack:
        await stack.predict(query="red mug")

        async def endless() -> object:
            raise AssertionError("nobody should ask for this")
            yield b""

        response = await stack.http.post(
            "/predict-image",
            content=endless(),  # type: ignore[arg-type]
            headers={"Content-Type": "multipart/form-data; boundary=x"},
        )
    assert response.status_code == 429


async def test_keys_have_limits_of_their_own_and_guesses_none(run_stack: RunStack) -> None:
    settings = {"search_key_sha256": (key_hash("one"), key_hash("two")), **SLOW}
    async with run_stack(**settings) as stack:

        async def ask(key: str) -> int:
            body = {"query": "red mug"}
            answer = await stack.http.post("/predict", json=body, headers={API_KEY_HEADER: key})
            return answer.status_code

        assert [await ask("one") for _ in range(4)] == [200, 200, 200, 429]
        assert await ask("two") == 200
        guesses = [await ask(f"guess-{number}") for number in range(10)]
        assert guesses == [401] * 3 + [429] * 7


async def test_requests_at_once_are_limited_by_caller(run_stack: RunStack) -> None:
    async with run_stack(max_concurrent=2) as stack:
        answers = await _at_once(stack, 6, admitted=2)
        refused = [answer for answer in answers if answer.status_code == 429]
        assert len(refused) == 4
        for answer in refused:
            assert "2 concurrent requests" in assert_problem(answer, 429, "rate-limited")["detail"]
            assert answer.headers["retry-after"] == "1"
        await until(lambda: _answers(stack))


async def _at_once(stack: Stack, count: int, *, admitted: int) -> list[httpx.Response]:
    """Answers to so many requests, of which those that are admitted end last."""
    stack.may_encode = asyncio.Event()
    asked = [asyncio.create_task(stack.predict(query="mug 1")) for _ in range(count)]
    await until(lambda: sum(one.done() for one in asked) == count - admitted)
    stack.may_encode.set()
    return await asyncio.gather(*asked)


async def _answers(stack: Stack) -> bool:
    return (await stack.predict(query="mug 1")).status_code == 200


async def test_one_process_takes_on_no_more_than_it_can(run_stack: RunStack) -> None:
    async with run_stack(max_in_flight=3) as stack:
        answers = await _at_once(stack, 10, admitted=3)
        statuses = sorted(answer.status_code for answer in answers)
        assert statuses == [200] * 3 + [429] * 7
        refused = next(answer for answer in answers if answer.status_code == 429)
        assert_problem(refused, 429, "overloaded")
        assert (await stack.http.get("/health")).status_code == 200
        assert (await stack.predict(query="mug 1")).status_code == 200


async def test_proxies_are_believed_only_where_they_are_trusted(run_stack: RunStack) -> None:
    async def statuses(stack: Stack) -> list[int]:
        return [
            (
                await stack.http.post(
                    "/predict",
                    json={"query": "red mug"},
                    headers={"X-Forwarded-For": f"198.51.100.{number}"},
                )
            ).status_code
            for number in range(5)
        ]

    async with run_stack(**SLOW) as stack:
        assert await statuses(stack) == [200, 200, 200, 429, 429]
    async with run_stack(**SLOW, trusted_proxies="127.0.0.1") as stack:
        assert await statuses(stack) == [200] * 5


async def test_a_browser_may_read_the_limits(run_stack: RunStack) -> None:
    origin = "https://shop.example"
    async with run_stack(cors_origins=(origin,), **SLOW) as stack:
        asked = await stack.http.options(
            "/predict",
            headers={
                "Origin": origin,
                "Access-Control-Request-Method": "POST",
                "Access-Control-Request-Headers": ", ".join(
                    ("content-type", "x-api-key", "x-deadline-ms", "x-request-id")
                ),
            },
        )
        assert asked.status_code == 200
        for _ in range(4):
            answer = await stack.http.post(
                "/predict", json={"query": "red mug"}, headers={"Origin": origin}
            )
    assert answer.status_code == 429
    exposed = answer.headers["access-control-expose-headers"].lower()
    for name in ("ratelimit", "ratelimit-policy", "retry-after", "x-request-id"):
        assert name in exposed.replace(" ", "").split(",")
    assert answer.headers["access-control-allow-origin"] == origin
    assert "access-control-allow-credentials" not in answer.headers


async def test_with_search_keys_every_search_needs_one_and_the_rest_does_not(
    run_stack: RunStack,
) -> None:
    async with run_stack(search_key_sha256=(key_hash("one"),)) as stack:
        calls = {
            "/predict": stack.http.post("/predict", json={"query": "red mug"}),
            "/predict-image": stack.http.post("/predict-image", files={"image": b"x"}),
            "/products/1": stack.http.get("/products/1"),
        }
        for answer in await asyncio.gather(*calls.values()):
            assert_problem(answer, 401, "unauthorized")
            assert answer.headers["www-authenticate"] == "ApiKey"
        for path in ("/health", "/ready", "/metrics", "/docs", "/"):
            assert (await stack.http.get(path)).status_code == 200
        answer = await stack.http.get("/products/1", headers={API_KEY_HEADER: "one"})
        assert answer.status_code == 200


def test_a_proxy_that_is_no_address_stops_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEWAY_TRUSTED_PROXIES", "10.0.0.0/8, my-proxy")
    with pytest.raises(ValueError, match="trusted_proxies"):
        GatewaySettings()
