"""Calibration: which score is a match, which a strong one, and how confident an answer is.

A product's score counts in standard deviations above the mean of its query's scores. Whether the
catalogue has an answer at all is measured against the spread of a usual query, as in the retriever
(docs/decisions/0017-usual-spread.md).

- `weak`: the cut-off there costs one fiftieth of NDCG.
- `strong`: from there on a product is more likely exactly what was asked for than not.
- `centre`, `slope`: a logistic curve of whether the catalogue has what was asked for.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from services.contracts.ranking import ScoreCalibration
from services.contracts.search import DEPTH
from services.pipeline.training.embedded import Matrix
from services.pipeline.training.similarities import Indices

KEPT = 0.98
"""Share of NDCG that the cut-off keeps."""

FEWEST_QUERIES = 20
"""Answered and unanswered queries each; with fewer no curve is fitted."""

LEAST_SPREAD = 1e-6
OWN_SPREAD = 2.0
"""The retriever's own values. Nothing here may import them; a test compares the two."""

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class StandardisedScores:
    """The results of each query, standardised."""

    deviations: Floats
    """(pairs,) standard deviations above the query's mean, of the products that a search ranks."""
    exact: Flags
    """(pairs,) whether the product is exactly what was asked for."""
    worth: Floats
    """(pairs,) the product's share of its query's NDCG."""
    query: Indices
    """(pairs,) which query."""
    excess: Floats
    """(queries,) how far the best product stands out, above the best of random scores."""
    answered: Flags
    """(queries,) whether the catalogue has what was asked for."""

    @classmethod
    def of(cls, scores: Matrix, gains: Floats, usual: Floats) -> StandardisedScores:
        """scores, gains: (q, n), fused over the whole catalogue, and ESCI's gains.

        usual: (q,) standard deviation of a usual query's scores, with the query's weights.
        """
        spread = np.maximum(scores.std(axis=1, dtype=np.float64), LEAST_SPREAD)
        lead = scores - scores.mean(axis=1, dtype=np.float64, keepdims=True)
        deviations = lead / spread[:, None]
        queries, products = scores.shape
        exact = gains == 1
        looked_at = exact.copy()
        first = np.argsort(-deviations, axis=1, kind="stable")[:, : min(DEPTH, products)]
        np.put_along_axis(looked_at, first, True, axis=1)
        reach = (lead.max(axis=1) + OWN_SPREAD * spread) / usual
        return cls(
            deviations=deviations[looked_at],
            exact=exact[looked_at],
            worth=_worth(gains, first)[looked_at],
            query=np.broadcast_to(np.arange(queries)[:, None], scores.shape)[looked_at],
            excess=reach - best_of_noise(products),
            answered=np.asarray(exact.any(axis=1), np.bool_),
        )

    def within(self, queries: Indices) -> StandardisedScores:
        """Only these queries, renumbered."""
        number = np.full(len(self.answered), -1)
        number[queries] = np.arange(len(queries))
        pairs = number[self.query] >= 0
        return StandardisedScores(
            self.deviations[pairs],
            self.exact[pairs],
            self.worth[pairs],
            number[self.query[pairs]],
            self.excess[queries],
            self.answered[queries],
        )


def learn_calibration(scores: StandardisedScores, in_force: ScoreCalibration) -> ScoreCalibration:
    """Values that the data does not determine stay as in `in_force`."""
    weak, strong = in_force.weak, in_force.strong
    if scores.exact.any():
        weak = _weak(scores)
        strong = max(_strong(scores, strong), weak)
    centre, slope = _confidence(scores) or (in_force.centre, in_force.slope)
    return ScoreCalibration(weak=weak, strong=strong, centre=centre, slope=slope)


def _worth(gains: Floats, best_first: Indices) -> Floats:
    """(q, n) each product's part of its query's NDCG. best_first: (q, depth) places."""
    discounts = 1 / np.log2(np.arange(2, gains.shape[1] + 2))
    ideal = np.sort(gains, axis=1)[:, ::-1] @ discounts
    worth = np.zeros(gains.shape)
    found = np.take_along_axis(gains, best_first, axis=1) * discounts[: best_first.shape[1]]
    np.put_along_axis(worth, best_first, found / np.maximum(ideal, LEAST_SPREAD)[:, None], axis=1)
    return worth


def _weak(scores: StandardisedScores) -> float:
    """The highest cut-off that keeps `KEPT` of NDCG."""
    order = np.argsort(scores.deviations)
    below = np.cumsum(scores.worth[order]) / scores.worth.sum()
    return float(scores.deviations[order][np.searchsorted(below, 1 - KEPT, side="right")])


def _strong(scores: StandardisedScores, in_force: float) -> float:
    """Where a product becomes more likely exact than not; if nowhere, `in_force`."""
    from sklearn.isotonic import IsotonicRegression  # takes a second

    fitted = IsotonicRegression(out_of_bounds="clip").fit(
        scores.deviations, scores.exact.astype(np.float64)
    )
    likely = np.flatnonzero(fitted.y_thresholds_ >= 0.5)
    return float(fitted.X_thresholds_[likely[0]]) if len(likely) else in_force


def _confidence(scores: StandardisedScores) -> tuple[float, float] | None:
    """(centre, slope), or None for too few queries, or if confidence would fall with the score.

    Answered and unanswered queries weigh the same, however many there are of either.
    """
    if min(scores.answered.sum(), (~scores.answered).sum()) < FEWEST_QUERIES:
        return None
    from sklearn.linear_model import LogisticRegression  # takes a second

    fitted = LogisticRegression(class_weight="balanced").fit(
        scores.excess[:, None], scores.answered
    )
    slope, offset = float(fitted.coef_[0, 0]), float(fitted.intercept_[0])
    return (-offset / slope, slope) if slope > 0 else None


def best_of_noise(n: int) -> float:
    """Approximate expectation of the largest of n standard normal numbers.

    The retriever has its own. Nothing here may import it; a test compares the two.
    """
    return NormalDist().inv_cdf((n - 0.375) / (n + 0.25))
