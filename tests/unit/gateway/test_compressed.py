"""Large answers are compressed for callers that accept it."""

from __future__ import annotations

import gzip

import httpx
import pytest

from services.contracts.products import ScoredProduct
from services.contracts.retriever import RetrievalRequest
from tests.support.gateway_stack import Stack
from tests.unit.gateway.conftest import RunStack


def _large(_: RetrievalRequest) -> list[ScoredProduct]:
    return [
        ScoredProduct(product_id=f"p{number}", title="A thing " * 20, score=0.5, strength="strong")
        for number in range(20)
    ]


def _priced(request: RetrievalRequest) -> list[ScoredProduct]:
    return [one.model_copy(update={"price": 5.0, "currency": "EUR"}) for one in _large(request)]


async def _raw(stack: Stack, accept: str, query: str = "") -> tuple[httpx.Response, bytes]:
    headers = {"Accept-Encoding": accept}
    body = {"query": "mug", "rewrite": False}
    async with stack.http.stream("POST", f"/search{query}", json=body, headers=headers) as response:
        return response, b"".join([part async for part in response.aiter_raw()])


@pytest.mark.parametrize("query", ["", "?explain=false"], ids=["direct", "through FastAPI"])
@pytest.mark.parametrize("accept", ["gzip", "gzip, deflate, br, zstd", "br;q=1, GZIP;q=0.5"])
async def test_a_large_answer_is_compressed(stack: Stack, accept: str, query: str) -> None:
    stack.products = _large
    response, content = await _raw(stack, accept, query)
    assert response.headers["content-encoding"] == "gzip"
    assert response.headers["vary"] == "Accept-Encoding"
    assert int(response.headers["content-length"]) == len(content)
    assert b'"product_id":"p19"' in gzip.decompress(content)


async def test_a_large_answer_to_an_agent_is_compressed(run_stack: RunStack) -> None:
    headers = {"Accept-Encoding": "gzip", "UCP-Agent": 'profile="https://agent.example/p.json"'}
    async with run_stack(agents_url="https://shop.example") as stack:
        stack.products = _priced
        answer = await stack.http.post(
            "/ucp/v1/catalog/search", json={"query": "mug"}, headers=headers
        )
    assert answer.headers["content-encoding"] == "gzip"
    assert len(answer.json()["products"]) == 20


@pytest.mark.parametrize("accept", ["identity", "br", "gzip;q=0", "gzip; q=0.0", ""])
async def test_not_for_callers_that_do_not_accept_it(stack: Stack, accept: str) -> None:
    stack.products = _large
    response, content = await _raw(stack, accept)
    assert "content-encoding" not in response.headers
    assert response.headers["vary"] == "Accept-Encoding"
    assert content.startswith(b"{")


async def test_a_small_answer_stays_as_it_is(stack: Stack) -> None:
    response, content = await _raw(stack, "gzip")
    assert not {"content-encoding", "vary"} & set(response.headers)
    assert content.startswith(b"{")
