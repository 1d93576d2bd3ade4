"""A circuit breaker that tries again with a real call.

The breaker of our own services (`services.common.probing_breaker`) asks `/health` until it answers.
Gemini has no such address: only a real call shows whether it works again.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Literal

State = Literal["closed", "open", "half-open"]


class TrialBreaker:
    """Closed until `limit` calls in a row fail; then open, with one trial call every `pause_s`.

    A successful call closes it.
    """

    def __init__(
        self, *, limit: int, pause_s: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._limit = limit
        self._pause_s = pause_s
        self._clock = clock
        self._next_trial = 0.0
        self.failures = 0
        self.last_failure = ""
        """Reason of the last failure since the last success; empty if there was none."""

    @property
    def state(self) -> State:
        """`half-open`: the next call is a trial."""
        if self.failures < self._limit:
            return "closed"
        return "open" if self._clock() < self._next_trial else "half-open"

    def allows(self) -> bool:
        """True if a call may be made now. In `half-open`, True for one caller in each pause."""
        state = self.state
        if state == "half-open":
            # Set before the call ends: a trial that never ends must not block the next one.
            self._next_trial = self._clock() + self._pause_s
        return state != "open"

    def next_trial_s(self) -> float:
        """Seconds until the next trial is allowed; 0 if it is allowed now."""
        return max(0.0, self._next_trial - self._clock()) if self.state == "open" else 0.0

    def succeeded(self) -> None:
        self.failures = 0
        self.last_failure = ""

    def failed(self, reason: str) -> None:
        self.failures += 1
        self.last_failure = reason
        if self.failures == self._limit:
            self._next_trial = self._clock() + self._pause_s
