"""Rate and concurrency limits of a caller, counted for all replicas through Redis.

The rate is a bucket of `burst` requests that refills evenly (GCRA, the generic cell rate
algorithm). A caller with an empty bucket waits for one request's share of time, never for the end
of a window.
Requests that run are leases that end by themselves, should a replica die with them. While Redis is
away, each process counts for itself by the same rules.
"""

from __future__ import annotations

import math
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

from services.common.optional_redis import OptionalRedis, RedisUnavailable

MAX_LOCAL_CALLERS = 10_000
MAX_OWED = 10_000
"""Most leases that wait for their release; beyond that, the oldest expire by themselves."""

Refusal = Literal["rate", "concurrency"]


@dataclass(frozen=True, slots=True)
class Policy:
    """Limits of a caller."""

    rate_per_minute: int
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

    async def admit(self, caller: str, lease: str, cost: int = 1) -> Verdict:
        """Take `cost` from the caller's bucket and hold a lease, or neither."""

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

    async def admit(self, caller: str, lease: str, cost: int = 1) -> Verdict:
        policy, now = self._policy, self._clock()
        known = self._callers.setdefault(caller, _Caller())
        self._callers.move_to_end(caller)
        while len(self._callers) > MAX_LOCAL_CALLERS:
            self._callers.popitem(last=False)
        full_at = max(known.empty_until, now)
        then = full_at + cost * policy.interval_s
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


# As LocalLimiter does it, by Redis' own clock, in microseconds. KEYS: the time until which the
# bucket is not full; the leases, a sorted set by their ends. ARGV: interval, burst, leases at most,
# a lease's life, the lease, the cost. Returns the refusal (0 none, 1 rate, 2 concurrency), requests
# remaining, time to wait, time until the bucket is full.
_ADMIT = """
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local interval, burst, most = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local window = interval * burst
local full_at = math.max(tonumber(redis.call('GET', KEYS[1]) or 0), now)
local after = full_at + interval * ARGV[6]
local room = now + window - after
if room < 0 then return {1, 0, -room, full_at - now} end
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now)
if redis.call('ZCARD', KEYS[2]) >= most then
  return {2, math.floor((now + window - full_at) / interval), 1000000, full_at - now}
end
redis.call('SET', KEYS[1], string.format('%.0f', after), 'PX', math.ceil((after - now) / 1000) + 1)
redis.call('ZADD', KEYS[2], now + ARGV[4], ARGV[5])
redis.call('PEXPIRE', KEYS[2], math.ceil(ARGV[4] / 1000))
return {0, math.floor(room / interval), 0, after - now}
"""

_REFUSALS: dict[int, Refusal | None] = {0: None, 1: "rate", 2: "concurrency"}


class SharedLimiter:
    """Counts in Redis, for all replicas; in this process alone while Redis is away."""

    def __init__(self, redis: OptionalRedis, policy: Policy) -> None:
        self._redis = redis
        self._policy = policy
        self._script = redis.client.register_script(_ADMIT)
        self._alone = LocalLimiter(policy)
        # Leases that ended while Redis was away. Frozen, it grants what it was asked for when it
        # goes on, and would hold that for running.
        self._owed: deque[tuple[str, str]] = deque(maxlen=MAX_OWED)

    async def admit(self, caller: str, lease: str, cost: int = 1) -> Verdict:
        policy = self._policy
        arguments: list[int | str] = [
            round(policy.interval_s * 1e6),
            policy.burst,
            policy.max_concurrent,
            round(policy.lease_s * 1e6),
            lease,
            cost,
        ]
        try:
            answer = await self._redis.ask(lambda: self._script(_keys(caller), arguments))
        except RedisUnavailable:
            return await self._alone.admit(caller, lease, cost)
        refusal, remaining, wait, full = map(int, answer)
        return Verdict(_REFUSALS[refusal], remaining, wait / 1e6, full / 1e6)

    async def release(self, caller: str, lease: str) -> None:
        await self._alone.release(caller, lease)
        _, leases = _keys(caller)
        owed = [*self._owed, (leases, lease)]
        self._owed.clear()
        try:
            await self._redis.ask(lambda: self._give_back(owed))
        except RedisUnavailable:
            self._owed.extend(owed)

    async def _give_back(self, owed: Sequence[tuple[str, str]]) -> None:
        async with self._redis.client.pipeline(transaction=False) as pipeline:
            for leases, lease in owed:
                pipeline.zrem(leases, lease)
            await pipeline.execute()


def _keys(caller: str) -> list[str]:
    # The braces keep both on one node of a cluster.
    return [f"limit:{{{caller}}}:rate", f"limit:{{{caller}}}:running"]
