"""What the encoder tells Prometheus of its forward passes."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Histogram

from services.common.metrics import LATENCY_BUCKETS

_BATCH_SIZES = (1, 2, 4, 8, 16, 32, 64, 128, 256)


class PassMetrics:
    """How large the passes are, and how long they take."""

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
            "Time of one forward pass, waiting not counted.",
            ["modality"],
            buckets=LATENCY_BUCKETS,
            registry=registry,
        )

    def observe(self, modality: str, items: int, seconds: float) -> None:
        """One pass that succeeded."""
        self._size.labels(modality).observe(items)
        self._seconds.labels(modality).observe(seconds)
