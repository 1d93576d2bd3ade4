"""How long items that wait will take, by how long passes of like size took lately."""

from __future__ import annotations

_NEWEST_COUNTS = 0.2
"""Weight of the newest pass in the running mean of seconds an item."""


class Pace:
    """Seconds an item, kept apart by the size of the pass: one text alone may take four times
    what each of 32 takes together, so a quiet hour says little about a crowd.
    """

    def __init__(self, max_batch: int) -> None:
        self._max_batch = max_batch
        self._seconds_an_item: dict[int, float] = {}

    def observe(self, items: int, seconds: float) -> None:
        """A pass of so many items took so long."""
        size, lately = _size(items), seconds / items
        before = self._seconds_an_item.get(size, lately)
        self._seconds_an_item[size] = before + _NEWEST_COUNTS * (lately - before)

    def seconds_for(self, waiting: int) -> float:
        """Until so many have had their pass. 0 while none so large was timed: nobody is sent away
        by a guess.
        """
        least = _size(min(waiting, self._max_batch))
        known = [size for size in self._seconds_an_item if size >= least]
        return waiting * self._seconds_an_item[min(known)] if known else 0.0


def _size(items: int) -> int:
    """One number for 1, for 2, for 3 and 4, for 5 to 8, and so on."""
    return (items - 1).bit_length()
