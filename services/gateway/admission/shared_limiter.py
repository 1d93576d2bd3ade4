"""Limits of a caller, counted for all replicas in Redis.

While a caller is far from its limits, a replica takes a few requests ahead: one round trip to Redis
admits the next twenty or so. Taken requests are counted at once, so replicas together never admit
more than the limits; what is not used within a second is given back. From half of a limit on, every
request asks Redis, so the last requests are shared exactly. While Redis is unavailable, each
process counts for itself by the same rules.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from services.common.background import Background
from services.common.optional_redis import OptionalRedis, RedisUnavailable
from services.gateway.admission.limiters import LocalLimiter, Policy, Refusal, Verdict

MAX_OWED = 10_000
"""Maximum leases that wait for their release; beyond that, the oldest expire by themselves."""

AHEAD_S = 1.0
"""Time for which a replica may use requests that it took ahead."""

LEASE_S = 4.0
"""Time for which requests may begin under a lease. A lease outlives a request for longer than this
(`_LEASE_BEYOND_DEADLINE_S`), so each of these requests is covered."""

_FRACTION, _MOST_AHEAD = 8, 32
"""A replica takes at most an eighth of each limit ahead, and at most 32."""

# As LocalLimiter does it, by Redis' own clock, in microseconds. KEYS: the time until which the
# bucket is not full; the leases, a sorted set by their ends. ARGV: interval, burst, leases at most,
# a lease's life, requests to take ahead, the lease, further leases to take ahead. Returns the
# refusal (0 none, 1 rate, 2 concurrency), requests remaining, time to wait, time until the bucket
# is full, requests and leases taken ahead.
_ADMIT = """
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local interval, burst, most = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local window = interval * burst
local full_at = math.max(tonumber(redis.call('GET', KEYS[1]) or 0), now)
local after = full_at + interval
local room = now + window - after
if room < 0 then return {1, 0, -room, full_at - now, 0, 0} end
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now)
local running = redis.call('ZCARD', KEYS[2])
if running >= most then
  return {2, math.floor((now + window - full_at) / interval), 1000000, full_at - now, 0, 0}
end
local ahead, leases = tonumber(ARGV[5]), #ARGV - 6
if room - interval * ahead < window / 2 or running + 1 + leases > most / 2 then
  ahead, leases = 0, 0
end
after = after + interval * ahead
room = room - interval * ahead
redis.call('SET', KEYS[1], string.format('%.0f', after), 'PX', math.ceil((after - now) / 1000) + 1)
for i = 6, 6 + leases do redis.call('ZADD', KEYS[2], now + ARGV[4], ARGV[i]) end
redis.call('PEXPIRE', KEYS[2], math.ceil(ARGV[4] / 1000))
return {0, math.floor(room / interval), 0, after - now, ahead, leases}
"""

# Gives requests back that were taken ahead. KEYS: as above, the first. ARGV: microseconds of them.
_GIVE_BACK = """
local full_at, left = tonumber(redis.call('GET', KEYS[1]) or 0), redis.call('PTTL', KEYS[1])
local less = math.floor(ARGV[1] / 1000)
if left > less then
  redis.call('SET', KEYS[1], string.format('%.0f', full_at - ARGV[1]), 'PX', left - less)
else
  redis.call('DEL', KEYS[1])
end
"""

_REFUSALS: dict[int, Refusal | None] = {0: None, 1: "rate", 2: "concurrency"}


@dataclass(frozen=True, slots=True)
class _Lease:
    """A lease in Redis. `until`: the last moment at which a request may begin under it."""

    name: str
    until: float


@dataclass(slots=True)
class _Share:
    """Requests and leases that this replica took ahead for one caller."""

    until: float = 0.0
    requests: int = 0
    leases: list[_Lease] = field(default_factory=list)
    running: int = 0
    """Requests that run under leases which come back to `leases`."""
    remaining: int = 0
    """Requests that the shared bucket had left beside these."""
    full_at: float = 0.0


class SharedLimiter:
    """Counts in Redis, for all replicas; in this process alone while Redis is unavailable."""

    def __init__(self, redis: OptionalRedis, policy: Policy) -> None:
        self._redis = redis
        self._policy = policy
        self._admit = redis.client.register_script(_ADMIT)
        self._give_back = redis.client.register_script(_GIVE_BACK)
        self._alone = LocalLimiter(policy)
        self._shares: dict[str, _Share] = {}
        self._asking: set[str] = set()  # callers for whom Redis is asked to take more ahead
        self._held: dict[str, _Lease] = {}  # by the lease that a running request asked for
        self._ahead = min(_MOST_AHEAD, policy.burst // _FRACTION)
        self._leases_ahead = min(self._ahead, policy.max_concurrent // _FRACTION)
        # Leases that ended while Redis was away. Frozen, it grants what it was asked for when it
        # goes on, and would hold that for running.
        self._owed: deque[tuple[str, str]] = deque(maxlen=MAX_OWED)
        self._returning = Background()
        self._sweep: asyncio.TimerHandle | None = None

    async def admit(self, caller: str, lease: str) -> Verdict:
        share, now = self._shares.get(caller), time.monotonic()
        if share is not None and share.requests and now < share.until:
            while share.leases:
                free = share.leases.pop()
                if now < free.until:
                    share.requests -= 1
                    share.running += 1
                    self._held[lease] = free
                    return self._verdict(share, now)
                self._owe(caller, free)
        if caller in self._asking:
            # The other request takes what this replica lacks; both together would take too much.
            return await self._ask(caller, lease, 0, 0)
        self._asking.add(caller)
        share = share or _Share()
        try:
            requests = max(0, self._ahead - share.requests)
            leases = max(0, self._leases_ahead - len(share.leases) - share.running)
            return await self._ask(caller, lease, requests, leases)
        finally:
            self._asking.discard(caller)

    def _verdict(self, share: _Share, now: float) -> Verdict:
        full_after_s = share.full_at - now - share.requests * self._policy.interval_s
        return Verdict(None, share.remaining + share.requests, 0, max(0.0, full_after_s))

    async def _ask(self, caller: str, lease: str, requests: int, leases: int) -> Verdict:
        """Admit a request by Redis, and take so many requests and leases ahead."""
        policy = self._policy
        more = [f"{lease}.{number}" for number in range(leases)]
        arguments: list[int | str] = [
            round(policy.interval_s * 1e6),
            policy.burst,
            policy.max_concurrent,
            round(policy.lease_s * 1e6),
            requests,
            lease,
            *more,
        ]
        keys = _keys(caller)
        try:
            answer = await self._redis.ask(lambda: self._admit(keys, arguments))
        except RedisUnavailable:
            self._owed.extend((keys[1], name) for name in more)
            return await self._alone.admit(caller, lease)
        refusal, remaining, wait, full, ahead, granted = map(int, answer)
        if refusal:
            return Verdict(_REFUSALS[refusal], remaining, wait / 1e6, full / 1e6)
        now = time.monotonic()
        self._held[lease] = _Lease(lease, now + LEASE_S)
        if not ahead and not granted:
            return Verdict(None, remaining, 0, full / 1e6)
        share = self._shares.setdefault(caller, _Share())
        share.until = now + AHEAD_S
        share.requests += ahead
        share.running += 1
        share.leases += [_Lease(name, now + LEASE_S) for name in more[:granted]]
        share.remaining, share.full_at = remaining, now + full / 1e6
        if self._sweep is None:
            self._sweep = asyncio.get_running_loop().call_later(AHEAD_S, self._return_late)
        return self._verdict(share, now)

    async def release(self, caller: str, lease: str) -> None:
        await self._alone.release(caller, lease)
        held, share = self._held.pop(lease, _Lease(lease, 0)), self._shares.get(caller)
        if share is not None:
            share.running = max(0, share.running - 1)
            if time.monotonic() < held.until and len(share.leases) < self._leases_ahead:
                share.leases.append(held)
                return
        self._owe(caller, held)
        await self._pay()

    def _owe(self, caller: str, lease: _Lease) -> None:
        self._owed.append((_keys(caller)[1], lease.name))

    def _return_late(self) -> None:
        """Give back what was not used in time."""
        self._sweep = None
        now = time.monotonic()
        for caller in [name for name, share in self._shares.items() if share.until <= now]:
            self._return(caller, self._shares.pop(caller))
        if self._shares:
            self._sweep = asyncio.get_running_loop().call_later(AHEAD_S, self._return_late)
        self._returning.start(self._pay())

    def _return(self, caller: str, share: _Share) -> None:
        for lease in share.leases:
            self._owe(caller, lease)
        if share.requests:
            self._returning.start(self._refill(_keys(caller)[0], share.requests))

    async def _refill(self, key: str, requests: int) -> None:
        microseconds = round(requests * self._policy.interval_s * 1e6)
        try:
            await self._redis.ask(lambda: self._give_back([key], [microseconds]))
        except RedisUnavailable:
            return  # the bucket refills by itself

    async def _pay(self) -> None:
        """Release all leases that are owed."""
        owed = list(self._owed)
        self._owed.clear()
        if not owed:
            return
        try:
            await self._redis.ask(lambda: self._release(owed))
        except RedisUnavailable:
            self._owed.extend(owed)

    async def _release(self, owed: Sequence[tuple[str, str]]) -> None:
        async with self._redis.client.pipeline(transaction=False) as pipeline:
            for leases, lease in owed:
                pipeline.zrem(leases, lease)
            await pipeline.execute()


def _keys(caller: str) -> list[str]:
    # The braces keep both on one node of a cluster.
    return [f"limit:{{{caller}}}:rate", f"limit:{{{caller}}}:running"]
