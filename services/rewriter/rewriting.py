"""The rewriting of one query, from the rule to the checked answer."""

from __future__ import annotations

import asyncio
import logging
import time

from services.common.context import deadline
from services.contracts.rewriter import RewriteResponse, RewriteSource
from services.rewriter.breaker import CircuitBreaker
from services.rewriter.cleaning import cleaned
from services.rewriter.gemini import GeminiFailed, GeminiUnusable, Writer
from services.rewriter.metrics import RewriterMetrics
from services.rewriter.rule import needs_rewriting
from services.rewriter.settings import RewriterSettings

logger = logging.getLogger(__name__)

_WAY_BACK_S = 0.02
"""Kept of the caller's deadline, for the answer to arrive before it."""


class Rewriter:
    """Answers every query, whatever Gemini does."""

    def __init__(
        self, writer: Writer | None, settings: RewriterSettings, metrics: RewriterMetrics
    ) -> None:
        self._writer = writer
        self._model = settings.gemini_model if writer else None
        self._deadline_s = settings.rewrite_deadline_ms / 1000
        self._metrics = metrics
        self._breaker = CircuitBreaker(
            failures=settings.breaker_failures, pause_s=settings.breaker_pause_s
        )
        metrics.breaker_open.set_function(lambda: self._breaker.is_open)

    @property
    def failing(self) -> bool:
        """True while Gemini is left alone."""
        return self._breaker.is_open

    async def rewrite(self, query: str) -> RewriteResponse:
        """The better query, or the same; `source` says which and why. Raises nothing."""
        started = time.perf_counter()
        rewritten, source = await self._decide(query)
        self._metrics.rewrites.labels(source).inc()
        return RewriteResponse(
            query=query,
            rewritten_query=rewritten,
            source=source,
            model=self._model,
            latency_ms=round((time.perf_counter() - started) * 1000, 2),
        )

    async def _decide(self, query: str) -> tuple[str, RewriteSource]:
        if self._writer is None:
            return query, "disabled"
        if not needs_rewriting(query):
            return query, "passthrough"
        time_s = self._time_s()
        if time_s <= 0:
            return query, "timeout"
        if not self._breaker.allows():
            return query, "error"
        try:
            with self._metrics.gemini_duration.time():
                async with asyncio.timeout(time_s):
                    answer = await self._writer.write(query)
        except TimeoutError:
            # A caller in a hurry says nothing about Gemini.
            if time_s >= self._deadline_s:
                self._breaker.failed()
            return query, "timeout"
        except GeminiFailed as error:
            self._breaker.failed()
            logger.warning("gemini failed", extra={"reason": str(error)})
            return query, "error"
        except GeminiUnusable as error:
            self._breaker.succeeded()
            logger.info("answer rejected", extra={"reason": str(error)})
            return query, "rejected"
        self._breaker.succeeded()
        better = cleaned(answer)
        return (query, "rejected") if better is None else (better, "gemini")

    def _time_s(self) -> float:
        given = deadline.get()
        if given is None:
            return self._deadline_s
        return min(self._deadline_s, given.remaining_s() - _WAY_BACK_S)
