"""Metrics of the gateway, beside those of every service."""

from __future__ import annotations

from typing import get_args

from prometheus_client import Counter, Gauge, Histogram

from services.common.metrics import LATENCY_BUCKETS, Metrics
from services.contracts.query_log import Sought


class GatewayMetrics(Metrics):
    """The common metrics, with the stages of a search and the parts it did without."""

    def __init__(self) -> None:
        super().__init__("gateway")
        self.stage_duration = Histogram(
            "gateway_stage_duration_seconds",
            "Time of one stage of a search, the hop included.",
            ["stage"],
            buckets=LATENCY_BUCKETS,
            registry=self.registry,
        )
        self.degraded = Counter(
            "gateway_degraded_total",
            "Answers given without a part that could not do its share.",
            ["part"],
            registry=self.registry,
        )
        self.breaker_open = Gauge(
            "gateway_breaker_open",
            "1 while the circuit to a service is open after failures.",
            ["service_asked"],
            registry=self.registry,
        )
        self.refusals = Counter(
            "gateway_refusals_total",
            "Requests refused: for a caller's `rate` or `concurrency`, or for `overload`.",
            ["reason"],
            registry=self.registry,
        )
        self.searches = Counter(
            "gateway_searches_total",
            "Searches answered, by what was sought and whether there was a `good` match or `none`.",
            ["sought", "match"],
            registry=self.registry,
        )
        self.query_log = Counter(
            "gateway_query_log_entries_total",
            "Entries of the query log: `written`, or dropped since the queue was `full` or Redis "
            "`away`.",
            ["outcome"],
            registry=self.registry,
        )
        # There from the start, so that a share of nothing is 0 and no gap.
        for sought in get_args(Sought):
            for match in ("good", "none"):
                self.searches.labels(sought, match)
        for outcome in ("written", "full", "away"):
            self.query_log.labels(outcome)
