"""Everything that services keep in Redis, in a real Redis Cluster, one of whose primaries dies."""

from __future__ import annotations

import asyncio
import itertools
import uuid
from collections import Counter as Tally
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from functools import partial
from pathlib import Path

import httpx
import numpy as np
import pytest
from feast.repo_config import load_repo_config
from prometheus_client import CollectorRegistry, Counter
from pydantic import RedisDsn

from services.common.metrics import Metrics
from services.common.optional_redis import OptionalRedis
from services.common.redis_limits import cluster_address, prepare
from services.contracts.query_log import LoggedSearch
from services.contracts.retriever import QueryTerm, RetrievalRequest, RetrievalResponse
from services.contracts.rewriter import RewrittenQuery
from services.encoder.cache import EmbeddingCache
from services.gateway.admission.limiters import Policy
from services.gateway.admission.shared_limiter import SharedLimiter
from services.gateway.query_log.log import Bounds, QueryLog
from services.gateway.searching.found import Found
from services.gateway.searching.reporting import Answered
from services.pipeline.feeds import open_feed
from services.pipeline.load import load
from services.pipeline.queries.entries import entries_after
from services.pipeline.settings import PipelineSettings
from services.rewriter.cache import RewriteCache
from services.rewriter.spending import SpendingLimit
from services.writer.app import create_app
from services.writer.settings import WriterSettings
from tests.integration.retriever.conftest import RetrieverClient, running_retriever
from tests.support.feast_repository import write_feature_repo
from tests.support.gateway_stack import CATALOGUE, MODEL, PATIENT
from tests.support.lifespan import LifespanManager
from tests.support.product_feed import product_rows, write_feed
from tests.support.redis_cluster import RedisCluster, running_cluster
from tests.support.service_process import ServiceProcess, listening_socket, url_of
from tests.support.waiting import until

POLICY = Policy(rate_per_minute=1, burst=5, max_concurrent=1_000, lease_s=30)
TIMEOUT_MS = 5_000
CHANGES = 40
KILLED_AFTER = 10


@pytest.fixture(scope="module")
def cluster() -> Iterator[RedisCluster]:
    with running_cluster() as cluster:
        yield cluster


@asynccontextmanager
async def clients(cluster: RedisCluster, count: int) -> AsyncIterator[list[OptionalRedis]]:
    """As so many replicas have them."""
    async with AsyncExitStack() as stack:
        made = [OptionalRedis(RedisDsn(cluster.url), timeout_ms=TIMEOUT_MS) for _ in range(count)]
        for one in made:
            stack.push_async_callback(one.aclose)
        yield made


async def test_callers_are_limited_over_all_replicas(cluster: RedisCluster) -> None:
    async with clients(cluster, 2) as redis:
        one, other = (SharedLimiter(client, POLICY) for client in redis)
        for caller in (f"key:{uuid.uuid4().hex}" for _ in range(8)):  # on several nodes
            verdicts = []
            for number in range(4):
                for replica in (one, other):
                    lease = f"{number}-{replica is one}"
                    verdicts.append((await replica.admit(caller, lease)).refusal)
                    await replica.release(caller, lease)
            assert verdicts == [None] * 5 + ["rate"] * 3


async def test_calls_to_gemini_are_counted_and_answers_cached_for_all(
    cluster: RedisCluster,
) -> None:
    async with clients(cluster, 2) as redis:
        limits = [SpendingLimit(one, calls_a_minute=3, calls_a_day=3) for one in redis]
        taken = [await limits[number % 2].take() for number in range(5)]
        assert taken[:3] == [None] * 3
        assert None not in taken[3:]
        model = uuid.uuid4().hex
        first, second = (
            RewriteCache(
                one, prompt_version="v1", model=model, ttl_s=60, metrics=Metrics("rewriter")
            )
            for one in redis
        )
        meaning = RewrittenQuery(query="something for coffee", rewritten_query="coffee mug")
        await first.put(meaning)
        cached = await second.get(" Something for COFFEE")
        assert cached is not None
        assert cached.rewritten_query == "coffee mug"


async def test_embeddings_are_shared_and_the_oldest_removed(cluster: RedisCluster) -> None:
    name = uuid.uuid4().hex
    one, other = (
        EmbeddingCache(
            RedisDsn(cluster.url),
            namespace=name,
            dimension=4,
            ttl_s=60,
            max_entries=3,
            timeout_ms=TIMEOUT_MS,
            metrics=Metrics("encoder"),
        )
        for _ in range(2)
    )
    vectors = {f"k{number}": np.full(4, number, np.float32) for number in range(5)}
    await one.put(vectors)
    found = await other.get([*vectors])
    assert sum(vector is not None for vector in found) == 3
    await one.close()
    await other.close()


async def test_searches_are_logged_and_the_log_is_read(cluster: RedisCluster) -> None:
    stream = f"query-log-{uuid.uuid4().hex}"
    counter = Counter("entries", "Of the log.", ["outcome"], registry=CollectorRegistry())
    async with clients(cluster, 1) as (redis,):
        log = QueryLog(redis, Bounds(3_600, 100), None, counter, stream)
        async with log.running():
            search = RetrievalRequest(model=MODEL, terms=[QueryTerm(vector=[1.0, 0.0])], k=1)
            found = RetrievalResponse(results=[], found=0, confidence=0.9, catalogue=CATALOGUE)
            for words in ("red mug", "blue cup"):
                log.add(Answered(search, Found.of(found), words, None, [], 3.21))
    entries = await asyncio.to_thread(lambda: [*entries_after(cluster.url, None, stream)])
    queries = [one.content.query for one in entries if isinstance(one.content, LoggedSearch)]
    assert queries == ["red mug", "blue cup"]


def test_addresses_say_what_they_are_of(tmp_path: Path, cluster: RedisCluster) -> None:
    assert cluster_address("redis://a:1/0?cluster=true") == ("redis://a:1/0", True)
    assert cluster_address("redis://a:1/0?x=1&Cluster=TRUE") == ("redis://a:1/0?x=1", True)
    assert cluster_address("redis://a:1/0?x=1") == ("redis://a:1/0?x=1", False)
    for address, kind in (("a:1,db=2", "redis"), (cluster.connection_string, "redis_cluster")):
        folder = write_feature_repo(tmp_path / kind, address)
        online = load_repo_config(folder, folder / "feature_store.yaml").online_store
        prepare(online, 2.0)
        assert (online.redis_type, online.connection_string) == (
            kind,
            f"{address},socket_timeout=2.0,socket_connect_timeout=2.0,retry=null",
        )


@contextmanager
def service(name: str, folder: Path, **settings: object) -> Iterator[str]:
    """The URL of a service in a process of its own, once it is ready."""
    prefix, log = name.upper(), folder / f"{name}.log"
    variables = {f"{prefix}_{one.upper()}": str(value) for one, value in settings.items()}
    with listening_socket() as listener:
        process = ServiceProcess(
            [f"services.{name}"], prefix, listener, log, surroundings=variables
        )
        try:
            process.wait_until_ready(url_of(listener))
            yield url_of(listener)
        finally:
            process.stop()


@pytest.fixture
def encoder_url(cluster: RedisCluster, tmp_path: Path) -> Iterator[str]:
    """The URL of an encoder with its cache in the cluster."""
    models = tmp_path / "models"
    with service("encoder", tmp_path, model_cache_dir=models, cache_redis_url=cluster.url) as url:
        yield url


@pytest.fixture
def gateway_url(cluster: RedisCluster, settings: PipelineSettings, tmp_path: Path) -> Iterator[str]:
    """The URL of a gateway with its limits in the cluster and a retriever of its own."""
    store = settings.feature_store
    with (
        service("retriever", tmp_path, feature_store=store, store_timeout_ms=2_000) as retriever,
        service(
            "gateway",
            tmp_path,
            encoder_url=settings.encoder_url,
            retriever_url=retriever,
            redis_url=cluster.url,
            rate_per_minute=1_000_000,
            rate_burst=100_000,
            **PATIENT,
        ) as gateway,
    ):
        yield gateway


@pytest.fixture
def settings(cluster: RedisCluster, tmp_path: Path, encoder_url: str) -> PipelineSettings:
    """Settings of a store in the cluster, with four products loaded."""
    settings = PipelineSettings(
        encoder_url=encoder_url,
        encoder_wait_s=60,
        feature_store=write_feature_repo(tmp_path / "store", cluster.connection_string),
        media_dir=tmp_path / "media",
        download_pictures=False,
        batch_products=10,
        text_batch=4,
        image_batch=4,
    )
    load(open_feed(write_feed(tmp_path / "feed.csv", product_rows(4))), settings)
    return settings


@pytest.mark.long
async def test_a_primary_dies_while_products_are_put_in_and_nothing_acknowledged_is_lost(
    cluster: RedisCluster, settings: PipelineSettings, gateway_url: str
) -> None:
    async with AsyncExitStack() as stack:
        store = settings.feature_store
        retrievers = [
            await stack.enter_async_context(running_retriever(store, store_timeout_ms=2_000))
            for _ in range(2)
        ]
        app = create_app(WriterSettings(encoder_wait_s=60, store_timeout_ms=2_000), settings)
        await stack.enter_async_context(LifespanManager(app))
        writer = await stack.enter_async_context(
            httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://writer")
        )
        for retriever in retrievers:
            await until(retriever.is_current)
        gateway = await stack.enter_async_context(
            httpx.AsyncClient(base_url=gateway_url, trust_env=False, timeout=60)
        )
        statuses = Tally[str]()
        searching = asyncio.create_task(_search_on(gateway, statuses))
        acknowledged = {}
        for number in range(CHANGES):
            if number == KILLED_AFTER:
                await asyncio.to_thread(cluster.kill_a_primary)
            product, title = f"new-{number}", f"Mug {number}"
            if await _put(writer, product, title, patient=number > KILLED_AFTER + 10):
                acknowledged[product] = title
        assert len(acknowledged) >= CHANGES - 11
        await asyncio.to_thread(cluster.until_whole)
        for retriever in retrievers:
            for product, title in acknowledged.items():
                await until(partial(_has, retriever, product, title))
            await until(retriever.is_current)
        searching.cancel()
        await asyncio.wait([searching])
        assert searching.cancelled()  # it went on until then
        assert [*statuses] == ["200 as asked"], statuses
        # All the same to a retriever that starts now: each row is there.
        late = await stack.enter_async_context(running_retriever(store))
        await until(late.is_current)
        for product, title in acknowledged.items():
            assert await _has(late, product, title)


async def _search_on(gateway: httpx.AsyncClient, statuses: Tally[str]) -> None:
    """Search in words, new ones and cached ones by turns, and count the kinds of answers."""
    for number in itertools.count():
        words = f"a red mug, number {number}" if number % 2 else "a red mug"
        asked = {"query": words, "k": 5, "rewrite": False}
        answer = await gateway.post("/predict", json=asked)
        body = answer.json()
        right = body.get("original_query") == words and body.get("results")
        statuses[f"{answer.status_code} {'as asked' if right else answer.text[:200]}"] += 1
        await asyncio.sleep(0.01)


async def _put(writer: httpx.AsyncClient, product: str, title: str, *, patient: bool) -> bool:
    """True once it is acknowledged; the patient ask again until it is."""
    body = {"title": title, "price": 4.5, "currency": "EUR"}
    while True:
        answer = await writer.put(f"/products/{product}", json=body)
        if answer.status_code == httpx.codes.OK:
            return True
        assert answer.status_code in (503, 504), answer.text
        if not patient:
            return False
        await asyncio.sleep(0.2)


async def _has(retriever: RetrieverClient, product: str, title: str) -> bool:
    answer = await retriever.http.get(f"/products/{product}")
    return answer.status_code == httpx.codes.OK and answer.json()["title"] == title
