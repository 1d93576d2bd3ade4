"""Past queries of the log, by which new ones are completed.

Only a log in plain words has any. A query is suggested after it was searched for three times with a
good match, because a rare one may name a person. It is forgotten when its log entries expire.
"""

from __future__ import annotations

import asyncio
import math
import time
import unicodedata
from bisect import bisect_left
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial
from typing import cast

from pydantic import ValidationError

from services.common.background import end
from services.common.optional_redis import OptionalRedis, RedisUnavailable
from services.contracts.query_log import SEARCH, STREAM, LoggedSearch
from services.contracts.retriever import NO_MATCH_BELOW
from services.contracts.suggestions import MAX_TYPED_CHARACTERS, Suggestion
from services.gateway.settings import GatewaySettings

READ_EVERY_S = 2.0
PAGE = 1_000
FEWEST_SEARCHES = 3
MAX_QUERIES = 20_000
REDIS_TIMEOUT_MS = 1_000

_Page = list[tuple[bytes, dict[bytes, bytes]]]


@dataclass(slots=True)
class _Query:
    folded: str
    searches: int = 0
    found: int = 0
    """Products of the latest search."""
    latest_s: float = 0.0


class PastQueries:
    """The queries of one stream, as far as it is read."""

    def __init__(self, redis: OptionalRedis, kept_s: int, stream: str = STREAM) -> None:
        self._redis = redis
        self._kept_s = kept_s
        self._stream = stream
        self._last = b"-"
        self._queries: dict[str, _Query] = {}
        self._expires_s = math.inf
        """Time at which the first query is forgotten."""
        self._sorted: list[tuple[str, str, _Query]] = []
        """(folded, query, its state), ascending: those that are suggested."""

    def beginning(self, typed: str, most: int) -> list[Suggestion]:
        """The most frequent queries that begin so."""
        sought = _folded(typed)
        start = bisect_left(self._sorted, (sought,))
        found: list[tuple[str, _Query]] = []
        for folded, query, one in self._sorted[start:]:
            if not folded.startswith(sought):
                break
            found.append((query, one))
        found.sort(key=lambda item: (-item[1].searches, item[0]))
        return [
            Suggestion(text=query, kind="query", products=one.found) for query, one in found[:most]
        ]

    async def read(self) -> None:
        """Read what is new. Raises RedisUnavailable."""
        more, new = True, False
        while more:
            page = await self._redis.ask(partial(self._page, self._last))
            for number, fields in page:
                self._last = b"(" + number
                self._take(fields, int(number.partition(b"-")[0]) / 1000)
            more, new = len(page) == PAGE, new or bool(page)
        if new or time.time() >= self._expires_s:
            self._sort()

    async def follow(self) -> None:
        """Read again and again."""
        while True:
            with suppress(RedisUnavailable):
                await self.read()
            await asyncio.sleep(READ_EVERY_S)

    async def _page(self, start: bytes) -> _Page:
        return cast("_Page", await self._redis.client.xrange(self._stream, min=start, count=PAGE))

    def _take(self, fields: dict[bytes, bytes], at_s: float) -> None:
        content = fields.get(SEARCH.encode())
        if content is None:
            return
        try:
            search = LoggedSearch.model_validate_json(content)
        except ValidationError:
            # Another version of the gateway wrote it.
            return
        query = search.query
        if (
            query is None
            or search.hashed
            or search.kind != "words"
            or " + " in query
            or len(query) > MAX_TYPED_CHARACTERS
        ):
            return
        if search.found == 0 or search.confidence < NO_MATCH_BELOW:
            self._queries.pop(query, None)
            return
        known = self._queries.get(query)
        if known is None:
            known = self._queries[query] = _Query(_folded(query))
        known.searches += 1
        known.latest_s = at_s
        if not search.filtered:
            known.found = search.found

    def _sort(self) -> None:
        oldest = time.time() - self._kept_s
        kept = {query: one for query, one in self._queries.items() if one.latest_s >= oldest}
        if len(kept) > MAX_QUERIES:
            frequent = sorted(kept, key=lambda query: -kept[query].searches)[:MAX_QUERIES]
            kept = {query: kept[query] for query in frequent}
        self._queries = kept
        self._expires_s = min((one.latest_s for one in kept.values()), default=math.inf)
        self._expires_s += self._kept_s
        self._sorted = sorted(
            (one.folded, query, one)
            for query, one in kept.items()
            if one.searches >= FEWEST_SEARCHES and one.found
        )


@asynccontextmanager
async def open_past_queries(settings: GatewaySettings) -> AsyncIterator[PastQueries | None]:
    """The past queries, followed while the block runs; None if no log holds plain words."""
    if settings.query_log != "plain" or settings.redis_url is None:
        yield None
        return
    redis = OptionalRedis(settings.redis_url, timeout_ms=REDIS_TIMEOUT_MS)
    past = PastQueries(redis, settings.query_log_kept_s)
    following = asyncio.create_task(past.follow(), name="past-queries")
    try:
        yield past
    finally:
        await end(following)
        await redis.aclose()


def _folded(text: str) -> str:
    """Without case and accents."""
    parts = unicodedata.normalize("NFKD", text.casefold())
    return " ".join("".join(c for c in parts if not unicodedata.combining(c)).split())


def merged(past: Iterable[Suggestion], found: list[Suggestion], limit: int) -> list[Suggestion]:
    """Both, those with most products first; of two with the same text the catalogue's."""
    texts = {_folded(one.text) for one in found}
    every = [*found, *(one for one in past if _folded(one.text) not in texts)]
    return sorted(every, key=lambda one: -one.products)[:limit]
