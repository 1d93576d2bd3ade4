"""Read your writes: who sends a change back reads it, whichever replica answers."""

from __future__ import annotations

import asyncio
import base64
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import HttpUrl

from services.contracts.catalogue import change_token
from services.gateway.admission.access import key_hash
from services.gateway.app import create_app as create_gateway
from services.gateway.settings import GatewaySettings
from services.pipeline.settings import PipelineSettings
from tests.integration.retriever.conftest import RetrieverClient, running_retriever
from tests.support.encoder_double import EncoderDouble
from tests.support.feast_repository import write_feature_repo
from tests.support.gateway_stack import assert_problem
from tests.support.lifespan import LifespanManager
from tests.support.pictures import drawing, encoded
from tests.support.redis_server import RedisProcess
from tests.support.waiting import until

ADMIN = "admin-key-of-a-test"
MUG: dict[str, Any] = {"title": "A new mug", "price": 4.5, "currency": "EUR"}
MERGE = {"Content-Type": "application/merge-patch+json"}
SELDOM_MS = 600_000
"""Time between two looks of a retriever: only a request that waits makes it look in a test."""


@dataclass
class Replicas(httpx.AsyncBaseTransport):
    """One address in front of several retrievers, which answer in turn."""

    replicas: list[RetrieverClient] = field(default_factory=list)
    calls: int = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if not self.replicas:
            raise httpx.ConnectError("refused", request=request)
        self.calls += 1
        replica = self.replicas[self.calls % len(self.replicas)]
        return await replica.http._transport.handle_async_request(request)


@dataclass
class Shop:
    """The gateway of a catalogue, and the retrievers behind it."""

    http: httpx.AsyncClient
    retrievers: Replicas
    store: Path
    stack: AsyncExitStack

    async def add_replica(self) -> None:
        retriever = await self.stack.enter_async_context(
            running_retriever(self.store, poll_interval_ms=SELDOM_MS)
        )
        await until(retriever.is_current)
        self.retrievers.replicas.append(retriever)


@pytest.fixture
async def shop(
    settings: PipelineSettings, writer: httpx.AsyncClient, catalogue: Path, encoder: EncoderDouble
) -> AsyncIterator[Shop]:
    async with AsyncExitStack() as stack:
        retrievers = Replicas()
        gateway = create_gateway(
            GatewaySettings(
                admin_key_sha256=(key_hash(ADMIN),),
                writer_url=HttpUrl("http://writer"),
                encoder_url=HttpUrl(encoder.url),
                retriever_timeout_ms=2_500,
                encoder_timeout_ms=60_000,
                deadline_ms=60_000,
            ),
            {"writer": writer._transport, "retriever": retrievers},
        )
        await stack.enter_async_context(LifespanManager(gateway))
        http = await stack.enter_async_context(
            httpx.AsyncClient(
                transport=httpx.ASGITransport(gateway),
                base_url="http://gateway",
                headers={"X-API-Key": ADMIN},
            )
        )
        shop = Shop(http, retrievers, settings.feature_store, stack)
        await http.delete("/products/nothing")  # the first opens Feast
        for _ in range(2):
            await shop.add_replica()
        yield shop


def token(response: httpx.Response) -> dict[str, str]:
    assert response.status_code == 200, response.text
    return {"X-Catalogue-Change": response.json()["change"]}


async def test_a_product_is_read_as_it_was_written_at_every_replica(shop: Shop) -> None:
    path = "/products/shop%2Fmug"
    put = token(await shop.http.put(path, json=MUG))
    for _ in range(3):
        assert (await shop.http.get(path, headers=put)).json()["title"] == "A new mug"
    patched = token(await shop.http.patch(path, content=b'{"price": 3.25}', headers=MERGE))
    for _ in range(3):
        seen = await shop.http.get(path, params={"change": patched["X-Catalogue-Change"]})
        assert seen.json()["price"] == 3.25
    gone = token(await shop.http.delete(path))
    for _ in range(3):
        assert_problem(await shop.http.get(path, headers=gone), 404, "not-found")


async def test_a_picture_that_was_changed_is_the_one_that_is_read(shop: Shop) -> None:
    seen = []
    for size in (30, 40):
        picture = base64.b64encode(encoded(drawing(size, 30), "JPEG")).decode()
        put = token(await shop.http.put("/products/mug", json=MUG | {"image": picture}))
        both = [(await shop.http.get("/products/mug", headers=put)).json() for _ in range(2)]
        assert both[0] == both[1]
        seen.append(both[0]["image_url"])
    assert seen[0] != seen[1]


SEARCHES: list[tuple[str, str, dict[str, Any] | None, str]] = [
    ("POST", "/search", {"query": "A new mug", "k": 20}, "results"),
    ("POST", "/search/batch", {"searches": [{"query": "A new mug", "k": 20}]}, "answers"),
    ("POST", "/predict", {"query": "A new mug", "k": 20}, "results"),
    ("GET", "/products/p-001/similar?k=20", None, "results"),
    ("GET", "/suggest?q=uniq", None, "suggestions"),
]
"""Method, path, body, and the field of the answer that names products."""


async def test_every_search_waits_for_the_change_that_it_names(shop: Shop) -> None:
    places = ["header", "query", "header", "query"]
    cases = [(*search, place) for search in SEARCHES for place in places]
    for number, (method, path, body, found, place) in enumerate(cases):
        product_id = f"unique{number}"
        put = token(
            await shop.http.put(
                f"/products/{product_id}", json=MUG | {"title": f"A mug {product_id}"}
            )
        )
        url = httpx.URL(path)
        if place == "query":
            url = url.copy_add_param("change", put["X-Catalogue-Change"])
        headers = put if place == "header" else {}
        response = await shop.http.request(method, url, json=body, headers=headers)
        assert response.status_code == 200, response.text
        assert product_id in str(response.json()[found]), (path, place)
        await shop.http.delete(f"/products/{product_id}")


async def test_without_the_change_a_search_answers_from_what_is_served(shop: Shop) -> None:
    await shop.http.put("/products/mug", json=MUG)
    for _ in range(2):
        assert_problem(await shop.http.get("/products/mug"), 404, "not-found")


async def test_wait_searchable_answers_when_searches_show_the_change(shop: Shop) -> None:
    del shop.retrievers.replicas[1]
    wait = {"wait": "searchable"}
    path = "/products/mug"
    put = await shop.http.put(path, json=MUG, params=wait)
    assert (put.status_code, put.json()["status"]) == (200, "searchable")
    assert (await shop.http.get(path)).json()["price"] == 4.5
    patch = await shop.http.patch(path, content=b'{"price": 9}', headers=MERGE, params=wait)
    assert patch.json()["status"] == "searchable"
    assert (await shop.http.get(path)).json()["price"] == 9
    delete = await shop.http.delete(path, params=wait)
    assert delete.json()["status"] == "searchable"
    assert (await shop.http.get(path)).status_code == 404
    plain = await shop.http.put(path, json=MUG)
    assert (plain.json()["status"], plain.json()["detail"]) == ("stored", None)
    refused = await shop.http.put(path, json=MUG, params={"wait": "no"})
    assert_problem(refused, 422, "invalid-request")


async def test_a_wait_that_runs_out_of_time_says_stored_and_not_refused(shop: Shop) -> None:
    away, shop.retrievers.replicas = shop.retrievers.replicas, []
    limit = {"X-Deadline-Ms": "5000"}
    started = time.monotonic()
    put = await shop.http.put(
        "/products/mug", json=MUG, params={"wait": "searchable"}, headers=limit
    )
    assert time.monotonic() - started < 30  # the deadline is 60 s without the header
    assert (put.status_code, put.json()["status"]) == (200, "stored")
    assert put.json()["detail"].startswith("Stored, not searchable yet.")
    shop.retrievers.replicas = away

    async def is_back() -> bool:
        return (await shop.http.get("/products/mug", headers=token(put))).status_code == 200

    await until(is_back)


async def test_a_change_of_another_catalogue_is_awaited_no_longer_than_the_deadline(
    shop: Shop,
) -> None:
    soon = round((time.time() + 3600) * 1_000_000)
    unknown = {"X-Catalogue-Change": change_token("another", 7, soon)}
    started = time.monotonic()
    asked = [shop.http.get("/products/p-001", headers=unknown) for _ in range(6)]
    for answer in await asyncio.gather(*asked):
        problem = assert_problem(answer, 504, "change-not-served")
        assert "not searchable yet" in problem["detail"]
    assert time.monotonic() - started < 30  # the deadline is 60 s
    # The breaker has not opened: whoever names no change is answered.
    assert (await shop.http.get("/products/p-001")).status_code == 200
    wait = {**unknown, "X-Deadline-Ms": "300"}
    assert (await shop.http.get("/products/p-001", headers=wait)).status_code == 504


NO_CHANGES = {
    "empty": "",
    "a letter": "x",
    "a number": "64",
    "without a time": "-v1-1",
    "letters for a time": "zz-v1-1",
    "a time that is too long": "6" * 17 + "-v1-1",
    "without a number": "6-v1-",
    "with an end": "6-v1-1-",
    "a space": "6-v 1-1",
    "a time out of range": change_token("v1", 1, 2**63),
    "of the future": change_token("v1", 1, round((time.time() + 200_000) * 1_000_000)),
}


async def test_what_names_no_change_is_refused_at_once(shop: Shop) -> None:
    for what, change in NO_CHANGES.items():
        for headers, params in (({"X-Catalogue-Change": change}, {}), ({}, {"change": change})):
            refused = await shop.http.get("/products/p-001", headers=headers, params=params)
            problem = assert_problem(refused, 422, "invalid-request")
            (error,) = problem["errors"]
            field = error["field"].lower()
            assert field in ("header.x-catalogue-change", "query.change"), what


async def test_a_retriever_that_has_just_started_waits_for_its_catalogue(shop: Shop) -> None:
    put = token(await shop.http.put("/products/mug", json=MUG))

    @asynccontextmanager
    async def fresh() -> AsyncIterator[RetrieverClient]:
        async with running_retriever(shop.store, poll_interval_ms=SELDOM_MS) as retriever:
            yield retriever

    async with fresh() as retriever:
        answer = await retriever.http.get("/products/mug", headers=put)
        assert answer.json()["title"] == "A new mug"


class TestWithARedisThatIsLost:
    """Its own Redis, which is killed and comes back empty."""

    @pytest.fixture
    def feature_repo_dir(self, tmp_path: Path, own_redis: RedisProcess) -> Path:
        return write_feature_repo(tmp_path / "feature_repo_dir", own_redis.address)

    async def test_a_change_is_read_after_redis_came_back_empty(
        self, shop: Shop, own_redis: RedisProcess
    ) -> None:
        await asyncio.to_thread(own_redis.stop)
        refused = await shop.http.put("/products/mug", json=MUG)
        assert refused.status_code == 503
        await asyncio.to_thread(own_redis.start)
        await asyncio.to_thread(own_redis.empty)

        async def stored() -> bool:
            put = await shop.http.put("/products/mug", json=MUG)
            changes.append(put)
            return put.status_code == 200

        changes: list[httpx.Response] = []
        await until(stored)
        put = token(changes[-1])

        async def shown() -> bool:
            seen = [await shop.http.get("/products/mug", headers=put) for _ in range(2)]
            return [one.status_code for one in seen] == [200, 200]

        await until(shown)
        await asyncio.to_thread(own_redis.empty)
        gone = await shop.http.get("/products/mug", headers=put)
        assert gone.status_code == 200, "it is served already, whatever Redis lost since"


async def test_synonyms_are_followed_by_every_replica(shop: Shop) -> None:
    await shop.http.put("/products/mug", json=MUG | {"title": "A zebra jug"})
    body = {"added": [{"words": ["quagga"], "finds": ["zebra"]}]}
    put = await shop.http.put("/synonyms", json=body)
    named = token(put)
    for _ in range(3):
        seen = await shop.http.get("/synonyms", headers=named)
        assert seen.json()["added"] == [{"words": ["quagga"], "finds": ["zebra"]}]
        found = await shop.http.post(
            "/search", json={"query": "quagga", "mode": "words"}, headers=named
        )
        best = found.json()["results"][0]
        assert best["product_id"] == "mug"
        assert best["matched"][0]["found"] == ["zebra"]
    gone = token(await shop.http.put("/synonyms", json={"added": []}))
    assert (await shop.http.get("/synonyms", headers=gone)).json()["added"] == []


async def test_synonyms_are_for_administrators_alone(shop: Shop) -> None:
    shop.http.headers.pop("X-API-Key")
    assert_problem(await shop.http.get("/synonyms"), 401, "unauthorized")
    assert_problem(await shop.http.put("/synonyms", json={"added": []}), 401, "unauthorized")


async def test_synonyms_without_others_are_refused(shop: Shop) -> None:
    refusals: list[object] = [[{"words": ["alone"]}], [{"words": []}], [{"words": [" "]}], 1]
    for added in refusals:
        refused = await shop.http.put("/synonyms", json={"added": added})
        assert_problem(refused, 422, "invalid-request")
