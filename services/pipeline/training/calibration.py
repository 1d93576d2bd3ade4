"""Learning what a score is worth: from when on it is a match, a strong one, and how sure of it.

Among the products of one query a score counts by how many standard deviations it stands above their
mean; whether there is any answer is told by the yardstick of a usual query, as the retriever does
(docs/decisions/0017-usual-spread.md).

- `weak`: the cut-off there leaves out one exact product in fifty.
- `strong`: from there on a product is more likely exactly what was asked for than not.
- `centre`, `slope`: a logistic curve of whether the catalogue has what was asked for.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import numpy.typing as npt
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression

from services.contracts.ranking import ScoreCalibration
from services.contracts.search import DEPTH
from services.pipeline.training.embedded import Matrix
from services.pipeline.training.similarities import Indices

KEPT = 0.98
"""Of the exact products of a query, the part that the cut-off leaves in, on average."""

FEWEST_QUERIES = 20
"""Of each sort, answered and not: from fewer no curve is drawn."""

LEAST_SPREAD = 1e-6
OWN_SPREAD = 2.0
"""The retriever's own, which nothing here may import; a test holds the two together."""

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class StandardisedScores:
    """What a search of each query finds, as calibration sees it."""

    deviations: Floats
    """(pairs,) standard deviations above the query's mean, of products that a search looks at."""
    exact: Flags
    """(pairs,) whether the product is exactly what was asked for."""
    query: Indices
    """(pairs,) which query."""
    excess: Floats
    """(queries,) how far the best product stands out, above where the best of noise would."""
    answered: Flags
    """(queries,) whether the catalogue has what was asked for."""

    @classmethod
    def of(cls, scores: Matrix, exact: Flags, usual: Floats) -> StandardisedScores:
        """scores, exact: (q, n), fused over the whole catalogue, and what is exact.

        usual: (q,) standard deviation of a usual query's scores, with the query's weights.
        """
        spread = np.maximum(scores.std(axis=1, dtype=np.float64), LEAST_SPREAD)
        lead = scores - scores.mean(axis=1, dtype=np.float64, keepdims=True)
        deviations = lead / spread[:, None]
        queries, products = scores.shape
        rows = np.arange(queries)
        depth = min(DEPTH, products)
        looked_at = exact.copy()
        first = np.argpartition(-deviations, depth - 1, axis=1)[:, :depth]
        np.put_along_axis(looked_at, first, True, axis=1)
        reach = (lead.max(axis=1) + OWN_SPREAD * spread) / usual
        return cls(
            deviations=deviations[looked_at],
            exact=exact[looked_at],
            query=np.broadcast_to(rows[:, None], scores.shape)[looked_at],
            excess=reach - best_of_noise(products),
            answered=np.asarray(exact.any(axis=1), np.bool_),
        )

    def within(self, queries: Indices) -> StandardisedScores:
        """Only of these queries, numbered anew."""
        number = np.full(len(self.answered), -1)
        number[queries] = np.arange(len(queries))
        pairs = number[self.query] >= 0
        return StandardisedScores(
            self.deviations[pairs],
            self.exact[pairs],
            number[self.query[pairs]],
            self.excess[queries],
            self.answered[queries],
        )


def learn_calibration(scores: StandardisedScores, in_force: ScoreCalibration) -> ScoreCalibration:
    """What the data does not tell stays as it is in force."""
    weak, strong = in_force.weak, in_force.strong
    if scores.exact.any():
        weak = _weak(scores)
        strong = max(_strong(scores, strong), weak)
    centre, slope = _confidence(scores) or (in_force.centre, in_force.slope)
    return ScoreCalibration(weak=weak, strong=strong, centre=centre, slope=slope)


def _weak(scores: StandardisedScores) -> float:
    """The score that `KEPT` of the exact products reach, each query counting once."""
    deviations, query = scores.deviations[scores.exact], scores.query[scores.exact]
    share = 1 / np.bincount(query)[query]
    order = np.argsort(deviations)
    below = np.cumsum(share[order]) / share.sum()
    return float(deviations[order][np.searchsorted(below, 1 - KEPT, side="right")])


def _strong(scores: StandardisedScores, in_force: float) -> float:
    """Where a product becomes more likely exact than not; never so, it stays as it is."""
    fitted = IsotonicRegression(out_of_bounds="clip").fit(
        scores.deviations, scores.exact.astype(np.float64)
    )
    likely = np.flatnonzero(fitted.y_thresholds_ >= 0.5)
    return float(fitted.X_thresholds_[likely[0]]) if len(likely) else in_force


def _confidence(scores: StandardisedScores) -> tuple[float, float] | None:
    """(centre, slope), or None from too few queries, or where confidence would fall with score.

    Both sorts of query count as much as each other, however many there are of either.
    """
    if min(scores.answered.sum(), (~scores.answered).sum()) < FEWEST_QUERIES:
        return None
    fitted = LogisticRegression(class_weight="balanced").fit(
        scores.excess[:, None], scores.answered
    )
    slope, offset = float(fitted.coef_[0, 0]), float(fitted.intercept_[0])
    return (-offset / slope, slope) if slope > 0 else None


def best_of_noise(n: int) -> float:
    """What the largest of n standard normal numbers is expected to be, about.

    The retriever's own, which nothing here may import; a test holds the two together.
    """
    return NormalDist().inv_cdf((n - 0.375) / (n + 0.25))
