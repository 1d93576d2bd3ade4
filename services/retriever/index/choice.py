"""Choice of the index by the catalogue's size."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np

from services.retriever.index.base import AnyRows, Index, IndexBuild, scattered
from services.retriever.index.exact import ExactIndex

IndexKind = Literal["auto", "exact", "compressed"]

EXACT_UP_TO = 10_000
"""Products; an exact search of as many takes about 1 ms. Of more, a compressed one takes less."""

_FEWEST_COMPRESSED = 1_000
"""Codes are learned from the rows, and need some."""

_AT_ONCE = 4_096


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
        """True if a catalogue of this size gets a compressed index."""
        if self.kind == "auto":
            return products > max(self.exact_up_to, _FEWEST_COMPRESSED)
        return self.kind == "compressed" and products >= _FEWEST_COMPRESSED

    def begin(self, products: int, width: int) -> IndexBuild:
        """The index of that many rows of that width, which are zeros to be filled in. Close it."""
        if self.compressed(products):
            return self._over(np.zeros((products, width), np.float16))
        return self._over(np.zeros((products, width), np.float32))

    def build(self, rows: AnyRows) -> Index:
        """The index of rows that are all there, which it may keep.

        Raises StoreUnavailable where an engine does not take them.
        """
        with closing(self._over(rows)) as build:
            for part in scattered(len(rows), _AT_ONCE):
                build.filled(part)
            return build.finish()

    def _over(self, rows: AnyRows) -> IndexBuild:
        if self.engine is None and self.compressed(len(rows)):
            # FAISS takes 40 MB and 100 ms: not for a small catalogue.
            from services.retriever.index.compressed import CompressedBuild

            return CompressedBuild(rows)
        return _WholeBuild(rows, self.engine)


class _WholeBuild:
    """See `IndexBuild`; of an index that takes all rows at once."""

    def __init__(self, rows: AnyRows, engine: Engine | None) -> None:
        self.rows = rows
        self._engine = engine

    def filled(self, part: slice) -> None:
        """See `IndexBuild.filled`."""

    def finish(self) -> Index:
        """See `IndexBuild.finish`."""
        if self._engine is not None and len(self.rows):
            return self._engine.build(self.rows)
        return ExactIndex(self.rows.astype(np.float32, copy=False))

    def close(self) -> None:
        """See `IndexBuild.close`."""
