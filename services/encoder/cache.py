"""The cache of embeddings in Redis, shared by all replicas.

Redis may be unavailable at any time; the encoder then computes. Values are float32, so a cached
vector equals the computed one bit for bit.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from itertools import islice
from typing import cast

import numpy as np
from prometheus_client import Counter
from pydantic import RedisDsn

from services.common.background import Background
from services.common.metrics import Metrics
from services.common.optional_redis import OptionalRedis, RedisUnavailable
from services.encoder.outcome import UnitVector

_BYTES_A_NUMBER = 4
_AT_ONCE = 256
"""Vectors in one command: half a megabyte for ViT-B/32."""

# Writes and trims in one step. KEYS: the index (a sorted set of keys by time of writing, in ms of
# Redis' own clock), then the keys. ARGV: lifetime in ms, maximum entries, then the values. The
# oldest are removed. What a wrong clock put into the future goes too: it would be the last to go.
_STORE = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local index, ttl, most = KEYS[1], tonumber(ARGV[1]), tonumber(ARGV[2])
redis.call('ZREMRANGEBYSCORE', index, '-inf', now - ttl)
redis.call('ZREMRANGEBYSCORE', index, '(' .. string.format('%.0f', now), '+inf')
for i = 2, #KEYS do
  redis.call('SET', KEYS[i], ARGV[i + 1], 'PX', ttl)
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
    """Vectors by key. `namespace` identifies their model and precision."""

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
        self._redis = OptionalRedis(url, timeout_ms=timeout_ms)
        # The braces keep an index and its keys on one node of a cluster.
        self.prefix = f"embedding:{{{namespace}}}:"
        self._size = dimension * _BYTES_A_NUMBER
        self._ttl_ms = 1000 * ttl_s
        self._max_entries = max_entries
        self._store = self._redis.client.register_script(_STORE)
        self._on_the_way: dict[str, UnitVector] = {}
        self._storing = False
        self._keeping = Background()
        self._lookups = Counter(
            "encoder_cache_lookups",
            "Lookups in the cache of embeddings, by outcome.",
            ["outcome"],
            registry=metrics.registry,
        )
        for outcome in ("hit", "miss", "unavailable"):
            self._lookups.labels(outcome)

    async def get(self, keys: Sequence[str]) -> list[UnitVector | None]:
        """The cached vectors, None for the others. A failure of Redis raises nothing."""
        names = [self.prefix + key for key in keys]
        try:
            values = await self._redis.ask(lambda: self._redis.client.mget(names))
        except RedisUnavailable:
            self._lookups.labels("unavailable").inc(len(keys))
            return [None] * len(keys)
        found = cast("list[bytes | None]", values)
        # A value of another size was not written by this cache.
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

    def found_in_memory(self, hits: int) -> None:
        """Count vectors that the caller still had from before."""
        self._lookups.labels("hit").inc(hits)

    def keep(self, vectors: Mapping[str, UnitVector]) -> None:
        """Like `put`, but in the background. `get` finds the vectors from now on.

        Those that come while some are stored are stored together.
        """
        self._on_the_way.update(vectors)
        if self._on_the_way and not self._storing:
            self._storing = True
            self._keeping.start(self._put_on_the_way())

    async def _put_on_the_way(self) -> None:
        try:
            while self._on_the_way:
                vectors = dict(islice(self._on_the_way.items(), _AT_ONCE))
                try:
                    await self.put(vectors)
                finally:
                    for key in vectors:
                        del self._on_the_way[key]
        finally:
            self._storing = False

    async def put(self, vectors: Mapping[str, UnitVector]) -> None:
        """Store vectors, and remove the oldest above the limit. Redis failures raise nothing."""
        keys = [f"{self.prefix}index", *(self.prefix + key for key in vectors)]
        arguments: list[int | bytes] = [
            self._ttl_ms,
            self._max_entries,
            *(vector.astype("<f4").tobytes() for vector in vectors.values()),
        ]
        with contextlib.suppress(RedisUnavailable):  # logged already
            await self._redis.ask(lambda: self._store(keys=keys, args=arguments))

    async def close(self) -> None:
        """Close the connection once all pending vectors are stored."""
        await self._keeping.finished()
        await self._redis.aclose()
