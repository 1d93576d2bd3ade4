"""Time of each stage of one request, for the `Server-Timing` header and the metrics."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from services.common.context import note
from services.gateway.metrics import GatewayMetrics


class Timings:
    """One request's stages, in the order they ended."""

    def __init__(self, metrics: GatewayMetrics) -> None:
        self._metrics = metrics
        self._started = time.perf_counter()
        self._stages: list[tuple[str, float]] = []

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Count the time inside as this stage, however it ends."""
        started = time.perf_counter()
        try:
            yield
        finally:
            seconds = time.perf_counter() - started
            self._stages.append((name, seconds * 1000))
            self._metrics.stage_duration.labels(name).observe(seconds)
            note(**{f"{name}_ms": round(seconds * 1000, 2)})

    def total_ms(self) -> float:
        return round((time.perf_counter() - self._started) * 1000, 2)

    def stages_ms(self) -> dict[str, float]:
        """Milliseconds by stage."""
        return {name: round(milliseconds, 2) for name, milliseconds in self._stages}

    def server_timing(self) -> str:
        """The header's value; browsers show it beside the request."""
        stages = [*self._stages, ("total", self.total_ms())]
        return ", ".join(f"{name};dur={milliseconds:.2f}" for name, milliseconds in stages)
