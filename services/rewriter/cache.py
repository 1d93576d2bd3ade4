"""Cache of rewritten queries in Redis, shared by every replica: nothing is paid for twice.

It needs no size limit: every entry costs a call to Gemini, so there are at most as many entries as
the daily limit of calls times the days of `cache_ttl_s`, at about 500 bytes each.
"""

from __future__ import annotations

import contextlib
import hashlib
import unicodedata

from prometheus_client import Counter

from services.common.metrics import Metrics
from services.common.optional_redis import OptionalRedis, RedisUnavailable
from services.contracts.rewriter import RewrittenQuery
from services.rewriter.answer import rewritten, stored


def normalised(query: str) -> str:
    """The query without differences that change no meaning: case, spacing, Unicode's forms."""
    return " ".join(unicodedata.normalize("NFKC", query).casefold().split())


class RewriteCache:
    """Rewritten queries by normalised query. If `redis` is None, nothing is cached."""

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
            "Lookups in the cache of rewritten queries, by outcome.",
            ["outcome"],
            registry=metrics.registry,
        )

    async def get(self, query: str) -> RewrittenQuery | None:
        """The cached rewriting, or None. An unavailable Redis counts as a miss."""
        if self._redis is None:
            return None
        client, key = self._redis.client, self._key(query)
        try:
            value: bytes | None = await self._redis.ask(lambda: client.get(key))
        except RedisUnavailable:
            self._lookups.labels("unavailable").inc()
            return None
        # Others may write to this Redis: its values are checked like Gemini's answers.
        text = None if value is None else value.decode("utf-8", errors="replace")
        meaning = None if text is None else rewritten(text, query)
        self._lookups.labels("miss" if meaning is None else "hit").inc()
        return meaning

    async def put(self, meaning: RewrittenQuery) -> None:
        """Cache one rewriting, if Redis is available."""
        if self._redis is None:
            return
        client, key = self._redis.client, self._key(meaning.query)
        with contextlib.suppress(RedisUnavailable):  # logged already
            await self._redis.ask(lambda: client.set(key, stored(meaning).encode(), ex=self._ttl_s))

    def _key(self, query: str) -> str:
        content = f"{self._made_by}\0{normalised(query)}"
        return f"rewrite:{hashlib.sha256(content.encode()).hexdigest()}"
