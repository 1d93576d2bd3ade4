"""A circuit breaker for our own services: while it is open, it probes the dependency by itself."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable

logger = logging.getLogger(__name__)

FAILURES = 5
PAUSE_S = 0.5

Probe = Callable[[], Awaitable[bool]]


class ProbingBreaker:
    """Closed until calls fail. While it is open, it probes the dependency until that answers.

    No caller's request is used as a probe: a frozen dependency would cost each caller a whole
    timeout. After a successful probe, one failure opens the circuit again.
    """

    def __init__(
        self, name: str, probe: Probe, *, failures: int = FAILURES, pause_s: float = PAUSE_S
    ) -> None:
        self._name = name
        self._probe = probe
        self._limit = failures
        self._pause_s = pause_s
        self._failures = 0
        self._probing: asyncio.Task[None] | None = None

    @property
    def is_open(self) -> bool:
        return self._probing is not None and not self._probing.done()

    def succeeded(self) -> None:
        """Record an answer in the agreed form, even a refusal."""
        self._failures = 0

    def failed(self, cause: str) -> None:
        """Record a failed connection or an answer in another form. `cause` is for the log."""
        self._failures += 1
        if self._failures >= self._limit:
            self._open(cause)

    def timed_out(self) -> None:
        """Record a call that took its whole timeout: the circuit opens at once."""
        self._failures = self._limit
        self._open("no answer within the timeout")

    async def aclose(self) -> None:
        if self._probing is not None:
            self._probing.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._probing

    def _open(self, cause: str) -> None:
        if not self.is_open:
            logger.warning("circuit opened", extra={"dependency": self._name, "cause": cause})
            self._probing = asyncio.create_task(self._until_back())

    async def _until_back(self) -> None:
        while not await self._probe():  # noqa: ASYNC110 - another process sets no event here
            await asyncio.sleep(self._pause_s)
        self._failures = self._limit - 1
        logger.info("circuit closed", extra={"dependency": self._name})
