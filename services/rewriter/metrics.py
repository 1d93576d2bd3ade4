"""What the rewriter counts beside what every service counts."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

from services.common.metrics import LATENCY_BUCKETS, Metrics


class RewriterMetrics(Metrics):
    """The common metrics, with where the answers came from."""

    def __init__(self) -> None:
        super().__init__("rewriter")
        self.rewrites = Counter(
            "rewriter_rewrites_total",
            "Queries answered, by where the answer came from.",
            ["source"],
            registry=self.registry,
        )
        self.gemini_duration = Histogram(
            "rewriter_gemini_duration_seconds",
            "Time of one call to Gemini, however it ended.",
            buckets=LATENCY_BUCKETS,
            registry=self.registry,
        )
        self.breaker_open = Gauge(
            "rewriter_breaker_open",
            "1 while Gemini is left alone after failing.",
            registry=self.registry,
        )
