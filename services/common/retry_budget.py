"""A budget that limits how many calls are retried."""

from __future__ import annotations


class RetryBudget:
    """Allows retries for at most a tenth of recent calls, so that retries never feed an outage.

    A token bucket: each call earns `ratio` of a token, each retry spends one.
    """

    def __init__(self, ratio: float = 0.1, burst: float = 5.0) -> None:
        self._ratio = ratio
        self._burst = burst
        self._tokens = burst

    def earn(self) -> None:
        self._tokens = min(self._burst, self._tokens + self._ratio)

    def spend(self) -> bool:
        """True when one retry is allowed now."""
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True
