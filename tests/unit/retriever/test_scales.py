"""Scores of another model lie elsewhere. What is said of them stays the same."""

from __future__ import annotations

import numpy as np
import pytest

from services.contracts.base import ModalityWeights
from services.contracts.retriever import CatalogueInfo, QueryTerm, RetrievalRequest
from services.retriever.catalogue.catalogue import Catalogue
from services.retriever.catalogue.moments import Moments
from services.retriever.catalogue.product_table import TEXT_COLUMNS, ProductTable, product_batch
from services.retriever.catalogue.products import Products
from services.retriever.index import IndexChoice, LiveIndex, Rows, Vector
from tests.support.indexes import index_of
from tests.unit.retriever.searches import search

D, N = 24, 120
TEXTS = 0.6
MODELS = {"like CLIP": (0.5, 0.5), "like SigLIP": (0.35, -0.2)}
"""The share of a vector that tells products apart, and what all pictures have in common in the
direction in which texts have TEXTS.
"""


def unit(*seed: int) -> Vector:
    vector = np.random.default_rng(seed).normal(size=D).astype(np.float32)
    return vector / np.float32(np.linalg.norm(vector))


def of_model(vectors: Rows, share: float, common: float) -> Rows:
    """Vectors of a model whose texts, or pictures, all lie in a narrow cone.

    Cosines are then `share²` times those of the vectors given, plus a constant.
    """
    rest = np.sqrt(1 - share**2 - common**2)
    parts = [share * vectors, np.full((len(vectors), 1), common), np.full((len(vectors), 1), rest)]
    return np.concatenate(parts, axis=1).astype(np.float32)


def texts_and_pictures() -> tuple[Rows, Rows]:
    words = np.stack([unit(number // 3) + 0.8 * unit(1, number) for number in range(N)])
    looks = np.stack([unit(number // 3) + 0.8 * unit(2, number) for number in range(N)])
    return _unit_rows(words), _unit_rows(looks)


def _unit_rows(rows: Rows) -> Rows:
    unit_rows: Rows = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return unit_rows


def queries() -> list[Vector]:
    near = [unit(number) for number in range(0, N // 3, 4)]
    return [*near, *(unit(3, number) for number in range(10))]


def catalogue(text: Rows, image: Rows) -> Catalogue:
    texts = {name: [""] * N for name in TEXT_COLUMNS}
    texts["title"] = [
        f"{['wooden', 'steel', 'red'][number % 3]} thing {number}" for number in range(N)
    ]
    texts["attributes"] = ["{}"] * N
    ids = [f"p-{number:03d}" for number in range(N)]
    batch, refused = product_batch(ids, texts, [1.0] * N)
    assert refused == []
    rows = np.concatenate([text, image], axis=1)
    choice = IndexChoice()
    return Catalogue(
        CatalogueInfo(version="v1", model="m@1", dimension=text.shape[1], products=N),
        Products(ProductTable.of([batch], [])),
        LiveIndex(index_of(choice, rows), ids, choice),
        Moments.of(rows),
    )


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize(
    ("kind", "said"),
    [("words", None), ("words", "wooden thing"), ("words", "red thing 14"), ("picture", None)],
)
def test_confidence_and_strength_do_not_depend_on_the_scale_of_cosines(
    model: str, kind: str, said: str | None
) -> None:
    share, common = MODELS[model]
    text, image = texts_and_pictures()
    plain = catalogue(text, image)
    narrow = catalogue(of_model(text, share, TEXTS), of_model(image, share, common))
    weights = ModalityWeights(text=0.5, image=0.5)
    for query in queries():
        asked = of_model(query[None], share, TEXTS if kind == "words" else common)[0]
        answers = [
            search(
                one,
                RetrievalRequest(
                    model="m@1",
                    terms=[
                        QueryTerm(vector=vector.tolist(), weights=weights, kind=kind, text=said)
                    ],
                    k=40,
                    cutoff="off",
                ),
            )
            for one, vector in ((plain, query), (narrow, asked))
        ]
        first, second = answers
        assert second.confidence == pytest.approx(first.confidence, abs=5e-3)
        strengths = [{one.product_id: one.strength for one in made.results} for made in answers]
        assert len(strengths[0].keys() & strengths[1].keys()) >= 10
        for product in strengths[0].keys() & strengths[1].keys():
            assert strengths[0][product] == strengths[1][product]
        if said is None:
            assert list(strengths[0]) == list(strengths[1])
