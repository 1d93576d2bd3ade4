"""Spending limit: calls to Gemini per minute and per day, counted for all replicas together.

The windows are those of the clock (this minute, this day in UTC), as in bills and quotas. Each
process also counts its own calls: that count alone decides while Redis is unavailable, and it
survives a Redis that loses its data.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from services.common.optional_redis import OptionalRedis, RedisUnavailable

WINDOWS_S = {"minute": 60, "day": 86_400}

# Counts one call in every window or in none. KEYS: one counter a window. ARGV: for each, its limit
# and its lifetime in seconds. Returns 0, or the position of the first window that is full.
_TAKE = """
for i = 1, #KEYS do
  if tonumber(redis.call('GET', KEYS[i]) or 0) >= tonumber(ARGV[2 * i - 1]) then return i end
end
for i = 1, #KEYS do
  redis.call('INCR', KEYS[i])
  redis.call('EXPIRE', KEYS[i], ARGV[2 * i])
end
return 0
"""


class SpendingLimit:
    """Decides before each call whether it may be made."""

    def __init__(
        self,
        redis: OptionalRedis | None,
        *,
        calls_a_minute: int,
        calls_a_day: int,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._redis = redis
        self._script = redis.client.register_script(_TAKE) if redis else None
        self._limits = {"minute": calls_a_minute, "day": calls_a_day}
        self._clock = clock
        self._own: dict[str, tuple[int, int]] = {}  # window by name: its number, calls in it

    async def take(self) -> str | None:
        """Count one call. Returns None if it may be made, else the name of the full window."""
        now = self._clock()
        numbers = {name: int(now // seconds) for name, seconds in WINDOWS_S.items()}
        spent = {name: self._spent(name, number) for name, number in numbers.items()}
        full = next((name for name in spent if spent[name] >= self._limits[name]), None)
        if full is not None:
            return full
        # Counted before Redis is asked: callers at the same time must not share one free place.
        self._own = {name: (number, spent[name] + 1) for name, number in numbers.items()}
        full = await self._full_for_all(numbers)
        if full is not None:
            for name, number in numbers.items():
                if self._own[name][0] == number:
                    self._own[name] = (number, self._own[name][1] - 1)
        return full

    def _spent(self, name: str, number: int) -> int:
        counted, calls = self._own.get(name, (number, 0))
        return calls if counted == number else 0

    async def _full_for_all(self, numbers: dict[str, int]) -> str | None:
        if self._redis is None or self._script is None:
            return None
        script = self._script
        # The braces keep both counters on one node of a cluster.
        keys = [f"{{rewriter-spent}}:{name}:{number}" for name, number in numbers.items()]
        arguments: Sequence[int] = [
            value for name in numbers for value in (self._limits[name], 2 * WINDOWS_S[name])
        ]
        try:
            place = await self._redis.ask(lambda: script(keys=keys, args=arguments))
        except RedisUnavailable:
            return None
        return list(numbers)[int(place) - 1] if place else None
