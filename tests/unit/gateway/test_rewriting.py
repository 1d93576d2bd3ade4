"""When the gateway asks the rewriter, and when it need not."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Coroutine

import httpx
import pytest

from services.common.client import ServiceClient
from services.contracts.rewriter import RewriteResponse, RewriteSource
from services.gateway.searching.rewriting import DISABLED_KEPT_S, Rewriting

Handler = (
    Callable[[httpx.Request], httpx.Response]
    | Callable[[httpx.Request], Coroutine[None, None, httpx.Response]]
)


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


def _client(answer: Handler) -> ServiceClient:
    transport = httpx.MockTransport(answer)
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


async def test_one_query_asks_again_and_the_others_go_on_meanwhile() -> None:
    rewriter, clock, asked, answer = Rewriter("disabled"), Clock(), asyncio.Event(), asyncio.Event()

    async def slowly(request: httpx.Request) -> httpx.Response:
        if json.loads(request.content)["query"] == "slow":
            asked.set()
            await answer.wait()
        return rewriter(request)

    async with _client(slowly) as client:
        rewriting = Rewriting(client, 60, clock)
        await rewriting.better("one")
        clock.now += DISABLED_KEPT_S
        slow = asyncio.create_task(rewriting.better("slow"))
        await asked.wait()
        assert rewriting.disabled
        assert (await rewriting.better("two")).source == "disabled"
        rewriter.source = "passthrough"
        answer.set()
        assert (await slow).source == "passthrough"
        assert not rewriting.disabled
    assert rewriter.asked == ["one", "slow"]


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
