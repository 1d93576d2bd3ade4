"""Training: judged queries and vectors become a ranking, measured on held-out queries."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from services.contracts.base import ModalityWeights
from services.contracts.ranking import Ranking, ScoreCalibration
from services.pipeline.errors import NothingToLearn
from services.pipeline.judging.metrics import ESCI_GAINS, Interval, Judgements
from services.pipeline.training.calibration import (
    Floats,
    StandardisedScores,
    learn_calibration,
)
from services.pipeline.training.embedded import EmbeddedProducts, EmbeddedQueries, QueryKind
from services.pipeline.training.folds import folds
from services.pipeline.training.judged_calibration import (
    CalibrationFigures,
    error_change,
    figures,
    held_out_figures,
)
from services.pipeline.training.similarities import Similarities
from services.pipeline.training.usual import usual_deviation
from services.pipeline.training.weights import (
    KINDS,
    LearnedWeight,
    learn_weight,
    text_share,
    weights_of,
)

FEWEST_QUERIES = 20
"""Judged queries of a kind; with fewer its weight is not learned."""


@dataclass(frozen=True, slots=True)
class Training:
    """The learned ranking, and the figures that show its worth."""

    ranking: Ranking
    weights: Mapping[QueryKind, LearnedWeight]
    """By kind of query; only kinds with enough queries."""
    queries: int
    unanswerable: int
    before: CalibrationFigures
    """Figures of the present calibration with the learned weights."""
    held_out: CalibrationFigures
    fewer_errors: Interval | None
    """Change in wrong match decisions; confidence is learned only if it is surely below 0."""
    scores: StandardisedScores
    """The data of the plots."""


def train(
    products: EmbeddedProducts, queries: EmbeddedQueries, judgements: Judgements, in_force: Ranking
) -> Training:
    """judgements: of queries that have an answer; a query without any is unanswerable.

    Raises NothingToLearn for too few queries, ValueError for vectors of two models.
    """
    known = set(products.ids)
    judgements = {
        query: {product: grade for product, grade in grades.items() if product in known}
        for query, grades in judgements.items()
    }
    judged = {query: grades for query, grades in judgements.items() if "E" in grades.values()}
    lost = judgements.keys() - judged.keys()
    weights = {
        kind: learned
        for kind in KINDS
        if (learned := _weight(kind, products, queries, judged, in_force))
    }
    if not weights:
        raise NothingToLearn(
            f"there is nothing to learn from: fewer than {FEWEST_QUERIES} judged queries, in words "
            "or by picture, seek products of this catalogue"
        )
    ranking = _with_weights(in_force, weights)
    kept = [row for row, query in enumerate(queries.ids) if query not in lost]
    used = EmbeddedQueries(
        [queries.ids[row] for row in kept],
        [queries.kinds[row] for row in kept],
        queries.vectors[kept],
        queries.model,
    )
    scores = _standardised(products, used, judged, ranking)

    def learn(some: StandardisedScores) -> ScoreCalibration:
        return learn_calibration(some, in_force.calibration)

    before = figures(scores, in_force.calibration)
    held_out = held_out_figures(scores, folds(used.ids, judged), learn)
    calibration = learn(scores)
    fewer_errors = error_change(before, held_out, scores.answered)
    if fewer_errors is None or fewer_errors.high >= 0:
        kept_as_is = {name: getattr(in_force.calibration, name) for name in ("centre", "slope")}
        calibration = calibration.model_copy(update=kept_as_is)
    return Training(
        ranking=_named(ranking.model_copy(update={"calibration": calibration})),
        weights=weights,
        queries=len(used.ids),
        unanswerable=sum(query not in judged for query in used.ids),
        before=before,
        held_out=held_out,
        fewer_errors=fewer_errors,
        scores=scores,
    )


def _weight(
    kind: QueryKind,
    products: EmbeddedProducts,
    queries: EmbeddedQueries,
    judged: Judgements,
    in_force: Ranking,
) -> LearnedWeight | None:
    similarities = Similarities.between(queries.of_kind(kind), products)
    rows = np.flatnonzero([query in judged for query in similarities.queries])
    if len(rows) < FEWEST_QUERIES:
        return None
    return learn_weight(similarities.of(rows), judged, text_share(weights_of(in_force, kind)))


def _with_weights(in_force: Ranking, learned: Mapping[QueryKind, LearnedWeight]) -> Ranking:
    changed: dict[str, ModalityWeights] = {
        kind: ModalityWeights(text=one.text_weight, image=round(1 - one.text_weight, 6))
        for kind, one in learned.items()
    }
    return in_force.model_copy(update=changed)


def _standardised(
    products: EmbeddedProducts, queries: EmbeddedQueries, judged: Judgements, ranking: Ranking
) -> StandardisedScores:
    """In the order of the queries, each with the weights of its kind."""
    similarities = Similarities.between(queries, products)
    share = {kind: text_share(weights_of(ranking, kind)) for kind in KINDS}
    weight = np.array([share[kind] for kind in queries.kinds], np.float32)[:, None]
    fused = weight * similarities.text + (1 - weight) * similarities.image
    usual = {kind: usual_deviation(products, kind, share[kind]) for kind in KINDS}
    return StandardisedScores.of(
        fused,
        _gains(queries.ids, products.ids, judged),
        np.array([usual[kind] for kind in queries.kinds]),
    )


def _gains(queries: Sequence[str], products: Sequence[str], judged: Judgements) -> Floats:
    """(q, n) gain of each product for each query; 1 is exactly what the query asks for."""
    place = {product: number for number, product in enumerate(products)}
    gains = np.zeros((len(queries), len(products)))
    for row, query in enumerate(queries):
        for product, grade in judged.get(query, {}).items():
            gains[row, place[product]] = ESCI_GAINS[grade]
    return gains


def _named(ranking: Ranking) -> Ranking:
    """Named by its content, so that two different rankings never share a name."""
    content = ranking.model_copy(update={"name": "learned"}).model_dump_json()
    digest = hashlib.sha256(content.encode()).hexdigest()[:12]
    return ranking.model_copy(update={"name": f"learned-{digest}"})
