"""Queries in words: rewritten, and understood by the catalogue's words."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from services.common.client import ServiceClient
from services.common.context import awaited_change
from services.contracts.base import Snapshot
from services.contracts.gateway import SearchRequest
from services.contracts.understanding import UnderstoodQuery
from services.gateway.searching.recent import Recent
from services.gateway.searching.rewriting import QueryInWords, Rewriting
from services.gateway.searching.timings import Timings
from services.gateway.searching.understanding import UNDERSTANDING, Query, key_of, understood


@dataclass(frozen=True, slots=True)
class QueryToSearch:
    """A query in words, rewritten and understood."""

    words: QueryInWords
    text: str
    """The text to encode and to search; empty if the query has limits only."""
    meant: UnderstoodQuery | None
    degraded: list[str]

    @property
    def exclusions(self) -> list[str]:
        return self.meant.exclusions if self.meant else []


class Queries:
    """Rewrites and understands the queries of several searches at once."""

    def __init__(self, retriever: ServiceClient, rewriting: Rewriting) -> None:
        self._retriever = retriever
        self._rewriting = rewriting

    async def of(
        self, requests: Sequence[SearchRequest], timings: Timings, recent: Recent | None
    ) -> tuple[list[QueryToSearch | None], Snapshot]:
        """Rewritten and understood at the same time; what Gemini made of a query is then compared
        with the query's own words.

        Also returns the snapshot by which memory understood them, or empty text.
        """
        queries = [one.query if one.interpret else None for one in requests]
        known = all(one is None or (recent is not None and recent.knows(one)) for one in queries)
        if known or self._rewriting.disabled:
            # One of the two takes no time, and tasks do.
            rewritten = await self._rewritten(requests, timings)
            understood, snapshot = await self._understood(queries, timings, recent)
        else:
            rewritten, (understood, snapshot) = await asyncio.gather(
                self._rewritten(requests, timings), self._understood(queries, timings, recent)
            )
        again, snapshot_again = await self._understood(
            [
                query.rewritten if query and meant else None
                for query, meant in zip(rewritten, understood, strict=True)
            ],
            timings,
            recent,
        )
        return [
            None if query is None else _to_search(request, query, meant, second)
            for request, query, meant, second in zip(
                requests, rewritten, understood, again, strict=True
            )
        ], snapshot or snapshot_again

    async def _understood(
        self, queries: Sequence[Query | None], timings: Timings, recent: Recent | None
    ) -> tuple[list[UnderstoodQuery | None], Snapshot]:
        """Also returns the snapshot by which memory understood them, or empty text."""
        keys = [None if query is None else key_of(query) for query in queries]
        asked = {key: query for key, query in zip(keys, queries, strict=True) if key and query}
        if not asked:
            return [None] * len(queries), ""
        # One who waits for a change waits for it here too.
        waits = awaited_change.get() is not None
        found = None if recent is None or waits else recent.meanings(list(asked))
        snapshot = recent.snapshot if recent is not None and found is not None else ""
        if found is None:
            with timings.stage("understand"):
                found = await understood(self._retriever, list(asked.values()), recent)
        return [found.get(key) if key else None for key in keys], snapshot

    async def _rewritten(
        self, requests: Sequence[SearchRequest], timings: Timings
    ) -> list[QueryInWords | None]:
        async def one(request: SearchRequest) -> QueryInWords | None:
            if request.query is None:
                return None
            if not request.rewrite:
                return QueryInWords(request.query, request.query, source=None)
            return await self._rewriting.better(request.query)

        if not any(request.query and request.rewrite for request in requests):
            return [await one(request) for request in requests]
        with timings.stage("rewrite"):
            if len(requests) == 1:
                return [await one(requests[0])]
            return list(await asyncio.gather(*map(one, requests)))


def _to_search(
    request: SearchRequest,
    query: QueryInWords,
    meant: UnderstoodQuery | None,
    rewritten: UnderstoodQuery | None,
) -> QueryToSearch:
    """meant: the query's own words alone. rewritten: with what Gemini made of them."""
    degraded = list(query.degraded)
    if meant is None:
        if request.interpret:
            degraded.append(UNDERSTANDING)
        return QueryToSearch(query, query.used, None, degraded)
    text = meant.text if query.rewritten is None else query.used
    if rewritten is not None:
        meant, text = rewritten, rewritten.text
    others = [term.weight > 0 for term in request.terms]
    if not text and others and not any(others):
        # Limits and "less of" alone are no search.
        return QueryToSearch(query, query.used, None, degraded)
    return QueryToSearch(query, text, meant, degraded)
