"""Vectors by product id, on disk: a file of them may be larger than memory."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np

from services.pipeline.errors import FeedUnusable
from services.pipeline.feeds.base import FloatVector, ReadyVectors, VectorsModel
from services.pipeline.feeds.table import ParquetTable


class VectorFile:
    """A Parquet file's vectors in a temporary file of fixed-size rows, found by id.

    An id that is there twice has the vectors of its first row. A vector that is null, empty or all
    zeros is none.
    """

    def __init__(
        self, path: Path, key: str, text_column: str, image_column: str, model: VectorsModel
    ) -> None:
        """Raises FeedUnusable when a column is missing or a vector is of another length."""
        table = ParquetTable(path)
        missing = {key, text_column, image_column} - set(table.columns)
        if missing:
            raise FeedUnusable(f"{path}: no column {', '.join(sorted(missing))}")
        columns = (text_column, image_column)
        shape = (max(table.count(), 1), len(columns), model.dimension)
        with tempfile.TemporaryFile(prefix="vectors-") as file:
            # The mapping keeps the file for as long as it lives.
            self._rows = np.memmap(file, np.float32, "w+", shape=shape)
        self._at: dict[str, int] = {}
        key_at = table.columns.index(key)
        for at, record in enumerate(ParquetTable(path, vectors=columns).records()):
            self._at.setdefault(record.values[key_at].strip(), at)
            for place, name in enumerate(columns):
                vector = record.vectors.get(name)
                if vector is None:
                    continue
                if vector.shape != (model.dimension,):
                    raise FeedUnusable(
                        f"{path}: {name} of row {record.number} has {len(vector)} floats, not the "
                        f"{model.dimension} of {model.name}"
                    )
                self._rows[at, place] = vector

    def get(self, key: str, *, with_image: bool) -> ReadyVectors | None:
        """None for an id that has none."""
        at = self._at.get(key)
        if at is None:
            return None
        text, image = (self._vector(at, place) for place in (0, 1))
        return ReadyVectors(text, image if with_image else None)

    def _vector(self, at: int, place: int) -> FloatVector | None:
        vector = np.array(self._rows[at, place])
        return vector if vector.any() else None
