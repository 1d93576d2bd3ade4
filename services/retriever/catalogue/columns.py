"""A few rows out of Arrow columns, quickly.

`Table.take` and `to_pylist` build a table and a scalar for each value: a third of a millisecond for
the twenty products of an answer. Read from the columns' own buffers it is a third of that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

Rows = NDArray[np.intp]
Reader = Callable[[Rows], Sequence[Any]]


def reader_of(column: pa.ChunkedArray) -> Reader:
    """A reader of the values of some rows, in the order given."""
    if column.num_chunks == 1 and column.null_count == 0:
        only = column.chunk(0)
        if pa.types.is_string(only.type):
            return _texts(only)
        if pa.types.is_binary(only.type):
            return _bytes(only)
        if pa.types.is_dictionary(only.type):
            return _repeating(only)
        if pa.types.is_floating(only.type):
            return _numbers(only)
    # In several pieces where there is more than 2 GB of text.
    return lambda rows: column.take(pa.array(rows, pa.int64())).to_pylist()


def _texts(texts: pa.StringArray) -> Reader:
    pieces = _pieces(texts)
    return lambda rows: [str(piece, "utf-8") for piece in pieces(rows)]


def _bytes(values: pa.BinaryArray) -> Reader:
    pieces = _pieces(values)
    return lambda rows: [*map(bytes, pieces(rows))]


def _pieces(values: pa.StringArray | pa.BinaryArray) -> Callable[[Rows], Iterator[memoryview]]:
    _, starts_buffer, content = values.buffers()
    starts = np.frombuffer(starts_buffer, np.int32)[values.offset :]
    every = memoryview(content or b"")

    def read(rows: Rows) -> Iterator[memoryview]:
        places = zip(starts[rows].tolist(), starts[rows + 1].tolist(), strict=True)
        return (every[start:stop] for start, stop in places)

    return read


def _repeating(texts: pa.DictionaryArray) -> Reader:
    values = texts.dictionary.to_pylist()
    codes = texts.indices.to_numpy()
    return lambda rows: [values[code] for code in codes[rows].tolist()]


def _numbers(numbers: pa.FloatingPointArray) -> Reader:
    values = numbers.to_numpy()

    def read(rows: Rows) -> list[float]:
        of_rows: list[float] = values[rows].tolist()
        return of_rows

    return read
