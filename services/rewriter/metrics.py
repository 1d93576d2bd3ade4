"""Metrics of the rewriter, in addition to those of every service."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

from services.common.metrics import LATENCY_BUCKETS, Metrics
from services.rewriter.spending import WINDOWS_S


class RewriterMetrics(Metrics):
    """The common metrics, and the sources of the answers."""

    def __init__(self) -> None:
        super().__init__("rewriter")
        self.rewrites = Counter(
            "rewriter_rewrites_total",
            "Queries answered, by source of the answer.",
            ["source"],
            registry=self.registry,
        )
        self.not_asked = Counter(
            "rewriter_gemini_not_asked_total",
            "Queries without a call to Gemini: its circuit is open (`breaker`), or the calls of "
            "this `minute` or `day` are used up.",
            ["reason"],
            registry=self.registry,
        )
        for reason in ("breaker", *WINDOWS_S):
            self.not_asked.labels(reason)
        self.gemini_duration = Histogram(
            "rewriter_gemini_duration_seconds",
            "Duration of one call to Gemini, successful or not.",
            buckets=LATENCY_BUCKETS,
            registry=self.registry,
        )
        self.breaker_open = Gauge(
            "rewriter_breaker_open",
            "1 while Gemini's circuit is open.",
            registry=self.registry,
        )
