"""The encoder's application tells its callers what it did not compute anew."""

from __future__ import annotations

from pathlib import Path

import httpx
from asgi_lifespan import LifespanManager
from pydantic import RedisDsn

from services.contracts.encoder import EmbeddingsResponse
from services.encoder.app import create_app
from services.encoder.engine import OpenVinoEngine, prepare_graphs
from services.encoder.settings import EncoderSettings
from tests.support.clip_reference import random_weights
from tests.support.redis_server import RedisAddress
from tests.support.torch_archive import write_archive


async def test_an_answer_lists_what_was_kept_from_before(
    tmp_path: Path, redis_address: RedisAddress
) -> None:
    write_archive(tmp_path / "clip.pt", random_weights())
    files = prepare_graphs(tmp_path / "clip.pt", "clip@kept", tmp_path / "cache", "fp32")
    settings = EncoderSettings(cache_redis_url=RedisDsn(redis_address.url))
    app = create_app(settings, lambda: OpenVinoEngine(files, threads=1))
    async with (
        LifespanManager(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://encoder") as client,
    ):

        async def ask(*texts: str) -> EmbeddingsResponse:
            answer = await client.post("/embed/texts", json={"texts": list(texts)})
            return EmbeddingsResponse.model_validate_json(answer.content)

        first = await ask("a mug", "a lamp")
        second = await ask("a chair", "a lamp", "a mug")
    assert first.cached == []
    assert second.cached == [1, 2]
    assert second.embeddings[2] == first.embeddings[0]
