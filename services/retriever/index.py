"""Exact search over fused rows `[text ; image]`.

Behind the `Index` protocol, so that a compressed scan can stand beside it for larger catalogues.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from services.contracts.base import ModalityWeights

Vector = NDArray[np.float32]
Rows = NDArray[np.float32]

SCORE_DECIMALS = 6
"""Scores are told to this many decimals; what differs by less counts as a tie."""

# A score in float32 is off by some 1e-7, and rounding moves it by half of the last decimal told.
# Rows that come this near to the last place are scored again, in float64.
_MARGIN = 4e-6
# So many of them at most. Only rows that tie can be more (pictures are asked for, and thousands of
# products have none); then the first ones in order of id are the right ones.
_MOST_RESCORED = 4096


@dataclass(frozen=True, slots=True)
class Hits:
    """The best rows, best first; equal scores in ascending order of row."""

    rows: NDArray[np.intp]
    scores: NDArray[np.float64]


class Index(Protocol):
    """Finds the best rows for a fused query."""

    def __len__(self) -> int:
        """How many rows it holds."""
        ...

    def search(self, query: Vector, k: int, threshold: float | None = None) -> Hits:
        """The `k` best rows, leaving out those below `threshold`.

        query: (2·d,) float32 from `fuse`.  Scores are inner products within -1..1.
        """
        ...


def fuse(query: Vector, weights: ModalityWeights) -> Vector:
    """Query for an index over ``[text ; image]`` rows: one inner product is exact late fusion.

    query: (d,) unit float32.  Returns (2·d,) float32, ``[w_text·query ; w_image·query]``, the
    weights brought to a sum of 1.  Raises ValueError when both weights are zero.
    """
    total = weights.text + weights.image
    if total <= 0:
        raise ValueError("at least one of the two weights must be above 0")
    return np.concatenate(
        [query * np.float32(weights.text / total), query * np.float32(weights.image / total)]
    )


class ExactIndex:
    """Brute force: every row is scored. NumPy leaves the interpreter lock alone meanwhile."""

    def __init__(self, rows: Rows) -> None:
        """rows: (n, 2·d) float32, both halves of unit length, or zero where there is no vector."""
        self._rows = rows

    def __len__(self) -> int:
        return len(self._rows)

    def search(self, query: Vector, k: int, threshold: float | None = None) -> Hits:
        """See `Index.search`."""
        rough: Vector = self._rows @ query
        candidates = _candidates(rough, k, threshold)
        # BLAS adds up in an order that depends on a row's place, so that equal rows may score
        # unequally in the last bit. Scored again and rounded, they tie as they should.
        exact = self._rows[candidates].astype(np.float64) @ query.astype(np.float64)
        scores = np.clip(np.round(exact, SCORE_DECIMALS), -1.0, 1.0) + 0.0  # never -0.0
        best = np.argsort(-scores, kind="stable")[:k]
        if threshold is not None:
            best = best[scores[best] >= threshold]
        return Hits(candidates[best], scores[best])


def _candidates(rough: Vector, k: int, threshold: float | None) -> NDArray[np.intp]:
    """Rows in ascending order that may be among the `k` best once scored exactly."""
    least = -np.inf
    if k < len(rough):
        least = float(np.partition(rough, len(rough) - k)[len(rough) - k])
    if threshold is not None:
        least = max(least, threshold)
    candidates = np.flatnonzero(rough >= least - _MARGIN)
    if len(candidates) <= max(k, _MOST_RESCORED):
        return candidates
    certain = rough[candidates] > least + _MARGIN
    ties = candidates[~certain][:_MOST_RESCORED]
    return np.sort(np.concatenate([candidates[certain], ties]))
