"""A catalogue version in memory, and what can keep one from being there.

CatalogueError
├── NotPublished       there is nothing to serve yet: no registry, or no head in the online store
├── StoreUnavailable   the feature store does not answer, or cannot be opened
├── BrokenPublication  what the head promises is not what the store holds
├── WrongModel         the catalogue is of another model than the one expected
└── LoadStopped        the service is stopping
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from services.contracts.base import ModalityWeights
from services.contracts.products import Product, ScoredProduct
from services.contracts.retriever import CatalogueInfo
from services.retriever.index import LiveIndex, Rows, Vector, fuse
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


class Products:
    """Metadata by product id: the table of a version, and what changes put in or took out."""

    def __init__(
        self, table: ProductTable, changed: Mapping[str, Product | None] | None = None
    ) -> None:
        """changed: by id, for which the table no longer holds; None where it is deleted."""
        self._table = table
        self._changed = changed or {}

    def get(self, product_id: str) -> Product | None:
        """The product of that id, if there is one."""
        if product_id in self._changed:
            return self._changed[product_id]
        return self._table.get(product_id)

    def scored(
        self, index: LiveIndex, rows: Sequence[int], scores: Sequence[float]
    ) -> list[ScoredProduct]:
        """The products of these rows of the index, in the order given, each with its score."""
        if not self._changed:
            return self._table.scored(rows, scores)
        found: dict[str, ScoredProduct] = {}
        in_table: list[tuple[int, float]] = []
        ids = [index.id_of(row) for row in rows]
        for product_id, score in zip(ids, scores, strict=True):
            changed = self._changed.get(product_id)
            if changed is not None:
                found[product_id] = ScoredProduct(**changed.model_dump(), score=score)
            else:
                row = self._table.row_of(product_id)
                if row is not None:
                    in_table.append((row, score))
        for product in self._table.scored(*_apart(in_table)):
            found[product.product_id] = product
        return [found[product_id] for product_id in ids]

    def with_changes(self, upserts: Mapping[str, Product], deletes: Collection[str]) -> Products:
        """New products beside those held here, which stay as they are."""
        return Products(self._table, {**self._changed, **upserts, **dict.fromkeys(deletes)})


def _apart(pairs: Sequence[tuple[int, float]]) -> tuple[list[int], list[float]]:
    return [row for row, _ in pairs], [score for _, score in pairs]


@dataclass(frozen=True, slots=True)
class Catalogue:
    """One version after some changes, immutable: a request takes it once and answers from it."""

    info: CatalogueInfo
    products: Products
    index: LiveIndex
    base: int = 0
    sequence: int = 0
    """Of the latest change in it; a version's changes are numbered from `base` + 1."""

    def with_changes(
        self,
        sequence: int,
        upserts: Mapping[str, Product],
        text: Rows,
        image: Rows,
        deletes: Collection[str],
    ) -> Catalogue:
        """What it is after the changes up to `sequence`; this one stays as it is.

        text, image: (m, d) float32, the vectors of the m `upserts`, in their order.
        """
        index = self.index.with_changes(list(upserts), text, image, deletes)
        return replace(
            self,
            info=self.info.model_copy(update={"products": len(index)}),
            products=self.products.with_changes(upserts, deletes),
            index=index,
            sequence=sequence,
        )

    def merged(self) -> Catalogue:
        """The same with all rows in one index; copies them, so not where a change waits."""
        return replace(self, index=self.index.merged())

    def search(
        self, query: Vector, weights: ModalityWeights, k: int, threshold: float | None
    ) -> list[ScoredProduct]:
        """The `k` best products, best first; equal scores in order of product id.

        query: (d,) unit float32 of this catalogue's model and dimension.
        """
        hits = self.index.search(fuse(query, weights), k, threshold)
        return self.products.scored(self.index, hits.rows.tolist(), hits.scores.tolist())
