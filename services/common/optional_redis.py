"""A Redis that replicas share and that may be unavailable at any time.

Only services that need Redis import this module; they depend on the `redis` package.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar, cast

from pydantic import RedisDsn
from redis.asyncio import Connection, Redis, RedisCluster
from redis.exceptions import RedisClusterException, RedisError

from services.common.redis_limits import cluster_address

logger = logging.getLogger(__name__)

Answer = TypeVar("Answer")

PAUSE_S = 1.0
"""Time without commands after a failure."""


class RedisUnavailable(Exception):
    """Redis is unavailable."""


class _Connection(Connection):
    """Knows without waiting whether Redis has closed it.

    The pool asks before each command, and redis-py's own answer waits for data that must not come.
    """

    async def can_read_destructive(self) -> bool:
        if self._reader is None or self._reader.at_eof():
            raise ConnectionResetError("closed by Redis")
        return False


class OptionalRedis:
    """Runs commands while Redis answers. After a failure it sends none for a second.

    So a frozen Redis costs one time-out a second, not one a request.
    """

    def __init__(self, url: RedisDsn, *, timeout_ms: int) -> None:
        address, cluster = cluster_address(str(url))
        limits: dict[str, Any] = {
            "socket_timeout": timeout_ms / 1000,
            "socket_connect_timeout": timeout_ms / 1000,
        }
        if cluster:
            # It has all commands of the other, and finds the node of each key.
            every = RedisCluster.from_url(address, **limits)
            self.client = cast("Redis", every)
        else:
            self.client = Redis.from_url(
                address, retry=None, connection_class=_Connection, **limits
            )
        self._away_until = float("-inf")

    async def ask(self, command: Callable[[], Awaitable[Answer]]) -> Answer:
        """The result. Raises RedisUnavailable, at once during the second after a failure."""
        if time.monotonic() < self._away_until:
            raise RedisUnavailable
        cancellations = _cancellations()
        try:
            return await command()
        except (RedisError, RedisClusterException, OSError) as error:
            if time.monotonic() >= self._away_until:
                logger.warning("Redis is unavailable: %s", error or type(error).__name__)
            self._away_until = time.monotonic() + PAUSE_S
            raise RedisUnavailable from error
        finally:
            if _cancellations() > cancellations:
                # Before Python 3.12 `asyncio.wait_for`, in which redis-py sends commands, loses a
                # cancellation that comes at that moment; its task would go on for ever.
                raise asyncio.CancelledError

    async def aclose(self) -> None:
        await self.client.aclose()


def _cancellations() -> int:
    """Number of times that the running task was cancelled."""
    task = asyncio.current_task()
    return 0 if task is None else task.cancelling()
