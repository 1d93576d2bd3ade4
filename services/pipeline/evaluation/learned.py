"""The ranking that training learns, as one more way to search golden queries.

Each half of the queries is searched by what the other half taught, so that none is judged by a
weight or a cut-off that it helped to choose.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from services.contracts.ranking import BUILT_IN, Ranking
from services.contracts.retriever import NO_MATCH_BELOW
from services.pipeline.encoding.batches import Vectors
from services.pipeline.errors import NothingPublished, NothingToLearn
from services.pipeline.evaluation.searching import Answer
from services.pipeline.judging.golden import Golden, Half
from services.pipeline.settings import PipelineSettings
from services.pipeline.training.embedded import EmbeddedProducts, EmbeddedQueries, QueryKind
from services.pipeline.training.embedded_golden import embed_queries
from services.pipeline.training.published import published_products
from services.pipeline.training.similarities import Similarities
from services.pipeline.training.train import train
from services.pipeline.training.weights import text_share, weights_of

MOST_SCORES = 50_000_000
"""Most scores (queries × products) to learn from; more do not fit into memory with a catalogue."""

_OTHER: Mapping[Half, Half] = {"tune": "report", "report": "tune"}


@dataclass(frozen=True, slots=True)
class LearnedRankings:
    """A ranking for each half of the queries."""

    by_half: Mapping[Half, Ranking]
    products: EmbeddedProducts

    def cut(
        self, half: Half, kind: QueryKind, asked: Vectors, answers: Sequence[Answer]
    ) -> list[Answer]:
        """The answers after the learned cut-off: each keeps only products that score as a match.

        The retriever has already decided, by its active confidence, if there is any match.
        """
        queries = EmbeddedQueries(
            [str(number) for number in range(len(answers))],
            [kind] * len(answers),
            asked.rows,
            asked.model,
        )
        ranking = self.by_half[half]
        fused = Similarities.between(queries, self.products).fused(
            text_share(weights_of(ranking, kind))
        )
        weak = ranking.calibration.weak
        least = fused.mean(axis=1, dtype=np.float64) + weak * fused.std(axis=1, dtype=np.float64)
        return [
            _above(answer, score) for answer, score in zip(answers, least.tolist(), strict=True)
        ]


def learn_across(golden: Golden, settings: PipelineSettings) -> LearnedRankings | None:
    """None where a half is too small to learn from, or the vectors are not at hand or too many.

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
    except (NothingToLearn, NothingPublished):
        return None
    return LearnedRankings(by_half, products)


def _above(answer: Answer, least: float) -> Answer:
    if answer.confidence < NO_MATCH_BELOW:
        return Answer(confidence=answer.confidence)
    kept = sum(score >= least for score in answer.scores)
    return Answer(answer.products[:kept], answer.scores[:kept], answer.confidence)
