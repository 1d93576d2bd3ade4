"""Vectors by product id, on disk: a file of them may be larger than memory."""

from __future__ import annotations

import os
import tempfile
import weakref
from pathlib import Path

import numpy as np

from services.pipeline.errors import FeedUnusable
from services.pipeline.feeds.base import FloatVector, ReadyVectors, VectorsModel
from services.pipeline.feeds.parquet_table import ParquetTable


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
        self._columns = len(columns)
        self._bytes = model.dimension * np.dtype(np.float32).itemsize
        with tempfile.TemporaryFile(prefix="vectors-") as file:
            self._file = os.dup(file.fileno())
        weakref.finalize(self, os.close, self._file)
        # Not mapped: what was read once would count as ours until the kernel wants it back.
        os.ftruncate(self._file, table.count() * self._columns * self._bytes)
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
                os.pwrite(self._file, vector.tobytes(), self._offset(at, place))

    def get(self, key: str, *, with_image: bool) -> ReadyVectors | None:
        """None for an id that has none."""
        at = self._at.get(key)
        if at is None:
            return None
        text, image = (self._vector(at, place) for place in (0, 1))
        return ReadyVectors(text, image if with_image else None)

    def _vector(self, at: int, place: int) -> FloatVector | None:
        read = os.pread(self._file, self._bytes, self._offset(at, place))
        vector = np.frombuffer(read, np.float32)
        return vector if vector.any() else None

    def _offset(self, at: int, place: int) -> int:
        return (at * self._columns + place) * self._bytes
