"""The query log: what is searched for, written to a Redis stream by the way.

A search only leaves an entry in a bounded queue; one task writes what is there. When that has no
room, or Redis is away, entries are dropped and counted, and no search waits or fails.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

from prometheus_client import Counter

from services.common.background import end
from services.common.optional_redis import OptionalRedis, RedisUnavailable
from services.contracts.base import Contract
from services.contracts.query_log import (
    MEAN,
    SEARCH,
    STREAM,
    LoggedSearch,
    keyed_hash,
    normalised,
)
from services.gateway.metrics import GatewayMetrics
from services.gateway.query_log.means import QueryMeans
from services.gateway.searching.reporting import Answered, Report
from services.gateway.settings import GatewaySettings

MAX_WAITING = 1_000
BATCH = 200
REDIS_TIMEOUT_MS = 1_000
"""Nobody waits for it: more than the limits give their Redis."""
TRIM_EVERY_S = 60.0
CLOSE_S = 2.0


class _Entry(NamedTuple):
    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Bounds:
    """Limits of the stream."""

    kept_s: int
    entries: int


class QueryLog:
    """Open as long as `running` runs.

    key: of the hash that stands for a query's words; None writes the words themselves.
    """

    def __init__(
        self,
        redis: OptionalRedis,
        bounds: Bounds,
        key: bytes | None,
        entries: Counter,
        stream: str = STREAM,
    ) -> None:
        self._redis = redis
        self._bounds = bounds
        self._key = key
        self._entries = entries
        self._stream = stream
        self._means = QueryMeans()
        # One more than there may be: None, which ends the writing, must find room.
        self._waiting: asyncio.Queue[_Entry | None] = asyncio.Queue(MAX_WAITING + 1)

    def add(self, answered: Answered) -> None:
        """Report of a search; never waits."""
        kind, search, found = answered.sought, answered.search, answered.found.head
        if kind is None:
            return
        best = answered.found.best()
        entry = LoggedSearch(
            kind=kind,
            query=None if answered.words is None else self._told(answered.words),
            hashed=self._key is not None,
            confidence=found.confidence,
            found=found.found,
            filtered=search.filters is not None or search.threshold is not None,
            best=best["product_id"] if best else None,
            strength=best["strength"] if best else None,
            rewritten=answered.rewritten,
            degraded=answered.degraded,
            model=found.catalogue.model,
            catalogue=found.catalogue.version,
            took_ms=round(answered.took_ms, 1),
        )
        self._put(SEARCH, entry)
        mean = self._means.add(search)
        if mean is not None:
            self._put(MEAN, mean)

    @property
    def waiting(self) -> int:
        """Entries that are still to be written."""
        return self._waiting.qsize()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[QueryLog]:
        """Write meanwhile, and at the end what still waits, for two seconds at most."""
        writing = asyncio.create_task(self._write_all())
        try:
            yield self
        finally:
            self._waiting.put_nowait(None)
            await asyncio.wait([writing], timeout=CLOSE_S)
            await end(writing)
            if not writing.cancelled():
                writing.result()

    def _told(self, words: str) -> str:
        return normalised(words) if self._key is None else keyed_hash(words, self._key)

    def _put(self, name: str, entry: Contract) -> None:
        if self.waiting >= MAX_WAITING:
            self._entries.labels("full").inc()
            return
        self._waiting.put_nowait(_Entry(name, entry.model_dump_json().encode()))

    async def _write_all(self) -> None:
        more = True
        while more:
            batch, more = await self._batch()
            try:
                await self._redis.ask(partial(self._write, batch))
            except RedisUnavailable:
                self._entries.labels("away").inc(len(batch))
            else:
                self._entries.labels("written").inc(len(batch))

    async def _batch(self) -> tuple[list[_Entry], bool]:
        """Waiting entries, once there is one or a trim is due; and True while more may come."""
        batch: list[_Entry] = []
        try:
            async with asyncio.timeout(TRIM_EVERY_S):
                entry = await self._waiting.get()
        except TimeoutError:
            return batch, True
        while entry is not None:
            batch.append(entry)
            if len(batch) == BATCH or self._waiting.empty():
                return batch, True
            entry = self._waiting.get_nowait()
        return batch, False

    async def _write(self, batch: list[_Entry]) -> None:
        kept_ms = self._bounds.kept_s * 1000
        pipe = self._redis.client.pipeline(transaction=False)
        for entry in batch:
            pipe.xadd(self._stream, {entry.name: entry.content}, maxlen=self._bounds.entries)
        # In full, and also while nothing is asked: what is too old must not be there.
        pipe.xtrim(self._stream, minid=f"{round(time.time() * 1000) - kept_ms}", approximate=False)
        if batch:
            # When no gateway runs that could trim it, all of it goes.
            pipe.pexpire(self._stream, kept_ms)
        await pipe.execute()


@asynccontextmanager
async def open_query_log(
    settings: GatewaySettings, metrics: GatewayMetrics
) -> AsyncIterator[Report | None]:
    """Function that logs a search, valid while the block runs; None if the log is off."""
    if settings.query_log == "off" or settings.redis_url is None:
        yield None
        return
    key = settings.query_log_key if settings.query_log == "hashed" else None
    # A separate client: if Redis is slow for the log, the limits still count it as available.
    redis = OptionalRedis(settings.redis_url, timeout_ms=REDIS_TIMEOUT_MS)
    log = QueryLog(
        redis,
        Bounds(settings.query_log_kept_s, settings.query_log_entries),
        None if key is None else key.get_secret_value().encode(),
        metrics.query_log,
    )
    try:
        async with log.running():
            yield log.add
    finally:
        await redis.aclose()
