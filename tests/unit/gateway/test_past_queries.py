"""Past queries, while the log is read in several pages."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from pydantic import RedisDsn

from services.common.optional_redis import OptionalRedis, RedisUnavailable
from services.contracts.query_log import SEARCH, LoggedSearch
from services.gateway.query_log.past_queries import FEWEST_SEARCHES, PAGE, PastQueries

Page = list[tuple[bytes, dict[bytes, bytes]]]


class PagesOfLog(OptionalRedis):
    """Gives one page after the other, and is unavailable after the last."""

    def __init__(self, *pages: Page) -> None:
        super().__init__(RedisDsn("redis://127.0.0.1:1"), timeout_ms=1)
        self._pages = list(pages)

    async def ask(self, command: Callable[[], Awaitable[Any]]) -> Any:  # noqa: ANN401 - any answer
        if not self._pages:
            raise RedisUnavailable
        return self._pages.pop(0)


def page(query: str, searches: int, *, found: int) -> Page:
    entry = LoggedSearch(
        kind="words",
        query=query,
        hashed=False,
        confidence=0.9,
        found=found,
        filtered=False,
        best=None,
        strength=None,
        rewritten=None,
        degraded=[],
        model="m",
        catalogue="c",
        took_ms=1.0,
    )
    return [(b"1-0", {SEARCH.encode(): entry.model_dump_json().encode()})] * searches


async def test_queries_are_suggested_while_redis_is_unavailable_in_the_middle_of_the_log() -> None:
    redis = PagesOfLog(page("red mug", FEWEST_SEARCHES, found=2), page("red mug", PAGE, found=0))
    past = PastQueries(redis, kept_s=10**10)
    await past.read()
    assert [(one.text, one.products) for one in past.beginning("RED", 5)] == [("red mug", 2)]
    with pytest.raises(RedisUnavailable):
        await past.read()
    # The withdrawal is only in force after the whole log is read.
    assert [(one.text, one.products) for one in past.beginning("red", 5)] == [("red mug", 2)]
