"""Rewritten queries kept in Redis, for every replica: what was paid for once is not asked again.

No bound of its own: nothing is written without a call to Gemini, so the spending limit of a day
times the days of `cache_ttl_s` is the most there can be, at about 300 bytes each.
"""

from __future__ import annotations

import contextlib
import hashlib
import unicodedata

from prometheus_client import Counter

from services.common.metrics import Metrics
from services.common.optional_redis import OptionalRedis, RedisAway
from services.rewriter.cleaning import cleaned


def normalised(query: str) -> str:
    """The query without what makes no difference to its meaning: case, spacing, Unicode's forms."""
    return " ".join(unicodedata.normalize("NFKC", query).casefold().split())


class RewriteCache:
    """Rewritten queries by normalised query. `redis` None: nothing is kept."""

    def __init__(
        self,
        redis: OptionalRedis | None,
        *,
        prompt_version: str,
        model: str,
        ttl_s: int,
        metrics: Metrics,
    ) -> None:
        self._redis = redis
        self._made_by = f"{prompt_version}:{model}"
        self._ttl_s = ttl_s
        self._lookups = Counter(
            "rewriter_cache_lookups",
            "Rewritten queries looked for in the cache, by what came of it.",
            ["outcome"],
            registry=metrics.registry,
        )

    async def get(self, query: str) -> str | None:
        """The rewritten query if it is there. Never raises for Redis's sake."""
        if self._redis is None:
            return None
        client, key = self._redis.client, self._key(query)
        try:
            value: bytes | None = await self._redis.ask(lambda: client.get(key))
        except RedisAway:
            self._lookups.labels("unavailable").inc()
            return None
        # Others may write to this Redis: what it holds is trusted no more than what Gemini says.
        text = None if value is None else cleaned(value.decode("utf-8", errors="replace"))
        self._lookups.labels("miss" if text is None else "hit").inc()
        return text

    async def put(self, query: str, rewritten: str) -> None:
        """Keep one. Never raises for Redis's sake."""
        if self._redis is None:
            return
        client, key = self._redis.client, self._key(query)
        with contextlib.suppress(RedisAway):  # said in the log already
            await self._redis.ask(lambda: client.set(key, rewritten.encode(), ex=self._ttl_s))

    def _key(self, query: str) -> str:
        content = f"{self._made_by}\0{normalised(query)}"
        return f"rewrite:{hashlib.sha256(content.encode()).hexdigest()}"
