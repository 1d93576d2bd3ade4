"""Which index a catalogue gets, by its size."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np

from services.retriever.index.base import AnyRows, Index
from services.retriever.index.exact import ExactIndex

IndexKind = Literal["auto", "exact", "compressed"]

EXACT_UP_TO = 10_000
"""Products; an exact search of as many takes about 1 ms. Of more, a compressed one takes less."""

_FEWEST_COMPRESSED = 1_000
"""Codes are learned from the rows, and need some."""


class Engine(Protocol):
    """Keeps rows elsewhere; `MilvusEngine` is one."""

    def build(self, rows: AnyRows) -> Index:
        """An index over rows (n, 2·d), n > 0; raises StoreUnavailable."""
        ...


@dataclass(frozen=True, slots=True)
class IndexChoice:
    """Exact while that is fast enough, compressed above, unless one of them is named."""

    kind: IndexKind = "auto"
    exact_up_to: int = EXACT_UP_TO
    engine: Engine | None = None
    """Where one is given it gets all rows, whatever the kind."""

    def compressed(self, products: int) -> bool:
        """Whether that many get a compressed index."""
        if self.kind == "auto":
            return products > max(self.exact_up_to, _FEWEST_COMPRESSED)
        return self.kind == "compressed" and products >= _FEWEST_COMPRESSED

    def rows(self, products: int, width: int) -> AnyRows:
        """Zeros of (products, width) to be filled, as precise as the index keeps them."""
        if self.compressed(products):
            return np.zeros((products, width), np.float16)
        return np.zeros((products, width), np.float32)

    def build(self, rows: AnyRows) -> Index:
        """The index over these rows. Raises StoreUnavailable where an engine does not take them."""
        if self.engine is not None and len(rows):
            return self.engine.build(rows)
        if not self.compressed(len(rows)):
            return ExactIndex(rows.astype(np.float32, copy=False))
        # FAISS takes 40 MB and 100 ms: not for a small catalogue.
        from services.retriever.index.compressed import CompressedIndex

        return CompressedIndex(rows)
