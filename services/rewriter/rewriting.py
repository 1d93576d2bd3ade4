"""The rewriting of one query, from the rule to the checked answer."""

from __future__ import annotations

import asyncio
import logging
import time

from services.common.context import deadline
from services.contracts.rewriter import RewriteResponse, RewriteSource
from services.rewriter.breaker import CircuitBreaker
from services.rewriter.cache import RewriteCache, normalised
from services.rewriter.cleaning import cleaned
from services.rewriter.gemini import GeminiFailed, GeminiUnusable, Writer
from services.rewriter.metrics import RewriterMetrics
from services.rewriter.rule import needs_rewriting
from services.rewriter.settings import RewriterSettings
from services.rewriter.spending import SpendingLimit

logger = logging.getLogger(__name__)

_WAY_BACK_S = 0.02
"""Kept of the caller's deadline, for the answer to arrive before it."""

Outcome = tuple[str | None, RewriteSource]
"""The better query, None where the original stays, and where it came from."""


class Rewriter:
    """Answers every query, whatever Gemini does.

    Those who ask the same at once share one call. A call that takes longer than they wait goes on
    for a while: it is paid for, and its answer is in the cache when the query comes again.
    """

    def __init__(
        self,
        writer: Writer | None,
        cache: RewriteCache,
        spending: SpendingLimit,
        settings: RewriterSettings,
        metrics: RewriterMetrics,
    ) -> None:
        self._writer = writer
        self._cache = cache
        self._spending = spending
        self._model = settings.gemini_model if writer else None
        self._deadline_s = settings.rewrite_deadline_ms / 1000
        self._call_s = max(settings.gemini_timeout_ms, settings.rewrite_deadline_ms) / 1000
        self._metrics = metrics
        self._breaker = CircuitBreaker(
            failures=settings.breaker_failures, pause_s=settings.breaker_pause_s
        )
        self._flights: dict[str, asyncio.Task[Outcome]] = {}
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
            rewritten_query=rewritten or query,
            source=source,
            model=self._model,
            latency_ms=round((time.perf_counter() - started) * 1000, 2),
        )

    async def aclose(self) -> None:
        """Give up the calls that still run."""
        flights = list(self._flights.values())
        for flight in flights:
            flight.cancel()
        await asyncio.gather(*flights, return_exceptions=True)

    async def _decide(self, query: str) -> Outcome:
        if self._writer is None:
            return None, "disabled"
        if not needs_rewriting(query):
            return None, "passthrough"
        time_s = self._time_s()
        if time_s <= 0:
            return None, "timeout"
        key = normalised(query)
        flight = self._flights.get(key)
        if flight is None:
            flight = asyncio.create_task(self._look_up_or_ask(self._writer, query))
            self._flights[key] = flight
            flight.add_done_callback(lambda ended: self._landed(key, ended))
        # Not `wait_for`: whoever leaves must not take the call away from the others.
        done, _ = await asyncio.wait({flight}, timeout=time_s)
        return flight.result() if done else (None, "timeout")

    def _landed(self, key: str, flight: asyncio.Task[Outcome]) -> None:
        del self._flights[key]
        error = None if flight.cancelled() else flight.exception()
        if error is not None:  # whoever still waits gets it as well; perhaps nobody does
            logger.error("a rewriting broke down", exc_info=error)

    async def _look_up_or_ask(self, writer: Writer, query: str) -> Outcome:
        kept = await self._cache.get(query)
        if kept is not None:
            return kept, "cache"
        if not self._breaker.allows():
            self._metrics.not_asked.labels("breaker").inc()
            return None, "error"
        full = await self._spending.take()
        if full is not None:
            self._metrics.not_asked.labels(full).inc()
            return None, "error"
        better, source = await self._ask(writer, query)
        if better is not None:
            await self._cache.put(query, better)
        return better, source

    async def _ask(self, writer: Writer, query: str) -> Outcome:
        """One call. Slower than a shopper waits, it counts as a failure, whatever it brings."""
        loop = asyncio.get_running_loop()
        late = loop.call_later(self._deadline_s, self._breaker.failed)
        try:
            with self._metrics.gemini_duration.time():
                async with asyncio.timeout(self._call_s):
                    answer = await writer.write(query)
        except TimeoutError:
            return None, "timeout"
        except GeminiFailed as error:
            if loop.time() < late.when():
                self._breaker.failed()
            logger.warning("gemini failed", extra={"reason": str(error)})
            return None, "error"
        except GeminiUnusable as error:
            if loop.time() < late.when():
                self._breaker.succeeded()
            logger.info("answer rejected", extra={"reason": str(error)})
            return None, "rejected"
        finally:
            late.cancel()
        if loop.time() < late.when():
            self._breaker.succeeded()
        better = cleaned(answer)
        return (None, "rejected") if better is None else (better, "gemini")

    def _time_s(self) -> float:
        given = deadline.get()
        if given is None:
            return self._deadline_s
        return min(self._deadline_s, given.remaining_s() - _WAY_BACK_S)
