"""A limit on how much of one kind is done at the same time; more is refused and never waits."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from services.common.problems import Overloaded


class Places:
    """For one event loop."""

    def __init__(self, most: int, what: str) -> None:
        """what: plural noun for the message."""
        self._most = most
        self._what = what
        self._taken = 0

    @contextmanager
    def one(self) -> Iterator[None]:
        """Take a place until the end of the block. Raises Overloaded when none is free."""
        if self._taken >= self._most:
            raise Overloaded(f"{self._most} {self._what} are in progress, the limit here.")
        self._taken += 1
        try:
            yield
        finally:
            self._taken -= 1
