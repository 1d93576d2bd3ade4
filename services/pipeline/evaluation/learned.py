"""The learned ranking, as one more way to search golden queries.

Each half of the queries is searched with the ranking learned from the other half, so no query is
judged by a weight or a cut-off that it helped to choose.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from services.contracts.ranking import BUILT_IN, Ranking
from services.pipeline.encoding.batches import Vectors
from services.pipeline.errors import NothingToLearn, NothingToLoad
from services.pipeline.judging.golden import Golden, Half
from services.pipeline.judging.metrics import Rankings
from services.pipeline.settings import PipelineSettings
from services.pipeline.training.embedded import EmbeddedProducts, EmbeddedQueries, QueryKind
from services.pipeline.training.embedded_golden import embed_queries
from services.pipeline.training.published import published_products
from services.pipeline.training.served import serve
from services.pipeline.training.train import train

MOST_SCORES = 50_000_000
"""Queries times products; larger catalogues are not learned from here, for want of memory."""

_OTHER: Mapping[Half, Half] = {"tune": "report", "report": "tune"}


@dataclass(frozen=True, slots=True)
class LearnedRankings:
    """A ranking for each half of the queries."""

    by_half: Mapping[Half, Ranking]
    products: EmbeddedProducts

    def served(self, half: Half, kind: QueryKind, ids: list[str], asked: Vectors) -> Rankings:
        """Results with the cut-off and the "no good match" rule of that half's ranking."""
        queries = EmbeddedQueries(ids, [kind] * len(ids), asked.rows, asked.model)
        return serve(queries, self.products, kind, self.by_half[half]).rankings


def learn_across(golden: Golden, settings: PipelineSettings) -> LearnedRankings | None:
    """None if a half is too small to learn from, or the vectors are missing or too many.

    Raises DependencyAway, EncoderBroken.
    """
    try:
        products = published_products(settings.feature_store / "offline")
        if len(products.ids) * len(golden.queries) > MOST_SCORES:
            return None
        by_half = {
            half: train(products, *embed_queries(golden, other, settings), BUILT_IN).ranking
            for half, other in _OTHER.items()
        }
    except (NothingToLearn, NothingToLoad):
        return None
    return LearnedRankings(by_half, products)
