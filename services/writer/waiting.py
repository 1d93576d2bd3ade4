"""Changes that wait to be written: single ones first, then those of batches.

A round of the writer takes as many as it can write together. Changes of products that need the
encoder are slow, so a round takes few of them from batches: a single change never waits long.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable

from services.pipeline.catalogue.change_rows import PRODUCTS_PER_CHANGE
from services.writer.change import Batch, Change, too_late

MAX_BULK = 2_000
"""Changes of batches that may wait."""
_MOST_TOGETHER = PRODUCTS_PER_CHANGE
"""Changes that are written together, as one change of the catalogue."""
_BULK_ENCODED = 32
"""Changes of batches in one round that need the encoder."""


class WaitingChanges:
    """For one event loop."""

    def __init__(self) -> None:
        self._single: deque[Change] = deque()
        self._bulk: deque[Change] = deque()
        self._arrived = asyncio.Event()

    @property
    def single(self) -> int:
        """Number of waiting single changes."""
        return len(self._single)

    @property
    def bulk(self) -> int:
        """Number of waiting changes of batches."""
        return len(self._bulk)

    def add(self, changes: Iterable[Change], *, bulk: bool = False) -> None:
        (self._bulk if bulk else self._single).extend(changes)
        self._arrived.set()

    async def some(self, timeout_s: float) -> bool:
        """Wait for a change. False if none came."""
        if self._single or self._bulk:
            return True
        self._arrived.clear()
        try:
            async with asyncio.timeout(timeout_s):
                await self._arrived.wait()
        except TimeoutError:
            return False
        return True

    def take(self) -> Batch:
        """The next changes to write, in order of arrival, up to the second one of any product."""
        batch: Batch = {}
        self._fill(batch, self._single, _MOST_TOGETHER)
        self._fill(batch, self._bulk, _BULK_ENCODED)
        return batch

    def _fill(self, batch: Batch, queue: deque[Change], most_encoded: int) -> None:
        encoded = 0
        while queue and len(batch) < _MOST_TOGETHER:
            change = queue[0]
            encoded += change.may_encode
            if change.product_id in batch or encoded > most_encoded:
                return
            queue.popleft()
            # A caller who has left by now does not want the change any more.
            if change.in_time:
                batch[change.product_id] = change
            else:
                change.refuse(too_late())

    def drain(self) -> list[Change]:
        """Take all."""
        waiting = [*self._single, *self._bulk]
        self._single.clear()
        self._bulk.clear()
        return waiting
