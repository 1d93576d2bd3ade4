"""Products and queries as vectors: what training starts from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

Matrix = npt.NDArray[np.float32]

QueryKind = Literal["words", "picture"]


@dataclass(frozen=True, slots=True)
class EmbeddedProducts:
    """(n,) ids and (n, d) unit rows of words and of look; a row of zeros where there is none."""

    ids: Sequence[str]
    text: Matrix
    image: Matrix
    model: str
    catalogue: str = ""
    """The version that they are of; empty where none is published yet."""


@dataclass(frozen=True, slots=True)
class EmbeddedQueries:
    """(q,) ids and kinds, and (q, d) unit rows."""

    ids: Sequence[str]
    kinds: Sequence[QueryKind]
    vectors: Matrix
    model: str

    def of_kind(self, kind: QueryKind) -> EmbeddedQueries:
        """Only those asked in this way."""
        rows = [row for row, one in enumerate(self.kinds) if one == kind]
        return EmbeddedQueries(
            [self.ids[row] for row in rows], [kind] * len(rows), self.vectors[rows], self.model
        )


def rows_of(vectors: Sequence[npt.ArrayLike], dimension: int) -> Matrix:
    """(n, d), zeros where a vector is of length 0; the first vector where there are several."""
    rows = np.zeros((len(vectors), dimension), np.float32)
    for row, vector in zip(rows, vectors, strict=True):
        values = np.asarray(vector, np.float32)
        if values.size:
            row[:] = values[:dimension]
    return rows
