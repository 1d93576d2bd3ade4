"""Prometheus metrics of the encoder's forward passes."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Histogram

from services.common.metrics import LATENCY_BUCKETS

_BATCH_SIZES = (1, 2, 4, 8, 16, 32, 64, 128, 256)


class PassMetrics:
    """Sizes and durations of forward passes."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._size = Histogram(
            "encoder_batch_size",
            "Items in one forward pass.",
            ["modality"],
            buckets=_BATCH_SIZES,
            registry=registry,
        )
        self._seconds = Histogram(
            "encoder_forward_seconds",
            "Time of one forward pass without waiting.",
            ["modality"],
            buckets=LATENCY_BUCKETS,
            registry=registry,
        )

    def observe(self, modality: str, items: int, seconds: float) -> None:
        """Record a successful pass."""
        self._size.labels(modality).observe(items)
        self._seconds.labels(modality).observe(seconds)
