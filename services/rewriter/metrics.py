"""What the rewriter counts beside what every service counts."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

from services.common.metrics import LATENCY_BUCKETS, Metrics
from services.rewriter.spending import WINDOWS_S


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
        self.not_asked = Counter(
            "rewriter_gemini_not_asked_total",
            "Queries that Gemini was not asked about: left alone after failing (`breaker`), or the "
            "calls of this `minute` or `day` are spent.",
            ["reason"],
            registry=self.registry,
        )
        for reason in ("breaker", *WINDOWS_S):
            self.not_asked.labels(reason)
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
