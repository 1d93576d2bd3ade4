"""A catalogue version in memory, and what can keep one from being there.

CatalogueError
├── NotPublished       there is nothing to serve yet: no registry, or no head in the online store
├── StoreUnavailable   the feature store does not answer, or cannot be opened
├── BrokenPublication  what the head promises is not what the store holds
├── WrongModel         the catalogue is of another model than the one expected
└── LoadStopped        the service is stopping
"""

from __future__ import annotations

from dataclasses import dataclass

from services.contracts.base import ModalityWeights
from services.contracts.products import ScoredProduct
from services.contracts.retriever import CatalogueInfo
from services.retriever.index import Index, Vector, fuse
from services.retriever.products import ProductTable


class CatalogueError(Exception):
    """Why the published catalogue cannot be had; the message says what to do, for operators."""


class NotPublished(CatalogueError):
    """There is nothing to serve yet: no registry, or no head in the online store."""


class StoreUnavailable(CatalogueError):
    """The feature store does not answer, or cannot be opened."""


class BrokenPublication(CatalogueError):
    """What the head promises is not what the store holds."""


class WrongModel(CatalogueError):
    """The catalogue is of another model than the one expected."""


class LoadStopped(CatalogueError):
    """The service is stopping."""


@dataclass(frozen=True, slots=True)
class Catalogue:
    """One version, immutable: a request takes it once and answers from it alone."""

    info: CatalogueInfo
    products: ProductTable
    index: Index

    def search(
        self, query: Vector, weights: ModalityWeights, k: int, threshold: float | None
    ) -> list[ScoredProduct]:
        """The `k` best products, best first; equal scores in order of product id.

        query: (d,) unit float32 of this catalogue's model and dimension.
        """
        hits = self.index.search(fuse(query, weights), k, threshold)
        return self.products.scored(hits.rows.tolist(), hits.scores.tolist())
