"""Similarities of queries and products, and the scores for any fusion weight."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from services.contracts.search import DEPTH
from services.pipeline.judging.metrics import Rankings
from services.pipeline.training.embedded import EmbeddedProducts, EmbeddedQueries, Matrix

Indices = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Similarities:
    """(q, n) cosines of queries with products' words and with their look."""

    queries: Sequence[str]
    products: Sequence[str]
    text: Matrix
    image: Matrix

    @classmethod
    def between(cls, queries: EmbeddedQueries, products: EmbeddedProducts) -> Similarities:
        """Raises ValueError when they are of two models."""
        if queries.model != products.model:
            raise ValueError(
                f"the queries' vectors are of {queries.model}, the products' of {products.model}"
            )
        return cls(
            queries=queries.ids,
            products=products.ids,
            text=queries.vectors @ products.text.T,
            image=queries.vectors @ products.image.T,
        )

    def fused(self, text_weight: float) -> Matrix:
        """(q, n) scores, as the retriever fuses them."""
        weight = np.float32(text_weight)
        return weight * self.text + (1 - weight) * self.image

    def best_first(self, text_weight: float) -> Rankings:
        """The products that a search would look at, by query; equal scores in order of the id."""
        by_id = np.argsort(np.array(self.products))
        scores = self.fused(text_weight)[:, by_id]
        order = by_id[np.argsort(-scores, axis=1, kind="stable")[:, :DEPTH]]
        return {
            query: [self.products[place] for place in places]
            for query, places in zip(self.queries, order.tolist(), strict=True)
        }

    def of(self, rows: Indices) -> Similarities:
        """Only of these queries."""
        queries = [self.queries[row] for row in rows]
        return Similarities(queries, self.products, self.text[rows], self.image[rows])
