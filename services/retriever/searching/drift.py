"""Query drift: distance between the queries and the catalogue, for words and for pictures.

The distance of the mean of the latest queries to the mean of the catalogue's vectors of that kind,
in standard deviations of those. It is 0 for queries that are like the products, whatever each of
them asks, and grows when shoppers as a whole seek something else, when pictures come in another
style, or when a client sends vectors that are broken.

The square of the distance is estimated without bias, so that few queries do not look like drift:
the maximum mean discrepancy with a linear kernel, MMD²ᵤ in Gretton et al., A Kernel Two-Sample
Test, JMLR 13 (2012), lemma 6, each query weighted less the more have come since.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from prometheus_client import Gauge

from services.contracts.base import ModelId
from services.contracts.retriever import Kind, RetrievalRequest
from services.retriever.catalogue.moments import Moments
from services.retriever.index import Vector

HORIZON = 1_000
"""Queries after which one counts by a third (1/e) only."""

_KEPT = 1 - 1 / HORIZON

Served = tuple[ModelId, Moments]
"""The model and the moments of the catalogue that is served."""


@dataclass(slots=True)
class _Latest:
    """Weighted sums over the latest queries of one kind."""

    model: ModelId
    vector: Vector
    weight: float = 0.0
    squares: float = 0.0

    def add(self, vector: Vector) -> None:
        """vector: (d,) unit."""
        self.vector *= np.float32(_KEPT)
        self.vector += vector
        self.weight = self.weight * _KEPT + 1
        self.squares = self.squares * _KEPT**2 + 1


class QueryDrift:
    """Sums up query vectors, in any thread; the gauge computes the drift when it is read."""

    def __init__(self, gauge: Gauge, served: Callable[[], Served | None]) -> None:
        self._gauge = gauge
        self._served = served
        self._latest: dict[Kind, _Latest] = {}
        self._lock = threading.Lock()

    def asked(self, request: RetrievalRequest) -> None:
        """Count a search that was answered: the first page of a search by one vector."""
        if len(request.terms) != 1 or request.after is not None or request.model is None:
            return
        term = request.terms[0]
        if term.vector is None:
            return
        vector = np.asarray(term.vector, np.float32)
        with self._lock:
            latest = self._latest.get(term.kind)
            if latest is None or latest.model != request.model:
                latest = _Latest(request.model, np.zeros_like(vector))
                self._latest[term.kind] = latest
                self._gauge.labels(term.kind).set_function(partial(self.of, term.kind))
            latest.add(vector)

    def of(self, kind: Kind) -> float:
        """In standard deviations; NaN where nothing can be said."""
        served = self._served()
        with self._lock:
            latest = self._latest.get(kind)
            if served is None or latest is None or latest.model != served[0]:
                return math.nan
            return _distance(latest, served[1], kind)


def _distance(latest: _Latest, moments: Moments, kind: Kind) -> float:
    centre = moments.centre(kind)
    pairs = latest.weight**2 - latest.squares
    if centre is None or pairs <= 0:
        return math.nan
    length = float(centre @ centre)
    likeness = (float(latest.vector @ latest.vector) - latest.squares) / pairs
    square = likeness - 2 * float(latest.vector @ centre) / latest.weight + length
    # Unit vectors: about their mean they spread by what its length lacks to 1.
    return math.sqrt(max(square, 0.0) / max(1 - length, 1e-6))
