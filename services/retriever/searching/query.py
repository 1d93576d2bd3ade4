"""The terms of a request as the one vector that the index is asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from services.common.problems import InvalidRequest, ModelMismatch, NotFound
from services.contracts.base import ModalityWeights
from services.contracts.problems import FieldProblem
from services.contracts.ranking import Ranking
from services.contracts.retriever import QueryTerm, RetrievalRequest
from services.contracts.search import TermScore
from services.contracts.vectors import UNIT_TOLERANCE
from services.retriever.catalogue.catalogue import Catalogue
from services.retriever.catalogue.moments import Spread, TermKind
from services.retriever.index import Rows, Vector, fuse


@dataclass(frozen=True, slots=True)
class Query:
    """The query vector for the index."""

    fused: Vector
    """(2·d,) float32, the sum of the terms."""
    terms: list[Vector]
    """(2·d,) float32 each, with the term's balanced weight in it."""
    weights: list[float]
    """The balanced weights; their absolute values add up to 1."""
    halves: list[tuple[float, float]]
    """Shares of text and image within each term."""
    own: list[str]
    """Products that the query was made of."""
    usual: list[float]
    """Standard deviation of a usual query's scores, for each term alone."""

    def term_scores(self, rows: Rows) -> list[list[TermScore]]:
        """Contribution of each term to the score of each of these rows (n, 2·d)."""
        d = rows.shape[1] // 2
        told: list[list[TermScore]] = [[] for _ in rows]
        for term, weight, (of_text, of_image) in zip(
            self.terms, self.weights, self.halves, strict=True
        ):
            parts = np.stack([rows[:, :d] @ term[:d], rows[:, d:] @ term[d:]], axis=1)
            for place, (text, image) in zip(told, parts.tolist(), strict=True):
                place.append(
                    TermScore(
                        weight=weight,
                        text=_share(text, weight * of_text),
                        image=_share(image, weight * of_image),
                        contribution=text + image,
                    )
                )
        return told


def query_of(catalogue: Catalogue, request: RetrievalRequest) -> Query:
    """Raises ModelMismatch, InvalidRequest, NotFound for a term's product."""
    info = catalogue.info
    if request.model is not None and request.model != info.model:
        raise ModelMismatch(
            f"The query's vector is of model {request.model!r}, the catalogue's are of "
            f"{info.model!r}; they cannot be compared."
        )
    balances = [_balance(catalogue.ranking, term) for term in request.terms]
    fused = [
        _fused(catalogue, number, term, balance)
        for number, (term, balance) in enumerate(zip(request.terms, balances, strict=True))
    ]
    terms, weights = _balanced(catalogue, request, fused)
    halves = [_halves(balance) for balance in balances]
    usual = [
        catalogue.moments.usual_deviation(_kind(term), *of_term)
        for term, of_term in zip(request.terms, halves, strict=True)
    ]
    return Query(
        fused=np.sum(terms, axis=0, dtype=np.float32) if len(terms) > 1 else terms[0],
        terms=terms,
        weights=weights,
        halves=halves,
        own=[term.product_id for term in request.terms if term.product_id is not None],
        usual=usual,
    )


def _balanced(
    catalogue: Catalogue, request: RetrievalRequest, fused: list[Vector]
) -> tuple[list[Vector], list[float]]:
    """The terms with their balanced weights in them, and the weights. fused: of each term."""
    if len(fused) == 1:
        return fused, [1.0]  # its weight changes nothing
    spreads: list[Spread] = [catalogue.moments.spread(one) for one in fused]
    weights = [
        term.weight / spread.deviation for term, spread in zip(request.terms, spreads, strict=True)
    ]
    total = sum(abs(weight) for weight in weights)
    weights = [weight / total for weight in weights]
    return [one * np.float32(part) for one, part in zip(fused, weights, strict=True)], weights


def _halves(weights: ModalityWeights) -> tuple[float, float]:
    total = weights.text + weights.image
    return weights.text / total, weights.image / total


def _kind(term: QueryTerm) -> TermKind:
    return "product" if term.product_id is not None else term.kind


def _balance(ranking: Ranking, term: QueryTerm) -> ModalityWeights:
    """The term's own, else what was learned for its kind."""
    if term.weights is not None:
        return term.weights
    if term.product_id is not None:
        return ranking.product
    return ranking.words if term.kind == "words" else ranking.picture


def _fused(catalogue: Catalogue, number: int, term: QueryTerm, balance: ModalityWeights) -> Vector:
    """(2·d,) float32 of one term."""
    if term.vector is not None:
        return fuse(_unit(term.vector, number, catalogue.info.dimension), balance)
    assert term.product_id is not None  # noqa: S101 - the contract says one of the two
    row = catalogue.index.number_of(term.product_id)
    if row is None:
        raise NotFound(f"The catalogue has no product {term.product_id!r}.")
    vectors = catalogue.index.rows(np.array([row], np.intp))[0]
    d = catalogue.info.dimension
    text, image = vectors[:d], vectors[d:]
    if balance.text == 0 and not image.any():
        raise InvalidRequest(
            f"Product {term.product_id!r} has no picture, so nothing can be found by its look."
        )
    of_text, of_image = _halves(balance)
    return np.concatenate([text * np.float32(of_text), image * np.float32(of_image)])


def _unit(values: Sequence[float], number: int, dimension: int) -> Vector:
    """(d,) unit float32. Raises InvalidRequest where it cannot be compared."""
    if len(values) != dimension:
        raise _vector_problem(
            number,
            f"The query's vector has {len(values)} floats, the catalogue's have {dimension}.",
        )
    query = np.asarray(values, np.float32)
    length = float(np.linalg.norm(query))
    if not abs(length - 1) <= UNIT_TOLERANCE:
        raise _vector_problem(
            number, f"The query's vector must be of unit length, not {length:.4g}."
        )
    return query


def _vector_problem(number: int, message: str) -> InvalidRequest:
    return InvalidRequest(
        message, errors=[FieldProblem(field=f"body.terms.{number}.vector", message=message)]
    )


def _share(part: float, weight: float) -> float:
    return 0.0 if weight == 0 else part / weight
