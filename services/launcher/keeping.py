"""Fills the online store again when Redis comes back empty. Where a writer runs, it does that."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable, Mapping

import redis.asyncio as redis

LOOK_S = 1.0

Foreground = Callable[..., Awaitable[int]]


async def keep_filled(
    port: int, values: Mapping[str, str], foreground: Foreground, say: Callable[[str], None]
) -> None:
    """Look once a second, for ever, whether Redis has lost the catalogue, and rebuild it."""
    async with redis.Redis(host="127.0.0.1", port=port, socket_timeout=LOOK_S) as client:
        while True:
            await asyncio.sleep(LOOK_S)
            try:
                empty = await client.dbsize() == 0
            except redis.RedisError:
                continue  # it is started again, or reads its files
            if empty:
                say("redis came back empty; restoring the catalogue")
                await foreground(values, sys.executable, "-m", "services.pipeline", "rebuild")
