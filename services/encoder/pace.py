"""Estimates how long waiting items will take, from recent passes of a similar size."""

from __future__ import annotations

_NEWEST_COUNTS = 0.2
"""Weight of the newest pass in the running mean of seconds per item."""


class Pace:
    """Seconds per item, separately for each size of pass. A single text may take four times as
    long as each of 32 together, so a quiet hour says little about a busy one.
    """

    def __init__(self, max_batch: int) -> None:
        self._max_batch = max_batch
        self._seconds_an_item: dict[int, float] = {}

    def observe(self, items: int, seconds: float) -> None:
        """Record the size and the duration of a pass."""
        size, lately = _size(items), seconds / items
        before = self._seconds_an_item.get(size, lately)
        self._seconds_an_item[size] = before + _NEWEST_COUNTS * (lately - before)

    def seconds_for(self, waiting: int) -> float:
        """Seconds until this many items have had their pass. 0 if no pass of this size was timed
        yet, because no request should be refused by a guess.
        """
        least = _size(min(waiting, self._max_batch))
        known = [size for size in self._seconds_an_item if size >= least]
        return waiting * self._seconds_an_item[min(known)] if known else 0.0


def _size(items: int) -> int:
    """One number for 1, for 2, for 3 and 4, for 5 to 8, and so on."""
    return (items - 1).bit_length()
