"""Results of a request: the vectors of its texts or pictures, and the errors of the others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Self

import numpy as np
import numpy.typing as npt

from services.common.problems import ServiceError

UnitVector = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Encoded:
    """A vector. `cached`: whether it was in the cache."""

    vector: UnitVector
    cached: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """A batch's vectors in order, None for a failed item; `failed` maps indexes to errors."""

    vectors: list[UnitVector | None]
    failed: dict[int, ServiceError]
    cached: list[int] = field(default_factory=list)

    @classmethod
    def of(cls, results: Sequence[Encoded | ServiceError]) -> Self:
        """From the results of the items, in their order."""
        encoded = [None if isinstance(one, ServiceError) else one for one in results]
        return cls(
            [None if one is None else one.vector for one in encoded],
            {place: one for place, one in enumerate(results) if isinstance(one, ServiceError)},
            [place for place, one in enumerate(encoded) if one is not None and one.cached],
        )
