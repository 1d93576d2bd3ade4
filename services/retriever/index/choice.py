"""Choice of the index by the catalogue's size."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from services.retriever.index.arrays import AnyRows, Rows
from services.retriever.index.base import Index, IndexBuild, sampled
from services.retriever.index.exact import ExactIndex
from services.retriever.index.further import FurtherImages
from services.retriever.index.row_fields import Origin, RowFields

IndexKind = Literal["auto", "exact", "compressed"]

EXACT_UP_TO = 10_000
"""Products; an exact search of as many takes about 1 ms. Of more, a compressed one takes less."""

_FEWEST_COMPRESSED = 1_000
"""Codes are learned from the rows, and need some."""


class Engine(Protocol):
    """Keeps rows elsewhere; `MilvusEngine` is one."""

    def begin(self, products: int, width: int, origin: Origin) -> IndexBuild:
        """The index of so many rows, at least 1, that are put in with their fields.

        What it had of the same origin it keeps. Raises StoreUnavailable.
        """
        ...

    def expect(self, width: int, origin: Origin) -> None:
        """Another process begins the index of this origin. Raises StoreUnavailable."""
        ...

    def adopted(self, index: Index) -> Index:
        """The index that another process finished, asked through this engine.

        Raises StoreUnavailable.
        """
        ...

    def changed(
        self,
        base: Index,
        rows: Rows,
        fields: RowFields | None,
        order: NDArray[np.intp],
        sequence: int,
        further: FurtherImages | None = None,
    ) -> Index:
        """An index of some rows of one of its indexes, and of new rows.

        rows: (m, 2·d), the new ones, with their fields and further images, after change `sequence`.
        order: numbers of the n rows of the base, and from n on of the new ones, as they are to be
        numbered; rows that it leaves out are dropped.  Raises StoreUnavailable.
        """
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

    def begin(self, products: int, width: int, origin: Origin | None = None) -> IndexBuild:
        """The index of that many rows of that width. Close it. Raises StoreUnavailable."""
        if self.engine is not None and products:
            return self.engine.begin(products, width, origin or Origin())
        if self.compressed(products):
            # FAISS takes 40 MB and 100 ms: not for a small catalogue.
            from services.retriever.index.compressed import CompressedBuild

            return CompressedBuild(products, width)
        return _WholeBuild(products, width)


class _WholeBuild:
    """See `IndexBuild`; of an index that takes all rows at once."""

    half = False

    def __init__(self, products: int, width: int) -> None:
        self._rows: Rows = np.zeros((products, width), np.float32)
        self._further: list[FurtherImages] = []

    def put(
        self,
        part: slice,
        rows: AnyRows,
        fields: RowFields | None = None,
        further: FurtherImages | None = None,
    ) -> None:
        """See `IndexBuild.put`."""
        self._rows[part] = rows
        if further is not None and len(further):
            self._further.append(further.in_part(part, len(self._rows)))

    def sample(self) -> Rows:
        """See `IndexBuild.sample`."""
        return sampled(self._rows)

    def finish(self) -> Index:
        """See `IndexBuild.finish`."""
        further, _ = FurtherImages.joined(self._further, self._rows.shape[1])
        return ExactIndex(self._rows, further)

    def close(self) -> None:
        """See `IndexBuild.close`."""
