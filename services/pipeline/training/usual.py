"""Spread of a usual query's scores: a query that says the same as a product of the catalogue.

The retriever decides by it if there is any answer. This room may not import the retriever; a test
compares the two. Derivation: docs/decisions/0017-usual-spread.md.
"""

from __future__ import annotations

import numpy as np

from services.pipeline.training.calibration import LEAST_SPREAD
from services.pipeline.training.embedded import EmbeddedProducts, QueryKind


def usual_deviation(products: EmbeddedProducts, kind: QueryKind, text_weight: float) -> float:
    """Standard deviation of such a query's scores over the catalogue."""
    own = products.text if kind == "words" else products.image
    asked = own[own.any(axis=1)]
    if not len(asked):  # no product has a picture
        asked = products.text
    fused = text_weight * products.text + (1 - text_weight) * products.image
    centred = fused - fused.mean(axis=0, dtype=np.float64)
    covariance = centred.T @ centred / len(fused)
    second = asked.T @ asked / len(asked)
    return max(float(np.sqrt(max(np.sum(covariance * second), 0.0))), LEAST_SPREAD)
