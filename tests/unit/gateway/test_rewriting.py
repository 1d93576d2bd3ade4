"""When the gateway asks the rewriter, and when it need not."""

from __future__ import annotations

import json

import httpx
import pytest

from services.common.client import ServiceClient
from services.contracts.rewriter import RewriteResponse, RewriteSource
from services.gateway.searching.rewriting import DISABLED_KEPT_S, Rewriting


class Clock:
    """Time as a test sets it."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


class Rewriter:
    """Leaves every query as it is, and says why."""

    def __init__(self, source: RewriteSource) -> None:
        self.source = source
        self.asked: list[str] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        query = json.loads(request.content)["query"]
        self.asked.append(query)
        answer = RewriteResponse(
            query=query, rewritten_query=query, source=self.source, latency_ms=0
        )
        return httpx.Response(200, content=answer.model_dump_json())


def _client(rewriter: Rewriter) -> ServiceClient:
    transport = httpx.MockTransport(rewriter)
    return ServiceClient("rewriter", "http://rewriter", timeout_s=60, transport=transport)


async def test_a_rewriter_that_is_switched_off_is_asked_again_only_after_a_while() -> None:
    rewriter, clock = Rewriter("disabled"), Clock()
    async with _client(rewriter) as client:
        rewriting = Rewriting(client, 5, clock)
        for query in ("one", "two"):
            better = await rewriting.better(query)
            assert (better.used, better.source, better.degraded) == (query, "disabled", [])
        assert rewriter.asked == ["one"]
        clock.now += DISABLED_KEPT_S
        rewriter.source = "passthrough"
        assert (await rewriting.better("three")).source == "passthrough"
    assert rewriter.asked == ["one", "three"]


@pytest.mark.parametrize("source", ["passthrough", "cache", "timeout", "error", "rejected"])
async def test_what_holds_for_one_query_is_not_taken_to_hold_for_the_next(
    source: RewriteSource,
) -> None:
    rewriter = Rewriter(source)
    async with _client(rewriter) as client:
        rewriting = Rewriting(client, 5, Clock())
        for query in ("one", "two"):
            assert (await rewriting.better(query)).source == source
    assert rewriter.asked == ["one", "two"]
