"""Cross-validation over judged queries that keeps apart what is not independent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from services.pipeline.judging.metrics import Grade, Judgements
from services.pipeline.training.similarities import Indices

FOLDS = 5


def folds(queries: Sequence[str], judgements: Judgements) -> Iterator[tuple[Indices, Indices]]:
    """(train, held out) rows of `queries`, `FOLDS` times, or fewer where there is less to go by.

    Queries after the same products stay together: their answers would give each other away. One
    without an answer stands for itself. Raises ValueError when all are after the same.
    """
    from sklearn.model_selection import GroupKFold  # takes a second

    groups = [_sought(query, judgements.get(query, {})) for query in queries]
    count = min(FOLDS, len(set(groups)))
    if count < 2:
        raise ValueError("queries after at least two different products are needed")
    rows = np.arange(len(queries))
    yield from GroupKFold(count).split(rows, groups=groups)


def _sought(query: str, grades: Mapping[str, Grade]) -> str:
    exact = sorted(product for product, grade in grades.items() if grade == "E")
    return "\n".join(exact) or f"nothing, {query}"
