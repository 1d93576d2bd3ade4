"""Training on vectors in which the truth was put by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from services.contracts.ranking import Ranking, ScoreCalibration
from services.pipeline.errors import NothingToLearn
from services.pipeline.judging.metrics import Grade
from services.pipeline.training.calibration import StandardisedScores
from services.pipeline.training.embedded import EmbeddedProducts, EmbeddedQueries, Matrix, QueryKind
from services.pipeline.training.folds import folds
from services.pipeline.training.train import train
from services.pipeline.training.usual import usual_deviation
from services.retriever.catalogue.moments import Moments
from services.retriever.searching.calibration import Calibration

PRODUCTS, DIMENSION = 120, 32
Judged = dict[str, dict[str, Grade]]


def _unit(rows: Matrix) -> Matrix:
    units: Matrix = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return units


class World:
    """Each product has a direction; its words and its look follow it more or less closely."""

    def __init__(self, *, noise_of_text: float, noise_of_image: float, seed: int = 0) -> None:
        self._random = np.random.default_rng(seed)
        self.truth = _unit(self._normal(PRODUCTS))
        self.products = EmbeddedProducts(
            ids=[f"p{number:03d}" for number in range(PRODUCTS)],
            text=_unit(self.truth + noise_of_text * self._normal(PRODUCTS)),
            image=_unit(self.truth + noise_of_image * self._normal(PRODUCTS)),
            model="m@1",
        )

    def asked(self, *, words: int, nonsense: int = 0) -> tuple[EmbeddedQueries, Judged]:
        """Queries in words, each after one product, and some after nothing."""
        vectors = np.concatenate(
            [self.truth[:words] + 0.05 * self._normal(words), self._normal(nonsense)]
        )
        ids = [f"q{number:03d}" for number in range(words + nonsense)]
        judged: Judged = {ids[row]: {self.products.ids[row]: "E"} for row in range(words)}
        return EmbeddedQueries(ids, ["words"] * len(ids), _unit(vectors), "m@1"), judged

    def _normal(self, rows: int) -> Matrix:
        return self._random.standard_normal((rows, DIMENSION)).astype(np.float32)


def test_words_that_tell_more_than_the_look_come_to_count_more() -> None:
    world = World(noise_of_text=0.2, noise_of_image=2.0)

    training = train(world.products, *world.asked(words=80), Ranking())

    learned = training.weights["words"]
    assert learned.text_weight >= 0.75
    assert learned.change.low > 0
    assert learned.ndcg_held_out.mean > learned.ndcg_before.mean
    assert training.ranking.words.text == learned.text_weight
    assert training.ranking.picture == Ranking().picture  # nobody asked by picture


def test_a_weight_stays_where_it_is_when_nothing_speaks_against_it() -> None:
    world = World(noise_of_text=0.02, noise_of_image=0.02)

    training = train(world.products, *world.asked(words=80), Ranking())

    assert training.weights["words"].text_weight == 0.5


def test_the_cut_off_keeps_what_is_exact_and_confidence_tells_nonsense() -> None:
    world = World(noise_of_text=0.1, noise_of_image=0.1)

    training = train(world.products, *world.asked(words=80, nonsense=60), Ranking())

    assert training.unanswerable == 60
    assert training.held_out.kept.mean >= 0.95
    assert training.held_out.precision_of_strong is not None
    assert training.held_out.precision_of_strong.mean >= 0.9
    assert training.held_out.false_no_match.mean <= 0.05
    assert training.held_out.false_match is not None
    assert training.held_out.false_match.mean <= 0.05
    assert training.ranking.calibration.weak <= training.ranking.calibration.strong


def test_rankings_that_differ_have_different_names_and_the_same_data_gives_the_same() -> None:
    one, other = (World(noise_of_text=noise, noise_of_image=0.6) for noise in (0.05, 0.4))
    first, again, different = (
        train(
            world.products,
            *World(noise_of_text=0.05, noise_of_image=0.6).asked(words=80),
            Ranking(),
        )
        for world in (one, one, other)
    )

    assert first.ranking == again.ranking
    assert first.ranking.name != different.ranking.name


def test_products_that_left_the_catalogue_take_their_queries_along() -> None:
    world = World(noise_of_text=0.05, noise_of_image=0.6)
    queries, judged = world.asked(words=80)
    half = replace(
        world.products,
        ids=world.products.ids[:40],
        text=world.products.text[:40],
        image=world.products.image[:40],
    )

    assert train(half, queries, judged, Ranking()).queries == 40


def test_too_few_queries_are_refused_with_the_number_that_it_takes() -> None:
    world = World(noise_of_text=0.1, noise_of_image=0.1)

    with pytest.raises(NothingToLearn, match="fewer than 20 judged queries"):
        train(world.products, *world.asked(words=19), Ranking())


def test_vectors_of_two_models_are_never_compared() -> None:
    world = World(noise_of_text=0.1, noise_of_image=0.1)
    queries, judged = world.asked(words=30)

    with pytest.raises(ValueError, match="of m@2, the products' of m@1"):
        train(world.products, replace(queries, model="m@2"), judged, Ranking())


def test_queries_after_the_same_products_are_never_on_both_sides() -> None:
    queries = [f"q{number}" for number in range(30)]
    judged: Judged = {query: {f"p{int(query[1:]) // 3}": "E"} for query in queries[:27]}

    held_out: list[int] = []
    for train_rows, test_rows in folds(queries, judged):
        sought = [
            {str(judged.get(queries[row], row)) for row in rows} for rows in (train_rows, test_rows)
        ]
        assert not sought[0] & sought[1]
        held_out.extend(test_rows.tolist())

    assert sorted(held_out) == list(range(30))


@pytest.mark.parametrize("kind", ["words", "picture"])
@pytest.mark.parametrize("text_weight", [0.0, 0.3, 1.0])
def test_what_is_learned_about_is_what_the_retriever_computes(
    kind: QueryKind, text_weight: float
) -> None:
    world = World(noise_of_text=0.3, noise_of_image=0.5)
    products = world.products
    products.image[::3] = 0  # without a picture
    query = world.truth[:1] if kind == "words" else products.image[1:2]
    fused = text_weight * products.text + (1 - text_weight) * products.image
    scores = query @ fused.T
    usual = usual_deviation(products, kind, text_weight)

    learned_of = StandardisedScores.of(scores, np.zeros(scores.shape), np.array([usual]))

    moments = Moments.of(np.concatenate([products.text, products.image], axis=1))
    spread = moments.spread(
        np.concatenate([text_weight * query[0], (1 - text_weight) * query[0]]).astype(np.float32)
    )
    calibration = Calibration(ScoreCalibration())
    confidence = calibration.confidence(
        spread, moments.usual_deviation(kind, text_weight, 1 - text_weight), float(scores.max())
    )
    limits = ScoreCalibration()
    assert 1 / (
        1 + np.exp(-limits.slope * (learned_of.excess[0] - limits.centre))
    ) == pytest.approx(confidence, rel=1e-2, abs=1e-6)
    assert learned_of.deviations.max() == pytest.approx(
        spread.standardised(float(scores.max())), rel=1e-3
    )
