"""Rate and concurrency limits of a caller, and a limiter that counts in this process alone.

The rate is a bucket of `burst` requests that refills evenly (GCRA, the generic cell rate
algorithm). A caller with an empty bucket waits for one request's share of time, never for the end
of a window. Running requests hold leases, which end by themselves if their replica dies.
"""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, Protocol

MAX_LOCAL_CALLERS = 10_000

Refusal = Literal["rate", "concurrency"]


@dataclass(frozen=True, slots=True)
class Policy:
    """Limits of a caller."""

    rate_per_minute: float
    burst: int
    max_concurrent: int
    lease_s: float  # after which a request that runs is taken for lost

    @property
    def interval_s(self) -> float:
        """Seconds in which one request's share comes back."""
        return 60 / self.rate_per_minute

    @property
    def window_s(self) -> float:
        """Seconds in which an empty bucket is full again."""
        return self.interval_s * self.burst


@dataclass(frozen=True, slots=True)
class Verdict:
    """Decision about a request, and the state of the caller's bucket."""

    refusal: Refusal | None
    remaining: int
    retry_after_s: float
    full_after_s: float


class Limiter(Protocol):
    """Counts requests by caller."""

    async def admit(self, caller: str, lease: str) -> Verdict:
        """Take a request from the caller's bucket and hold a lease, or neither."""

    async def release(self, caller: str, lease: str) -> None:
        """The request of this lease has ended."""


@dataclass(slots=True)
class _Caller:
    empty_until: float = float("-inf")  # the moment at which the bucket is full again
    leases: dict[str, float] = field(default_factory=dict)  # when each ends by itself


class LocalLimiter:
    """Counts in this process alone. Remembers the latest 10,000 callers."""

    def __init__(self, policy: Policy, clock: Callable[[], float] = time.monotonic) -> None:
        self._policy = policy
        self._clock = clock
        self._callers: OrderedDict[str, _Caller] = OrderedDict()

    async def admit(self, caller: str, lease: str) -> Verdict:
        policy, now = self._policy, self._clock()
        known = self._callers.setdefault(caller, _Caller())
        self._callers.move_to_end(caller)
        while len(self._callers) > MAX_LOCAL_CALLERS:
            self._callers.popitem(last=False)
        full_at = max(known.empty_until, now)
        then = full_at + policy.interval_s
        room_s = now + policy.window_s - then
        if room_s < -1e-9:
            return Verdict("rate", 0, -room_s, full_at - now)
        known.leases = {name: end for name, end in known.leases.items() if end > now}
        if len(known.leases) >= policy.max_concurrent:
            left = math.floor((now + policy.window_s - full_at) / policy.interval_s)
            return Verdict("concurrency", left, 1, full_at - now)
        known.empty_until = then
        known.leases[lease] = now + policy.lease_s
        return Verdict(None, math.floor(room_s / policy.interval_s + 1e-6), 0, then - now)

    async def release(self, caller: str, lease: str) -> None:
        known = self._callers.get(caller)
        if known is not None:
            known.leases.pop(lease, None)
