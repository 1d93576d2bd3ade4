"""A Redis that several replicas share and that may always be away.

Only for services that have one; they bring the `redis` package with them.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from pydantic import RedisDsn
from redis.asyncio import Redis
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)

Answer = TypeVar("Answer")

LEFT_ALONE_S = 1.0


class RedisAway(Exception):
    """Redis cannot be asked now."""


class OptionalRedis:
    """Redis as long as it answers; after a failure it is left alone for a second.

    So a Redis that is frozen costs a time-out a second, and not one a request.
    """

    def __init__(self, url: RedisDsn, *, timeout_ms: int) -> None:
        self.client = Redis.from_url(
            str(url),
            socket_timeout=timeout_ms / 1000,
            socket_connect_timeout=timeout_ms / 1000,
            retry=None,
        )
        self._away_until = float("-inf")

    async def ask(self, command: Callable[[], Awaitable[Answer]]) -> Answer:
        """What the command gives. Raises RedisAway, at once while Redis is left alone."""
        if time.monotonic() < self._away_until:
            raise RedisAway
        try:
            return await command()
        except (RedisError, OSError) as error:
            if time.monotonic() >= self._away_until:
                logger.warning("Redis is away: %s", error or type(error).__name__)
            self._away_until = time.monotonic() + LEFT_ALONE_S
            raise RedisAway from error

    async def aclose(self) -> None:
        await self.client.aclose()
