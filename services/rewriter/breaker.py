"""Leaving alone what keeps failing."""

from __future__ import annotations

import time
from collections.abc import Callable


class CircuitBreaker:
    """Closed until `failures` calls in a row fail; then one call a `pause_s` tries again."""

    def __init__(
        self, *, failures: int, pause_s: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._limit = failures
        self._pause_s = pause_s
        self._clock = clock
        self._failures = 0
        self._next_try = 0.0

    @property
    def is_open(self) -> bool:
        return self._failures >= self._limit

    def allows(self) -> bool:
        """True when a call may be made now."""
        if not self.is_open:
            return True
        if self._clock() < self._next_try:
            return False
        # Set again here and not when the call ends: a call that never ends must not hold the place.
        self._next_try = self._clock() + self._pause_s
        return True

    def succeeded(self) -> None:
        self._failures = 0

    def failed(self) -> None:
        self._failures += 1
        if self._failures == self._limit:
            self._next_try = self._clock() + self._pause_s
