"""Alternatives to the retriever, over the same rows."""

from __future__ import annotations

from collections.abc import Callable

import faiss
import numpy as np
import pandas as pd
from sklearn.metrics.pairwise import cosine_similarity

from services.retriever.index import AnyRows, Rows, Vector

Search = Callable[[Vector], object]

SIMPLE = "scikit-learn and pandas"
SIMPLE_UP_TO = 50_000
"""Products; beyond, single floats would not leave room for the others."""


def contenders(rows: AnyRows, k: int) -> dict[str, Search]:
    """Searches for the `k` best of rows (n, 2·d), by name."""
    if len(rows) > SIMPLE_UP_TO:
        return {"FAISS flat, 16 bits": _faiss_half(rows, k)}
    whole = rows.astype(np.float32)
    return {
        SIMPLE: _simple_path(whole, k),
        "NumPy, every row": _numpy(whole, k),
        "FAISS flat": _faiss_flat(whole, k),
    }


def _simple_path(rows: Rows, k: int) -> Search:
    """The search of a simple service: cosine of all rows, a copy of the table, filter, sort."""
    count = len(rows)
    frame = pd.DataFrame(
        {
            "product_id": [f"p{number}" for number in range(count)],
            "title": [f"Product number {number}" for number in range(count)],
            "description": ["Some words about it."] * count,
            "price": np.arange(count, dtype=np.float64),
        }
    )

    def search(query: Vector) -> object:
        found = frame.copy()
        found["score"] = cosine_similarity(query[None], rows)[0]
        found = found[found["score"] >= 0]
        return found.sort_values("score", ascending=False).to_dict("records")[:k]

    return search


def _numpy(rows: Rows, k: int) -> Search:
    def search(query: Vector) -> object:
        scores = rows @ query
        best = np.argpartition(-scores, k)[:k]
        return best[np.argsort(-scores[best])]

    return search


def _faiss_flat(rows: Rows, k: int) -> Search:
    index = faiss.IndexFlatIP(rows.shape[1])
    index.add(rows)
    return lambda query: index.search(query[None], k)


def _faiss_half(rows: AnyRows, k: int) -> Search:
    half = faiss.ScalarQuantizer.QT_fp16
    index = faiss.IndexScalarQuantizer(rows.shape[1], half, faiss.METRIC_INNER_PRODUCT)
    index.add_sa_codes(rows.view(np.uint8))
    return lambda query: index.search(query[None], k)
