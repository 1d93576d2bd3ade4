"""Results as shoppers see them: after the cut-off and the "no good match" rule.

The retriever's rules, recomputed from vectors alone. Nothing here may import the retriever; a test
compares the two.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from services.contracts.ranking import Ranking
from services.pipeline.judging.metrics import Rankings
from services.pipeline.training.calibration import LEAST_SPREAD, OWN_SPREAD, best_of_noise
from services.pipeline.training.embedded import EmbeddedProducts, EmbeddedQueries, QueryKind
from services.pipeline.training.similarities import Similarities
from services.pipeline.training.usual import usual_deviation
from services.pipeline.training.weights import text_share, weights_of

FEWEST_PRODUCTS = 30
"""Below it the retriever applies no cut-off."""


@dataclass(frozen=True, slots=True)
class Served:
    """Answers to queries of one kind."""

    rankings: Rankings
    """Products by query, best first; empty if the answer is "no good match"."""
    matched: Mapping[str, bool]
    """True if the answer was a match, by query."""


def serve(
    queries: EmbeddedQueries, products: EmbeddedProducts, kind: QueryKind, ranking: Ranking
) -> Served:
    """Answers with this ranking. queries: all of this kind.

    Raises ValueError when queries and products are of two models.
    """
    share = text_share(weights_of(ranking, kind))
    similarities = Similarities.between(queries, products)
    found = similarities.best_first(share)
    if len(products.ids) < FEWEST_PRODUCTS:
        return Served(found, dict.fromkeys(found, True))
    scores = similarities.fused(share)
    mean = scores.mean(axis=1, dtype=np.float64)
    spread = np.maximum(scores.std(axis=1, dtype=np.float64), LEAST_SPREAD)
    usual = usual_deviation(products, kind, share)
    reach = (scores.max(axis=1) - mean + OWN_SPREAD * spread) / usual
    limits = ranking.calibration
    matched = reach - best_of_noise(len(products.ids)) >= limits.centre
    above = np.where(matched, (scores >= (mean + limits.weak * spread)[:, None]).sum(axis=1), 0)
    return Served(
        {query: found[query][:kept] for query, kept in zip(found, above.tolist(), strict=True)},
        dict(zip(found, matched.tolist(), strict=True)),
    )
