"""Limits of agents: keys of their own, a rate of their own, and a budget."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from services.gateway.admission.access import key_hash
from services.gateway.admission.gate import quotas_of
from services.gateway.admission.limiters import LocalLimiter
from services.gateway.settings import GatewaySettings
from tests.support.gateway_stack import Stack, assert_problem
from tests.unit.gateway.conftest import RunStack

AGENT, SEARCH, ADMIN = "agent-key-of-a-test", "search-key-of-a-test", "admin-key-of-a-test"
URL: dict[str, Any] = {"agents_url": "https://shop.example"}
PROFILE = {"UCP-Agent": 'profile="https://agent.example/p"'}
MCP = {"Accept": "application/json, text/event-stream", "MCP-Protocol-Version": "2025-11-25"}


def assert_ucp_problem(response: httpx.Response, status: int, code: str) -> dict[str, Any]:
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/json"
    problem: dict[str, Any] = response.json()
    assert (problem["code"], problem["status"]) == (code, status)
    assert problem["content"] == problem["detail"]
    assert problem["instance"] == response.headers["x-request-id"]
    return problem


async def ucp(stack: Stack, key: str | None = None) -> httpx.Response:
    headers = PROFILE | ({"X-API-Key": key} if key else {})
    return await stack.http.post("/ucp/v1/catalog/product", json={"id": "missing"}, headers=headers)


async def mcp(stack: Stack, key: str | None = None) -> httpx.Response:
    headers = MCP | ({"X-API-Key": key} if key else {})
    body = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
    return await stack.http.post("/mcp", json=body, headers=headers)


async def test_without_the_setting_ucp_and_mcp_are_off(run_stack: RunStack) -> None:
    async with run_stack() as stack:
        assert_problem(await stack.http.get("/.well-known/ucp"), 404, "not-found")
        assert_problem(await ucp(stack), 404, "not-found")
        assert_problem(await mcp(stack), 404, "not-found")
        schema = (await stack.http.get("/openapi.json")).json()
    assert not [path for path in schema["paths"] if "ucp" in path]


@pytest.mark.parametrize("ask", [ucp, mcp])
@pytest.mark.parametrize(
    ("keys", "allowed", "refused"),
    [
        ({}, [None, AGENT, SEARCH], []),
        ({"search": SEARCH}, [SEARCH], [None, AGENT]),
        ({"agent": AGENT}, [AGENT], [None, SEARCH]),
        ({"agent": AGENT, "search": SEARCH, "admin": ADMIN}, [AGENT, ADMIN], [None, SEARCH, "x"]),
    ],
)
async def test_keys_open_what_their_scope_names(
    run_stack: RunStack,
    ask: Any,  # noqa: ANN401 - one of the two above
    keys: dict[str, str],
    allowed: list[str | None],
    refused: list[str | None],
) -> None:
    hashes = {f"{scope}_key_sha256": (key_hash(key),) for scope, key in keys.items()}
    async with run_stack(**URL, **hashes) as stack:
        assert [(await ask(stack, key)).status_code for key in allowed] == [200] * len(allowed)
        answers = [(await ask(stack, key)).status_code for key in refused]
    assert all(status in (401, 403) for status in answers), answers


async def test_an_agents_key_opens_nothing_else(run_stack: RunStack) -> None:
    hashes = {"agent_key_sha256": (key_hash(AGENT),), "search_key_sha256": (key_hash(SEARCH),)}
    async with run_stack(**URL, **hashes) as stack:
        headers = {"X-API-Key": AGENT}
        answers = [
            await stack.http.post("/search", json={"query": "mug"}, headers=headers),
            await stack.http.post("/predict", json={"query": "mug"}, headers=headers),
            await stack.http.get("/products/1", headers=headers),
            await stack.http.delete("/products/1", headers=headers),
        ]
    assert [answer.status_code for answer in answers] == [403] * 4


async def test_agents_have_a_rate_of_their_own(run_stack: RunStack) -> None:
    async with run_stack(
        **URL, agents_rate_per_minute=1, agents_burst=2, agents_budget_per_hour=60
    ) as stack:
        answers = [await ucp(stack), await mcp(stack), await ucp(stack), await mcp(stack)]
        assert [answer.status_code for answer in answers] == [200, 200, 429, 429]
        assert answers[0].headers["ratelimit-policy"] == (
            '"agent";q=2;w=120, "agent-budget";q=60;w=3600'
        )
        assert answers[0].headers["ratelimit"] == '"agent";r=1;t=60, "agent-budget";r=59;t=60'
        problem = assert_ucp_problem(answers[2], 429, "rate_limited")
        assert "1 requests a minute" in problem["detail"]
        # People are not kept waiting by an agent of their address.
        assert (await stack.predict(query="red mug")).status_code == 200


async def test_a_budget_ends_a_loop_that_keeps_to_the_rate(run_stack: RunStack) -> None:
    async with run_stack(
        **URL, agents_rate_per_minute=6_000, agents_burst=100, agents_budget_per_hour=5
    ) as stack:
        answers = [await ucp(stack) for _ in range(6)]
    assert [answer.status_code for answer in answers] == [200] * 5 + [429]
    # A budget of 5 an hour refills one request in 12 minutes.
    assert 600 < int(answers[5].headers["retry-after"]) <= 720


async def test_the_profile_is_free(run_stack: RunStack) -> None:
    async with run_stack(**URL, agents_burst=1, agents_rate_per_minute=1) as stack:
        for _ in range(3):
            assert (await stack.http.get("/.well-known/ucp")).status_code == 200


async def test_at_most_so_many_requests_of_an_agent_run() -> None:
    settings = GatewaySettings(**URL, agents_max_concurrent=2)
    rate, budget = quotas_of(settings, LocalLimiter).of("/mcp")
    verdicts = [await rate.limiter.admit("one", f"lease-{number}") for number in range(3)]
    assert [verdict.refusal for verdict in verdicts] == [None, None, "concurrency"]
    assert (await budget.limiter.admit("one", "lease-0")).refusal is None


async def test_a_body_beyond_the_limit_is_refused(run_stack: RunStack) -> None:
    async with run_stack(**URL) as stack:
        large = {"Content-Length": "9000000", "Content-Type": "application/json"}
        for path, headers in (("/ucp/v1/catalog/search", PROFILE), ("/mcp", MCP)):
            answer = await stack.http.post(path, content=b"{}", headers=headers | large)
            if path == "/mcp":
                assert_problem(answer, 413, "payload-too-large")
            else:
                assert_ucp_problem(answer, 413, "payload_too_large")


@pytest.mark.parametrize("root", ["", "/find"])
async def test_every_error_below_the_path_of_ucp_has_a_code(run_stack: RunStack, root: str) -> None:
    async with run_stack(**URL, root_path=root) as stack:
        path = f"{root}/ucp/v1/catalog/search"
        no_agent = await stack.http.post(path, json={"query": "mug"})
        assert_ucp_problem(no_agent, 400, "invalid_profile_url")
        late = await stack.http.post(
            path, content=_slow_body(), headers=PROFILE | {"X-Deadline-Ms": "50"}
        )
        assert_ucp_problem(late, 408, "request_timeout")
        assert_ucp_problem(await stack.http.get(path), 405, "method_not_allowed")
        for unknown in (f"{root}/ucp/v1/nothing", f"{root}/ucp/v1/catalog/nothing"):
            assert_ucp_problem(await stack.http.post(unknown, json={}), 404, "not_found")
        text = await stack.http.post(path, content=b"x", headers=PROFILE)
        assert_ucp_problem(text, 415, "unsupported_media_type")
        assert_problem(
            await stack.http.post(f"{root}/search", json={"x": 1}), 422, "invalid-request"
        )


async def _slow_body() -> AsyncIterator[bytes]:
    yield b"{"
    await asyncio.sleep(60)


async def test_no_address_that_a_caller_names_is_fetched(run_stack: RunStack) -> None:
    async with run_stack(**URL) as stack:
        for transport in (stack.rewriter, stack.encoder, stack.retriever):
            transport.requests.clear()
        link = "https://evil.example/picture.jpg"
        picture = await stack.http.post(
            "/ucp/v1/catalog/search",
            json={"image": link},
            headers={"UCP-Agent": 'profile="https://evil.example/p"'},
        )
        asked = [str(one.url) for one in (*stack.encoder.requests, *stack.retriever.requests)]
    assert picture.json()["messages"][0]["code"] == "unreadable_image"
    assert not [url for url in asked if "evil" in url]
