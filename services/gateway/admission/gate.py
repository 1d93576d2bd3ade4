"""The gate of the gateway: limits, enforced before any part of a body is read."""

from __future__ import annotations

import math
import uuid
from collections.abc import Callable, Iterator

from starlette.applications import Starlette
from starlette.routing import Match, Route, Router
from starlette.types import Scope

from services.common.admission import RawHeaders, Ticket
from services.common.background import Background
from services.common.problems import Overloaded, RateLimited, ServiceError
from services.common.root_path import path_below_root
from services.gateway.admission.callers import caller_of
from services.gateway.admission.limiters import Limiter, Policy, Verdict
from services.gateway.metrics import GatewayMetrics
from services.gateway.settings import GatewaySettings

RATE_LIMIT_HEADER = "RateLimit"
RATE_LIMIT_POLICY_HEADER = "RateLimit-Policy"
_LIMIT_HEADER = RATE_LIMIT_HEADER.lower().encode()
_POLICY_HEADER = RATE_LIMIT_POLICY_HEADER.lower().encode()

_POLICY_NAME = '"default"'
_LEASE_BEYOND_DEADLINE_S = 5.0

# Not limited: requests that cost next to nothing or are for operations (pictures, the page, the
# documentation, health, metrics).
_LIMITED_PATHS = ("/products/", "/suggest")
_FREE_METHODS = ("GET", "HEAD", "OPTIONS")


_FREE = Ticket()
_BUSY = "The service is busy. Try again shortly."


def policy_of(settings: GatewaySettings) -> Policy:
    return Policy(
        rate_per_minute=settings.rate_per_minute,
        burst=settings.rate_burst,
        max_concurrent=settings.max_concurrent,
        lease_s=settings.deadline_ms / 1000 + _LEASE_BEYOND_DEADLINE_S,
    )


class LimitsGate:
    """Rate and concurrency by caller, and the number of requests in flight in this process."""

    def __init__(
        self,
        settings: GatewaySettings,
        metrics: GatewayMetrics,
        limiter_of: Callable[[Starlette], Limiter],
    ) -> None:
        """limiter_of: the limiter of an app, which exists only while the app runs."""
        self._settings = settings
        self._metrics = metrics
        self._limiter_of = limiter_of
        policy = policy_of(settings)
        self._policy = f"{_POLICY_NAME};q={policy.burst};w={math.ceil(policy.window_s)}".encode()
        self._running = 0
        self._releases = Background()

    async def enter(self, scope: Scope) -> Ticket:
        """The decision about this request. Raises NotReady outside of the app's lifespan."""
        if not _is_limited(scope):
            return _FREE
        if self._running >= self._settings.max_in_flight:
            return self._refused(scope, "overload", Overloaded(_BUSY), ())
        limiter = self._limiter_of(scope["app"])
        caller, lease = caller_of(scope, self._settings), uuid.uuid4().hex
        self._running += 1
        try:
            verdict = await limiter.admit(caller, lease)
        except BaseException:
            self._running -= 1
            raise
        headers = self._described(verdict)
        if verdict.refusal is not None:
            self._running -= 1
            return self._refused(scope, verdict.refusal, self._refusal(verdict), headers)

        def leave() -> None:
            self._running -= 1
            # In the background: the caller has its answer and need not wait for Redis.
            self._releases.start(limiter.release(caller, lease))

        return Ticket(headers, leave=leave)

    def _refused(
        self, scope: Scope, reason: str, error: ServiceError, headers: RawHeaders
    ) -> Ticket:
        self._metrics.refusals.labels(reason).inc()
        _name_route(scope)
        return Ticket(headers, error)

    def _described(self, verdict: Verdict) -> RawHeaders:
        """The fields of draft-ietf-httpapi-ratelimit-headers: quota, window, what remains."""
        left = f"{_POLICY_NAME};r={verdict.remaining};t={math.ceil(verdict.full_after_s)}"
        return ((_POLICY_HEADER, self._policy), (_LIMIT_HEADER, left.encode()))

    def _refusal(self, verdict: Verdict) -> ServiceError:
        settings = self._settings
        if verdict.refusal == "concurrency":
            detail = (
                f"Your limit of {settings.max_concurrent} concurrent requests is reached. "
                "Wait until one of them is answered."
            )
        else:
            detail = (
                f"Your limit of {settings.rate_per_minute} requests a minute, with bursts of "
                f"{settings.rate_burst}, is reached. Try again after `Retry-After` seconds."
            )
        return RateLimited(detail, retry_after_s=max(1, math.ceil(verdict.retry_after_s)))


def _is_limited(scope: Scope) -> bool:
    return scope["method"] not in _FREE_METHODS or path_below_root(scope).startswith(_LIMITED_PATHS)


def _name_route(scope: Scope) -> None:
    """Find the route of a refused request, so that metrics and the log can name it."""
    for route in _routes(scope["app"].router):
        match, _ = route.matches(scope)
        if match is Match.FULL:
            scope["route"] = route
            return


def _routes(router: Router) -> Iterator[Route]:
    for route in router.routes:
        if isinstance(route, Route):
            yield route
        elif isinstance(included := getattr(route, "original_router", None), Router):
            yield from _routes(included)
