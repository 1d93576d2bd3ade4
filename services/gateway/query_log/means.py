"""Means of query vectors: enough to see that queries drift, too little to read one of them."""

from __future__ import annotations

from dataclasses import dataclass

from services.contracts.base import ModelId
from services.contracts.query_log import QUERIES_PER_MEAN, LoggedMean, packed
from services.contracts.retriever import Kind, RetrievalRequest
from services.contracts.vectors import Vector


@dataclass(slots=True)
class _Sum:
    model: ModelId
    values: Vector
    queries: int = 0


class QueryMeans:
    """Sums up searches by one thing, words and pictures apart."""

    def __init__(self) -> None:
        self._sums: dict[Kind, _Sum] = {}

    def add(self, search: RetrievalRequest) -> LoggedMean | None:
        """The mean of the latest searches, when there are enough of them for one.

        Searches by several things, or by a product, are left out: which half of the catalogue they
        are to be compared with is not clear.
        """
        if len(search.terms) != 1 or search.terms[0].vector is None or search.model is None:
            return None
        kind, vector = search.terms[0].kind, search.terms[0].vector
        known = self._sums.get(kind)
        if known is None or known.model != search.model:
            known = _Sum(search.model, [0.0] * len(vector))
        self._sums[kind] = known
        known.values = [one + other for one, other in zip(known.values, vector, strict=True)]
        known.queries += 1
        if known.queries < QUERIES_PER_MEAN:
            return None
        del self._sums[kind]
        mean = [value / known.queries for value in known.values]
        return LoggedMean(kind=kind, model=known.model, queries=known.queries, vector=packed(mean))
