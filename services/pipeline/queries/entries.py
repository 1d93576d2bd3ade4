"""Entries of the query log, from the stream in Redis that the gateways write."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import cast

import redis
from pydantic import ValidationError
from redis.exceptions import RedisClusterException, RedisError

from services.common.redis_limits import cluster_address
from services.contracts.query_log import MEAN, SEARCH, STREAM, LoggedMean, LoggedSearch
from services.pipeline.errors import DependencyAway

PAGE = 1_000
TIMEOUT_S = 10


@dataclass(frozen=True, slots=True, order=True)
class EntryId:
    """Redis' own: milliseconds since 1970, and a number within one."""

    ms: int
    number: int

    @classmethod
    def parse(cls, text: str) -> EntryId:
        """Raises ValueError."""
        ms, number = text.split("-")
        return cls(int(ms), int(number))

    def __str__(self) -> str:
        return f"{self.ms}-{self.number}"


@dataclass(frozen=True, slots=True)
class Entry:
    """None: it is not of this version's making, and can't be read."""

    id: EntryId
    content: LoggedSearch | LoggedMean | None


def entries_after(url: str, last: EntryId | None, stream: str = STREAM) -> Iterator[Entry]:
    """Entries after `last`, oldest first, one page in memory at a time. Raises DependencyAway."""
    with closing(_client(url)) as client:
        start = "-" if last is None else f"({last}"
        while True:
            page = _page(client, stream, start)
            for name, fields in page:
                yield Entry(EntryId.parse(name.decode()), _content(fields))
            if len(page) < PAGE:
                return
            start = f"({page[-1][0].decode()}"


_Page = list[tuple[bytes, dict[bytes, bytes]]]


def _client(url: str) -> redis.Redis | redis.RedisCluster:
    address, cluster = cluster_address(url)
    kind = redis.RedisCluster if cluster else redis.Redis
    with _asking():  # a cluster's client asks for the nodes at once
        return kind.from_url(address, socket_timeout=TIMEOUT_S)


def _page(client: redis.Redis | redis.RedisCluster, stream: str, start: str) -> _Page:
    with _asking():
        return cast("_Page", client.xrange(stream, min=start, count=PAGE))


@contextmanager
def _asking() -> Iterator[None]:
    try:
        yield
    except (RedisError, RedisClusterException, OSError) as error:
        raise DependencyAway(f"the Redis with the query log does not answer: {error}") from error


def _content(fields: dict[bytes, bytes]) -> LoggedSearch | LoggedMean | None:
    try:
        if SEARCH.encode() in fields:
            return LoggedSearch.model_validate_json(fields[SEARCH.encode()])
        if MEAN.encode() in fields:
            return LoggedMean.model_validate_json(fields[MEAN.encode()])
    except ValidationError:
        return None
    return None
