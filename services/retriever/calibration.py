"""Is a score unusual for its query? How the query's scores spread tells, and costs little.

The mean of a query's scores over the whole catalogue is ``q·μ`` and their variance ``qᵀΣq``, with
the mean and covariance of the catalogue's rows, computed once. A score is judged by how many
standard deviations it lies above that mean: a fixed cosine is high for one query and low for
another.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from services.contracts.ranking import ScoreCalibration
from services.contracts.search import Strength
from services.retriever.index import AnyRows, Rows, Vector

_SAMPLED = 50_000
"""Rows that the covariance is taken from at most: more change it by less than a thousandth."""

_FEWEST = 30
"""Of fewer products nothing can be said about what is usual."""

_LEAST_SPREAD = 1e-6


@dataclass(frozen=True, slots=True)
class Spread:
    """The scores of one query over the whole catalogue."""

    mean: float
    deviation: float
    products: int

    def standardised(self, score: float) -> float:
        """How many standard deviations above the mean."""
        return (score - self.mean) / self.deviation

    def score_at(self, deviations: float) -> float:
        """The score that lies so many standard deviations above the mean."""
        return self.mean + deviations * self.deviation


@dataclass(frozen=True, slots=True)
class Moments:
    """Mean (2·d,) and covariance (2·d, 2·d) of a catalogue's fused rows, float32."""

    mean: Vector
    covariance: Rows
    products: int

    @classmethod
    def of(cls, rows: AnyRows) -> Moments:
        """rows: (n, 2·d)."""
        n = len(rows)
        sample = rows[:: max(1, math.ceil(n / _SAMPLED))].astype(np.float32)
        mean = sample.mean(axis=0, dtype=np.float64) if n else np.zeros(rows.shape[1])
        centred = sample - mean.astype(np.float32)
        covariance = centred.T @ centred / np.float32(max(1, len(sample)))
        return cls(mean.astype(np.float32), covariance.astype(np.float32), n)

    def spread(self, query: Vector) -> Spread:
        """query: (2·d,) fused."""
        variance = float(query @ (self.covariance @ query))
        deviation = max(math.sqrt(max(variance, 0.0)), _LEAST_SPREAD)
        return Spread(float(self.mean @ query), deviation, self.products)


@dataclass(frozen=True, slots=True)
class Calibration:
    """What a score is worth, by the limits that the catalogue's ranking sets."""

    limits: ScoreCalibration

    def strength(self, spread: Spread, score: float) -> Strength:
        if spread.products < _FEWEST:
            return "strong"
        return "strong" if spread.standardised(score) >= self.limits.strong else "weak"

    def confidence(self, spread: Spread, best: float | None) -> float:
        """0..1, from the best score over the whole catalogue; None: there is no product."""
        if best is None:
            return 0.0
        if spread.products < _FEWEST:
            return 0.5
        excess = spread.standardised(best) - best_of_noise(spread.products)
        return 1 / (1 + math.exp(-self.limits.slope * (excess - self.limits.centre)))

    def least_score(self, spread: Spread) -> float | None:
        """What a match scores at least; None where nothing can be said."""
        return None if spread.products < _FEWEST else spread.score_at(self.limits.weak)


def best_of_noise(n: int) -> float:
    """What the largest of n standard normal numbers is expected to be, about.

    Source: Blom, Statistical Estimates and Transformed Beta-Variables (1958),
    Φ⁻¹((n - .375) / (n + .25)).
    """
    return NormalDist().inv_cdf((n - 0.375) / (n + 0.25))
