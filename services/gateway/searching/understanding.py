"""Understanding of queries, by the retriever and its catalogue's words. No search fails for it."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from services.common.client import ServiceClient
from services.common.context import own_deadline
from services.common.problems import ServiceError
from services.contracts.rewriter import RewrittenQuery
from services.contracts.search import Filters, PriceRange
from services.contracts.understanding import (
    UnderstandRequest,
    UnderstandResponse,
    UnderstoodQuery,
)
from services.gateway.searching.recent import Recent

logger = logging.getLogger(__name__)

UNDERSTANDING = "understanding"

Query = str | RewrittenQuery
"""A query in words, or one with what Gemini made of it."""

_MOST_S = 0.5
"""It takes a millisecond; a retriever that needs longer is busy, and has the search to do."""


def key_of(query: Query) -> str:
    """The text by which a query's meaning is remembered."""
    return query if isinstance(query, str) else f"\0{query.model_dump_json()}"


async def understood(
    retriever: ServiceClient, queries: Sequence[Query], recent: Recent | None = None
) -> dict[str, UnderstoodQuery]:
    """By `key_of` each query. Empty after any failure: then they are searched as written.

    recent: keeps what it does not have yet.
    """
    request = UnderstandRequest(
        queries=[one for one in queries if isinstance(one, str)],
        rewritten=[one for one in queries if isinstance(one, RewrittenQuery)],
    )
    # Shorter than the client's own, so that the breaker is left to the search itself.
    limit_s = min(_MOST_S, retriever.timeout_s / 2)
    try:
        async with own_deadline(limit_s, share=1 / 4):
            answer = await retriever.post("/understand", request, UnderstandResponse)
    except ServiceError as error:
        logger.warning("searching without understanding", extra={"reason": error.detail})
        return {}
    asked = [*request.queries, *map(key_of, request.rewritten)]
    answers = [*answer.queries, *answer.rewritten]
    if len(asked) != len(answers):
        return {}
    meanings = dict(zip(asked, answers, strict=True))
    if recent is not None:
        recent.keep_meanings(answer.snapshot, meanings)
    return meanings


def with_limits(filters: Filters | None, query: UnderstoodQuery) -> Filters | None:
    """The caller's filters and the limits of the query. The caller's win over a contradiction."""
    if query.price is None and query.in_stock is None:
        return filters
    filters = filters or Filters()
    update: dict[str, object] = {}
    if query.price is not None:
        update["price"] = _both(filters.price, query.price)
    if filters.in_stock is None and query.in_stock is not None:
        update["in_stock"] = query.in_stock
    return filters.model_copy(update=update)


def _both(first: PriceRange | None, second: PriceRange) -> PriceRange:
    """The prices within both; those of the first if there are none."""
    if first is None:
        return second
    lows = [one for one in (first.min, second.min) if one is not None]
    highs = [one for one in (first.max, second.max) if one is not None]
    low, high = max(lows, default=None), min(highs, default=None)
    named = [one.currency.upper() for one in (first, second) if one.currency is not None]
    if (low is not None and high is not None and low > high) or len(set(named)) > 1:
        return first
    return PriceRange(min=low, max=high, currency=named[0] if named else None)
