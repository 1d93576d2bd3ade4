"""Faults in the rows of a publication, counted and reported in one message."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from services.contracts.catalogue import CatalogueHead
from services.contracts.vectors import UNIT_TOLERANCE
from services.retriever.errors import BrokenPublication


class Faults:
    """Counts what is wrong, kind by kind, with the first product of each as an example."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._examples: dict[str, str] = {}

    def add(self, kind: str, product_id: str) -> None:
        self._count(kind, 1, product_id)

    def take(self, others: Faults) -> None:
        """Count those too."""
        for kind, count in others._counts.items():
            self._count(kind, count, others._examples[kind])

    def compare(
        self, what: str, ids: Sequence[str], wanted: Sequence[str], found: Sequence[str]
    ) -> list[bool]:
        """Hold the fingerprints found against those wanted. Returns (n,) which rows are there."""
        if found != wanted:
            for product_id, want, have in zip(ids, wanted, found, strict=True):
                if not have:
                    self.add(f"no {what}", product_id)
                elif have != want:
                    self.add(f"{what} of another version", product_id)
        return [bool(have) for have in found]

    def raise_if_any(self, head: CatalogueHead, products: int) -> None:
        """Raises BrokenPublication if there are faults.  products: number of products checked."""
        if self._counts:
            kinds = "; ".join(
                f"{count} of {products} products have {kind}, for example {self._examples[kind]!r}"
                for kind, count in sorted(self._counts.items())
            )
            raise BrokenPublication(f"{cannot_be_loaded(head)}: {kinds}. Load the catalogue again.")

    def _count(self, kind: str, count: int, product_id: str) -> None:
        self._counts[kind] += count
        self._examples[kind] = min(product_id, self._examples.get(kind, product_id))


def check_vectors(
    modality: str,
    vectors: NDArray[np.float32],
    lengths: Sequence[int],
    ids: Sequence[str],
    present: Sequence[bool],
    faults: Faults,
    *,
    may_be_empty: bool = False,
) -> None:
    """Count as faults the vectors (m, d) that are not d floats of unit length."""
    norms = np.sqrt(np.einsum("ij,ij->i", vectors, vectors))
    # Not `> tolerance`: a NaN must not pass.
    odd = ~(np.abs(norms - 1) <= UNIT_TOLERANCE)
    for row in np.flatnonzero(odd & np.asarray(present, np.bool_)).tolist():
        length = lengths[row]
        if length == vectors.shape[1]:
            faults.add(f"{modality} vectors that are not of unit length", ids[row])
        elif length or not may_be_empty:
            faults.add(f"{modality} vectors of {length}, not {vectors.shape[1]}, floats", ids[row])


def cannot_be_loaded(head: CatalogueHead) -> str:
    """First words of the message of a failed load."""
    return f"catalogue version {head.version!r} of model {head.model_id!r} cannot be loaded"
