"""Leaving a dependency alone while it is gone, and noticing by ourselves when it is back."""

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
    """Closed until calls fail; open, it probes the dependency until that answers.

    No caller is sent ahead to see whether the dependency is back: with one that is frozen, each
    would wait for a whole time-out. After a probe that succeeded, one failure opens it again.
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
        """It answered in the agreed form, if only to refuse."""
        self._failures = 0

    def failed(self) -> None:
        """It could not be reached, or spoke nonsense."""
        self._failures += 1
        if self._failures >= self._limit:
            self._open()

    def timed_out(self) -> None:
        """It took all the time that there is: asked at once whether it lives at all."""
        self._failures = self._limit
        self._open()

    async def aclose(self) -> None:
        if self._probing is not None:
            self._probing.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._probing

    def _open(self) -> None:
        if not self.is_open:
            logger.warning("left alone after failing", extra={"dependency": self._name})
            self._probing = asyncio.create_task(self._until_back())

    async def _until_back(self) -> None:
        while not await self._probe():  # noqa: ASYNC110 - another process sets no event here
            await asyncio.sleep(self._pause_s)
        self._failures = self._limit - 1
        logger.info("asked again", extra={"dependency": self._name})
