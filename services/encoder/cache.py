"""Embeddings kept in Redis, for every replica: what was encoded once is not encoded again.

It may always be away: a failure costs at most the time-out, and then Redis is left alone for a
second. Values are float32, so a cached vector is the one that was computed, to the bit.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence
from typing import cast

import numpy as np
import numpy.typing as npt
from prometheus_client import Counter
from pydantic import RedisDsn
from redis.asyncio import Redis
from redis.exceptions import RedisError

from services.common.background import Background
from services.common.metrics import Metrics

logger = logging.getLogger(__name__)

UnitVector = npt.NDArray[np.float32]

_LEFT_ALONE_S = 1.0
_BYTES_A_NUMBER = 4

# Writes and trims at once. KEYS: the index (a sorted set of keys by time of writing), then keys.
# ARGV: now and time to live in ms, entries at most, then values. What was written first goes first.
_STORE = """
local index, now, ttl, most = KEYS[1], tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
redis.call('ZREMRANGEBYSCORE', index, '-inf', now - ttl)
for i = 2, #KEYS do
  redis.call('SET', KEYS[i], ARGV[i + 2], 'PX', ttl)
  redis.call('ZADD', index, now, KEYS[i])
end
local over = redis.call('ZCARD', index) - most
if over > 0 then
  local oldest = redis.call('ZPOPMIN', index, over)
  for i = 1, #oldest, 2 do redis.call('UNLINK', oldest[i]) end
end
redis.call('PEXPIRE', index, ttl)
"""


class EmbeddingCache:
    """Vectors by key. `namespace` says which model and precision they are of."""

    def __init__(
        self,
        url: RedisDsn,
        *,
        namespace: str,
        dimension: int,
        ttl_s: int,
        max_entries: int,
        timeout_ms: int,
        metrics: Metrics,
    ) -> None:
        self._redis = Redis.from_url(
            str(url),
            socket_timeout=timeout_ms / 1000,
            socket_connect_timeout=timeout_ms / 1000,
            retry=None,
        )
        # The braces keep an index and its keys on one node of a cluster.
        self.prefix = f"embedding:{{{namespace}}}:"
        self._size = dimension * _BYTES_A_NUMBER
        self._ttl_ms = 1000 * ttl_s
        self._max_entries = max_entries
        self._store = self._redis.register_script(_STORE)
        self._away_until = 0.0
        self._on_the_way: dict[str, UnitVector] = {}
        self._keeping = Background()
        self._lookups = Counter(
            "encoder_cache_lookups",
            "Embeddings looked for in the cache, by what came of it.",
            ["outcome"],
            registry=metrics.registry,
        )
        for outcome in ("hit", "miss", "unavailable"):
            self._lookups.labels(outcome)

    async def get(self, keys: Sequence[str]) -> list[UnitVector | None]:
        """The vectors that are there, None for the others. Never raises for Redis's sake."""
        if time.monotonic() < self._away_until:
            self._lookups.labels("unavailable").inc(len(keys))
            return [None] * len(keys)
        try:
            values = await self._redis.mget([self.prefix + key for key in keys])
            found = cast("list[bytes | None]", values)
        except (RedisError, OSError) as error:
            self._leave_alone(error)
            self._lookups.labels("unavailable").inc(len(keys))
            return [None] * len(keys)
        # A value of another size is not ours to trust.
        vectors = [
            np.frombuffer(value, "<f4")
            if value is not None and len(value) == self._size
            else self._on_the_way.get(key)
            for key, value in zip(keys, found, strict=True)
        ]
        hits = sum(vector is not None for vector in vectors)
        self._lookups.labels("hit").inc(hits)
        self._lookups.labels("miss").inc(len(keys) - hits)
        return vectors

    def keep(self, vectors: Mapping[str, UnitVector]) -> None:
        """As `put`, but nobody waits for it, and `get` finds the vectors from now on."""
        if vectors:
            self._on_the_way.update(vectors)
            self._keeping.start(self._put_on_the_way(vectors))

    async def _put_on_the_way(self, vectors: Mapping[str, UnitVector]) -> None:
        try:
            await self.put(vectors)
        finally:
            for key in vectors:
                self._on_the_way.pop(key, None)

    async def put(self, vectors: Mapping[str, UnitVector]) -> None:
        """Keep vectors, and let the oldest go beyond the bound. Never raises for Redis's sake."""
        if time.monotonic() < self._away_until:
            return
        try:
            await self._store(
                keys=[f"{self.prefix}index", *(self.prefix + key for key in vectors)],
                args=[
                    int(time.time() * 1000),
                    self._ttl_ms,
                    self._max_entries,
                    *(vector.astype("<f4").tobytes() for vector in vectors.values()),
                ],
            )
        except (RedisError, OSError) as error:
            self._leave_alone(error)

    async def close(self) -> None:
        """Once all is kept that is on the way."""
        await self._keeping.finished()
        await self._redis.aclose()

    def _leave_alone(self, error: Exception) -> None:
        if time.monotonic() >= self._away_until:
            logger.warning("the cache of embeddings is away: %s", error or type(error).__name__)
        self._away_until = time.monotonic() + _LEFT_ALONE_S
