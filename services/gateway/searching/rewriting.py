"""The rewriter as the gateway uses it: a better query, or the one that came."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass

from services.common.client import ServiceClient
from services.common.context import own_deadline
from services.common.problems import DeadlineExceeded, ServiceError
from services.contracts.rewriter import (
    RewriteRequest,
    RewriteResponse,
    RewriteSource,
    RewrittenQuery,
)

logger = logging.getLogger(__name__)

REWRITER = "rewriter"

DISABLED_KEPT_S = 1.0

_FAILED: tuple[RewriteSource, ...] = ("timeout", "error")


@dataclass(frozen=True, slots=True)
class QueryInWords:
    """A query before and after the rewriter."""

    original: str
    used: str
    source: RewriteSource | None  # None: the caller turned rewriting off
    rewritten: RewrittenQuery | None = None
    """The query as Gemini rewrote it; None if it adds nothing."""

    @property
    def degraded(self) -> list[str]:
        return [REWRITER] if self.source in _FAILED else []


class Rewriting:
    """Asks the rewriter, never longer than its own time-out and half of what is left.

    One that says that it is switched off is asked again by one query a second. All others go on
    without it: the hop would cost as much as a search.
    """

    def __init__(
        self,
        rewriter: ServiceClient,
        timeout_s: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._rewriter = rewriter
        self._timeout_s = timeout_s
        self._clock = clock
        self._switched_off = False
        self._ask_again_at = float("-inf")

    @property
    def disabled(self) -> bool:
        """True if the rewriter last said that it is switched off, and need not be asked again."""
        return self._switched_off and self._clock() < self._ask_again_at

    async def better(self, query: str) -> QueryInWords:
        """The rewritten query; after any failure, the original query."""
        if self.disabled:
            return QueryInWords(query, query, source="disabled")
        self._ask_again_at = self._clock() + DISABLED_KEPT_S
        better = await self._ask(query)
        self._switched_off = better.source == "disabled"
        return better

    async def _ask(self, query: str) -> QueryInWords:
        try:
            # The other stages need time as well, and unlike this one they are needed.
            async with own_deadline(self._timeout_s, share=1 / 2):
                answer = await self._rewriter.post(
                    "/rewrite", RewriteRequest(query=query), RewriteResponse
                )
        except DeadlineExceeded:
            return QueryInWords(query, query, source="timeout")
        except ServiceError as error:
            logger.warning("searching without the rewriter", extra={"reason": error.detail})
            return QueryInWords(query, query, source="error")
        if answer.source not in ("gemini", "cache"):
            return QueryInWords(query, answer.rewritten_query, answer.source)
        rewritten = RewrittenQuery(
            query=query,
            rewritten_query=answer.rewritten_query,
            corrected_query=answer.corrected_query,
            understood=answer.understood,
        )
        if rewritten == RewrittenQuery(query=query, rewritten_query=query):
            # The query's own meaning is all there is; it is not asked for again.
            return QueryInWords(query, query, answer.source)
        return QueryInWords(query, answer.rewritten_query, answer.source, rewritten)
