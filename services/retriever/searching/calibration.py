"""Calibration of scores: strength of a result and confidence of an answer.

Among the products of one query a score is judged by how many of its standard deviations it lies
above the mean: a fixed cosine is high for one query and low for another.

Whether the query has any answer is another question. A query that means nothing, or that the
catalogue cannot answer, is like no product: all of its scores lie close together, and by that short
yardstick the best of them stands out as well as any. So confidence uses the spread of a *usual*
query (`catalogue.moments`). Measurements: docs/decisions/0017-usual-spread.md.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

from services.contracts.ranking import ScoreCalibration
from services.contracts.search import Strength
from services.retriever.catalogue.moments import Spread

_FEWEST = 30
"""Fewer products say nothing about what is usual."""

_OWN_SPREAD = 2.0
"""Weight of a query's own spread beside the lead of its best product: see 0017."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """Strength and confidence of scores, by the limits of the catalogue's ranking."""

    limits: ScoreCalibration

    def strength(self, spread: Spread, score: float) -> Strength:
        if spread.products < _FEWEST:
            return "strong"
        return "strong" if spread.standardised(score) >= self.limits.strong else "weak"

    def confidence(
        self, spread: Spread, usual: float, best: float | None, by_words: float = 0.0
    ) -> float:
        """0..1, from the best score over the whole catalogue; None: there is no product.

        usual: standard deviation of a usual query's scores.  by_words: what the words of the
        query add to the excess.
        """
        if best is None:
            return 0.0
        if spread.products < _FEWEST:
            return 0.5
        reach = (best - spread.mean + _OWN_SPREAD * spread.deviation) / usual
        excess = reach - best_of_noise(spread.products + spread.images) + by_words
        return 1 / (1 + math.exp(-self.limits.slope * (excess - self.limits.centre)))

    def least_score(self, spread: Spread) -> float | None:
        """Lowest score of a match; None for a catalogue that is too small."""
        return None if spread.products < _FEWEST else spread.score_at(self.limits.weak)


def best_of_noise(n: int) -> float:
    """Approximate expectation of the largest of n standard normal numbers.

    Source: Blom, Statistical Estimates and Transformed Beta-Variables (1958),
    Φ⁻¹((n - .375) / (n + .25)).
    """
    return NormalDist().inv_cdf((n - 0.375) / (n + 0.25))
