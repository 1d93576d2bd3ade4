"""Rewriting of one query, from the rule to the checked answer."""

from __future__ import annotations

import asyncio
import logging
import time

from services.common.context import deadline
from services.contracts.health import Dependency
from services.contracts.rewriter import RewriteResponse, RewriteSource, RewrittenQuery
from services.rewriter.answer import rewritten
from services.rewriter.cache import RewriteCache, normalised
from services.rewriter.gemini import GeminiFailed, GeminiUnusable, Writer
from services.rewriter.metrics import RewriterMetrics
from services.rewriter.rule import needs_rewriting
from services.rewriter.settings import RewriterSettings
from services.rewriter.spending import SpendingLimit
from services.rewriter.trial_breaker import TrialBreaker

logger = logging.getLogger(__name__)

_WAY_BACK_S = 0.02
"""Part of the caller's deadline that is reserved for the way back."""

Outcome = tuple[RewrittenQuery | None, RewriteSource]
"""The rewritten query (None: the original is used) and its source."""


class Rewriter:
    """Answers every query, whatever Gemini does.

    Callers with the same query at the same time share one call. A call that takes longer than they
    wait goes on for a while: it is paid for, and its answer is cached for the next caller.
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
        self._breaker = TrialBreaker(
            limit=settings.breaker_failures, pause_s=settings.breaker_pause_s
        )
        self._rejections: list[str] = []
        """Reasons of the rejected answers since the last good one."""
        self._many = settings.breaker_failures
        self._flights: dict[str, asyncio.Task[Outcome]] = {}
        metrics.breaker_open.set_function(lambda: self._breaker.state != "closed")

    def gemini_state(self) -> Dependency:
        """Off, ready, failing, or circuit open. Never `unavailable`: there is always an answer."""
        breaker = self._breaker
        if self._writer is None:
            return Dependency(status="ok", detail="Off: no key is set.")
        if breaker.failures == 0:
            if len(self._rejections) < self._many:
                return Dependency(status="ok", detail="Ready.")
            return Dependency(
                status="degraded",
                detail=f"Its last {self._many} answers or more were rejected. "
                f"Last reason: {self._rejections[-1]}.",
            )
        if breaker.state == "closed":
            trouble = f"Failures in a row: {breaker.failures}."
        elif breaker.state == "open":
            trouble = f"Circuit open; the next trial is in {breaker.next_trial_s():.0f} s."
        else:
            trouble = "Circuit open; the next query is a trial."
        return Dependency(
            status="degraded", detail=f"{trouble} Last failure: {breaker.last_failure}"
        )

    async def rewrite(self, query: str) -> RewriteResponse:
        """The rewritten or the original query; `source` says which, and why. Raises nothing."""
        started = time.perf_counter()
        better, source = await self._decide(query)
        self._metrics.rewrites.labels(source).inc()
        # Callers whose queries differ in case or blanks share an answer.
        own = RewrittenQuery(query=query, rewritten_query=query)
        meaning = own if better is None else better.model_copy(update={"query": query})
        return RewriteResponse(
            **dict(meaning),
            source=source,
            model=self._model,
            latency_ms=round((time.perf_counter() - started) * 1000, 2),
        )

    async def aclose(self) -> None:
        """Cancel the calls that still run."""
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
        # Not `wait_for`: a caller who leaves must not cancel the call for the others.
        done, _ = await asyncio.wait({flight}, timeout=time_s)
        return flight.result() if done else (None, "timeout")

    def _landed(self, key: str, flight: asyncio.Task[Outcome]) -> None:
        del self._flights[key]
        error = None if flight.cancelled() else flight.exception()
        if error is not None:  # callers who still wait get it as well; there may be none
            logger.error("rewriting broke down", exc_info=error)

    async def _look_up_or_ask(self, writer: Writer, query: str) -> Outcome:
        cached = await self._cache.get(query)
        if cached is not None:
            return cached, "cache"
        if not self._breaker.allows():
            self._metrics.not_asked.labels("breaker").inc()
            return None, "error"
        full = await self._spending.take()
        if full is not None:
            self._metrics.not_asked.labels(full).inc()
            return None, "error"
        better, source = await self._ask(writer, query)
        if better is not None:
            await self._cache.put(better)
        return better, source

    async def _ask(self, writer: Writer, query: str) -> Outcome:
        """One call. If it is slower than a shopper waits, it counts as a failure in any case."""
        loop = asyncio.get_running_loop()
        too_late = f"no answer within {self._deadline_s * 1000:.0f} ms"
        late = loop.call_later(self._deadline_s, self._failed, too_late)
        try:
            with self._metrics.gemini_duration.time():
                async with asyncio.timeout(self._call_s):
                    answer = await writer.write(query)
        except TimeoutError:
            return None, "timeout"
        except GeminiFailed as error:
            self._failed(str(error), counted=loop.time() >= late.when())
            return None, "error"
        except GeminiUnusable as error:
            if loop.time() < late.when():
                self._breaker.succeeded()
            return self._rejected(str(error))
        finally:
            late.cancel()
        if loop.time() < late.when():
            self._breaker.succeeded()
        better = rewritten(answer, query)
        if better is None:
            return self._rejected("not a caption")
        self._rejections = []
        return better, "gemini"

    def _rejected(self, reason: str) -> Outcome:
        """Log an unusable answer. A query may be the cause, so no circuit opens."""
        logger.info("answer rejected", extra={"reason": reason})
        self._rejections = [*self._rejections, reason][-self._many :]
        return None, "rejected"

    def _failed(self, reason: str, *, counted: bool = False) -> None:
        """Log a failure and count it, unless it was counted when it became late."""
        logger.warning("gemini failed", extra={"reason": reason})
        if counted:
            self._breaker.last_failure = reason
            return
        was_closed = self._breaker.state == "closed"
        self._breaker.failed(reason)
        if was_closed and self._breaker.state != "closed":
            logger.error("gemini circuit opened", extra={"reason": reason})

    def _time_s(self) -> float:
        given = deadline.get()
        if given is None:
            return self._deadline_s
        return min(self._deadline_s, given.remaining_s() - _WAY_BACK_S)
