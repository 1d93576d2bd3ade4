"""The launcher's look whether Redis came back empty."""

from __future__ import annotations

import asyncio

import pytest

from services.launcher import redis_server
from services.launcher.redis_server import emptied
from tests.support.redis_server import RedisProcess


async def test_a_look_that_is_cancelled_as_its_command_is_sent_ends(
    own_redis: RedisProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    drain = asyncio.StreamWriter.drain
    monkeypatch.setattr(redis_server, "LOOK_S", 0.05)

    async def look() -> None:
        async for _ in emptied(own_redis.address.port):
            pass

    async def cancelled_meanwhile(writer: asyncio.StreamWriter) -> None:
        await drain(writer)
        monkeypatch.undo()
        looking.cancel()

    monkeypatch.setattr(asyncio.StreamWriter, "drain", cancelled_meanwhile)
    looking = asyncio.create_task(look())
    await asyncio.wait([looking], timeout=20)
    assert looking.cancelled()
