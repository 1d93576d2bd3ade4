"""Prometheus metrics of the retriever, in addition to those of every service."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram, Info

from services.common.metrics import LATENCY_BUCKETS, Metrics
from services.contracts.retriever import CatalogueInfo


class RetrieverMetrics(Metrics):
    """The registry of one retriever."""

    def __init__(self) -> None:
        super().__init__("retriever")
        self.products = Gauge(
            "retriever_catalogue_products", "Products served.", registry=self.registry
        )
        self.catalogue = Info(
            "retriever_catalogue", "Which catalogue is served.", registry=self.registry
        )
        self.changed = Gauge(
            "retriever_catalogue_changed_timestamp_seconds",
            "When what is served was last taken over, whole or changed; 0 before the first.",
            registry=self.registry,
        )
        self.stale = Gauge(
            "retriever_catalogue_stale",
            "1 while the catalogue served may be older than the one published.",
            registry=self.registry,
        )
        self.loads = Counter(
            "retriever_catalogue_loads",
            "Attempts to load a published catalogue, by how they ended.",
            ["result"],
            registry=self.registry,
        )
        self.load_seconds = Histogram(
            "retriever_catalogue_load_seconds",
            "Time to read and check a catalogue that was then served.",
            buckets=(0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0),
            registry=self.registry,
        )
        self.search_seconds = Histogram(
            "retriever_search_seconds",
            "Time of one search in its thread, waiting not counted.",
            buckets=(0.0005, *LATENCY_BUCKETS),
            registry=self.registry,
        )
        self.repeated = Counter(
            "retriever_repeated_searches",
            "Searches that were answered from memory; the others are in retriever_search_seconds.",
            registry=self.registry,
        )
        self.query_drift = Gauge(
            "retriever_query_drift",
            "Distance of the latest queries' mean vector to that of the catalogue's words or "
            "pictures, in standard deviations of those.",
            ["sought"],
            registry=self.registry,
        )

    def serving(self, info: CatalogueInfo) -> None:
        """Tell which catalogue is served from now on."""
        self.products.set(info.products)
        self.changed.set_to_current_time()
        self.catalogue.info({"version": info.version, "model": info.model})
