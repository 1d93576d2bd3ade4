"""The gate of the gateway: limits, enforced before any part of a body is read."""

from __future__ import annotations

import itertools
import math
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from starlette.applications import Starlette
from starlette.routing import Match
from starlette.types import Scope

from services.common.admission import RawHeaders, Ticket
from services.common.background import Background
from services.common.problems import Overloaded, RateLimited, ServiceError
from services.common.root_path import path_below_root
from services.common.routing import all_routes
from services.gateway.admission.callers import caller_of
from services.gateway.admission.limiters import Limiter, Policy, Verdict
from services.gateway.metrics import GatewayMetrics
from services.gateway.settings import GatewaySettings

RATE_LIMIT_HEADER = "RateLimit"
RATE_LIMIT_POLICY_HEADER = "RateLimit-Policy"
_LIMIT_HEADER = RATE_LIMIT_HEADER.lower().encode()
_POLICY_HEADER = RATE_LIMIT_POLICY_HEADER.lower().encode()

_LEASE_BEYOND_DEADLINE_S = 5.0

DEFAULT = "default"
_AGENTS_PATHS = ("/ucp/", "/mcp")

# Not limited: requests that cost next to nothing or are for operations (pictures, the page, the
# documentation, health, metrics).
_LIMITED_PATHS = ("/products/", "/suggest")
_FREE_METHODS = ("GET", "HEAD", "OPTIONS")


_FREE = Ticket()
_BUSY = "The service is busy. Try again shortly."


@dataclass(frozen=True, slots=True)
class Quota:
    """One limit of a caller."""

    name: str
    policy: Policy
    limiter: Limiter

    def caller(self, name: str) -> str:
        """The caller's name in the limiter: each quota counts for itself."""
        return name if self.name == DEFAULT else f"{self.name}:{name}"

    @property
    def described(self) -> str:
        return f'"{self.name}";q={self.policy.burst};w={math.ceil(self.policy.window_s)}'


@dataclass(frozen=True, slots=True)
class Quotas:
    """Limits by path: those of UCP and MCP are for agents."""

    usual: tuple[Quota, ...]
    agents: tuple[Quota, ...]

    def of(self, path: str) -> tuple[Quota, ...]:
        return self.agents if path.startswith(_AGENTS_PATHS) else self.usual


def quotas_of(settings: GatewaySettings, limiter: Callable[[Policy], Limiter]) -> Quotas:
    """limiter: makes one of a policy."""
    lease_s = settings.deadline_ms / 1000 + _LEASE_BEYOND_DEADLINE_S

    def quota(name: str, rate: float, burst: int, concurrent: int) -> Quota:
        policy = Policy(rate, burst, concurrent, lease_s)
        return Quota(name, policy, limiter(policy))

    budget = settings.agents_budget_per_hour
    usual = quota(DEFAULT, settings.rate_per_minute, settings.rate_burst, settings.max_concurrent)
    rate = quota(
        "agent",
        settings.agents_rate_per_minute,
        settings.agents_burst,
        settings.agents_max_concurrent,
    )
    # Concurrency is the other quota's.
    whole = quota("agent-budget", budget / 60, budget, settings.max_in_flight + 1)
    return Quotas((usual,), (rate, whole) if settings.agents_url else (usual,))


class LimitsGate:
    """Rate and concurrency by caller, and the number of requests in flight in this process."""

    def __init__(
        self,
        settings: GatewaySettings,
        metrics: GatewayMetrics,
        quotas_of_app: Callable[[Starlette], Quotas],
    ) -> None:
        """quotas_of_app: those of an app, which exist only while the app runs."""
        self._settings = settings
        self._metrics = metrics
        self._quotas_of_app = quotas_of_app
        self._running = 0
        # Names of leases, which no other replica gives.
        self._leases, self._numbers = f"{uuid.uuid4().hex}.", itertools.count()
        self._releases = Background()

    async def enter(self, scope: Scope) -> Ticket:
        """The decision about this request. Raises NotReady outside of the app's lifespan."""
        if not _is_limited(scope):
            return _FREE
        if self._running >= self._settings.max_in_flight:
            return self._refused(scope, "overload", Overloaded(_BUSY), ())
        quotas = self._quotas_of_app(scope["app"]).of(path_below_root(scope))
        caller, lease = caller_of(scope, self._settings), f"{self._leases}{next(self._numbers)}"
        self._running += 1
        held: list[Quota] = []
        verdicts: list[Verdict] = []

        def leave() -> None:
            self._running -= 1
            for quota in held:
                # In the background: the caller has its answer and need not wait for Redis.
                self._releases.start(quota.limiter.release(quota.caller(caller), lease))

        try:
            for quota in quotas:
                verdicts.append(await quota.limiter.admit(quota.caller(caller), lease))
                if verdicts[-1].refusal is not None:
                    break
                held.append(quota)
        except BaseException:
            leave()
            raise
        headers = _described(quotas, verdicts)
        refusal = verdicts[-1].refusal
        if refusal is not None:
            leave()
            error = _refusal(quotas[len(held)], verdicts[-1])
            return self._refused(scope, refusal, error, headers)
        return Ticket(headers, leave=leave)

    def _refused(
        self, scope: Scope, reason: str, error: ServiceError, headers: RawHeaders
    ) -> Ticket:
        self._metrics.refusals.labels(reason).inc()
        _name_route(scope)
        return Ticket(headers, error)


def _described(quotas: Sequence[Quota], verdicts: Sequence[Verdict]) -> RawHeaders:
    """The fields of draft-ietf-httpapi-ratelimit-headers: quota, window, what remains."""
    policies = ", ".join(quota.described for quota in quotas)
    left = ", ".join(
        f'"{quota.name}";r={verdict.remaining};t={math.ceil(verdict.full_after_s)}'
        for quota, verdict in zip(quotas, verdicts, strict=False)
    )
    return ((_POLICY_HEADER, policies.encode()), (_LIMIT_HEADER, left.encode()))


def _refusal(quota: Quota, verdict: Verdict) -> ServiceError:
    policy = quota.policy
    if verdict.refusal == "concurrency":
        detail = (
            f"Your limit of {policy.max_concurrent} concurrent requests is reached. "
            "Wait until one of them is answered."
        )
    else:
        detail = (
            f"Your limit of {policy.rate_per_minute:g} requests a minute, with bursts of "
            f"{policy.burst}, is reached. Try again after `Retry-After` seconds."
        )
    return RateLimited(detail, retry_after_s=max(1, math.ceil(verdict.retry_after_s)))


def _is_limited(scope: Scope) -> bool:
    return scope["method"] not in _FREE_METHODS or path_below_root(scope).startswith(_LIMITED_PATHS)


def _name_route(scope: Scope) -> None:
    """Find the route of a refused request, so that metrics and the log can name it."""
    for route in all_routes(scope["app"].router):
        match, _ = route.matches(scope)
        if match is Match.FULL:
            scope["route"] = route
            return
