"""The encoder's application reports to its callers which vectors come from the cache."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from pydantic import RedisDsn

from services.contracts.encoder import EmbeddingsResponse
from services.encoder.app import create_app
from services.encoder.engine import OpenVinoEngine
from services.encoder.graph_files import GraphFiles, prepare_graphs
from services.encoder.settings import EncoderSettings
from services.encoder.source import source_of_files
from tests.support.clip_reference import random_weights
from tests.support.lifespan import LifespanManager
from tests.support.redis_server import RedisAddress, RedisProcess
from tests.support.torch_archive import write_archive


@pytest.fixture
def files(tmp_path: Path) -> GraphFiles:
    write_archive(tmp_path / "clip.pt", random_weights())
    # A model of its own for each test: one Redis keeps what all of them encode.
    source = source_of_files((tmp_path / "clip.pt",), name=f"clip-{tmp_path.name}")
    return prepare_graphs(source, tmp_path / "cache", "fp32")


Ask = Callable[..., Awaitable[EmbeddingsResponse]]


@asynccontextmanager
async def encoder(
    files: GraphFiles, redis: RedisAddress, *, max_queue: int = 100
) -> AsyncIterator[Ask]:
    settings = EncoderSettings(
        cache_redis_url=RedisDsn(redis.url), cache_timeout_ms=2_000, max_queue=max_queue
    )
    app = create_app(settings, lambda: OpenVinoEngine(files, threads=1))
    async with (
        LifespanManager(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://encoder") as client,
    ):

        async def ask(*texts: str) -> EmbeddingsResponse:
            answer = await client.post("/embed/texts", json={"texts": list(texts)})
            assert answer.status_code == 200, answer.text
            return EmbeddingsResponse.model_validate_json(answer.content)

        yield ask


async def test_an_answer_lists_what_was_kept_from_before(
    files: GraphFiles, redis_address: RedisAddress
) -> None:
    async with encoder(files, redis_address) as ask:
        first = await ask("a mug", "a lamp")
        second = await ask("a chair", "a lamp", "a mug")
    assert first.cached == []
    assert second.cached == [1, 2]
    assert second.embeddings[2] == first.embeddings[0]


async def test_what_was_computed_last_is_kept_though_the_service_ends(
    files: GraphFiles, redis_address: RedisAddress
) -> None:
    """An answer does not wait for that; the end of the service does."""
    async with encoder(files, redis_address) as ask:
        await ask("a mug")
    async with encoder(files, redis_address) as ask:
        assert (await ask("a mug")).cached == [0]


async def test_a_text_of_a_moment_ago_needs_no_redis(
    files: GraphFiles, own_redis: RedisProcess
) -> None:
    async with encoder(files, own_redis.address) as ask:
        first = await ask("a mug")
        own_redis.stop()
        second = await ask("a mug")
    assert second.cached == [0]
    assert second.embeddings == first.embeddings


async def test_what_is_in_the_cache_needs_no_room_in_the_queue(
    files: GraphFiles, redis_address: RedisAddress
) -> None:
    async with encoder(files, redis_address) as ask:
        first = await ask("a mug", "a lamp")
    async with encoder(files, redis_address, max_queue=1) as ask:
        found = await ask("a mug", "a lamp")
        with pytest.raises(AssertionError, match="429"):
            await ask("a mug", "a shelf")
    assert found.cached == [0, 1]
    assert found.embeddings == first.embeddings
