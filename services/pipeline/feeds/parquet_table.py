"""Parquet files, and folders of them as Spark writes them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar
from urllib.parse import unquote

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from services.pipeline.errors import FeedUnusable
from services.pipeline.feeds.base import FloatVector, reading
from services.pipeline.feeds.table import Record, Table, text_of

T = TypeVar("T")

_BATCH = 500
_BATCH_WITH_PICTURES = 16
_BUFFER = 1 << 20
_PICTURE_MARKS = (b"\xff\xd8\xff", b"\x89PNG", b"RIFF")


def parts_of(folder: Path) -> list[Path]:
    """The Parquet files in a folder and below it; names that begin with `_` or `.` are not data."""
    return sorted(
        path
        for path in folder.rglob("*.parquet")
        if path.is_file()
        and not any(part.startswith(("_", ".")) for part in path.relative_to(folder).parts)
    )


class ParquetTable(Table):
    """Read a batch at a time; null is an empty value.

    The parts of a folder may differ in their columns. Folders named `color=red` are columns too, as
    Spark partitions tables.
    """

    def __init__(self, path: Path, *, vectors: tuple[str, ...] = ()) -> None:
        """vectors: columns of lists of floats to be given as arrays, beside an empty value."""
        self.path = path
        self._vectors = vectors
        with reading(path):
            self._parts = parts_of(path) if path.is_dir() else [path]
        if not self._parts:
            raise FeedUnusable(f"{path}: this folder holds no .parquet file")
        self._count = 0
        fields: list[pa.Field] = []
        partitions: dict[str, None] = {}
        for part in self._parts:
            with self._open(part) as file:
                self._count += int(file.metadata.num_rows)
                names = {field.name for field in fields}
                fields += [field for field in file.schema_arrow if field.name not in names]
            partitions |= dict.fromkeys(self._partition(part))
        self.schema = pa.schema(fields)
        """The columns of the first part, then those that only others have."""
        named = [name for name in partitions if name not in self.schema.names]
        self.columns = (*self.schema.names, *named)
        self.lists = frozenset(at for at, kind in enumerate(self.schema.types) if _is_list(kind))

    def records(self) -> Iterator[Record]:
        number = 0
        for part in self._parts:
            for record in self._records(part, number):
                number = record.number
                yield record

    def count(self) -> int:
        return self._count

    def _records(self, part: Path, number: int) -> Iterator[Record]:
        constant = self._partition(part)
        with self._open(part) as file:
            size = _BATCH_WITH_PICTURES if _holds_bytes(file.schema_arrow) else _BATCH
            for batch in file.iter_batches(size):
                columns, pictures = self._columns(batch, constant)
                arrays = {name: _arrays(batch.column(name)) for name in self._vectors}
                for index, values in enumerate(zip(*columns, strict=True)):
                    number += 1
                    if not arrays and not pictures:  # by far the most, and quick
                        yield Record(number, values)
                        continue
                    yield Record(
                        number,
                        values,
                        vectors=_there(arrays, index),
                        pictures=_there(pictures, index),
                    )

    def _columns(
        self, batch: pa.RecordBatch, constant: dict[str, str]
    ) -> tuple[list[Sequence[str]], dict[str, list[bytes | None]]]:
        """The text of each column, and what are pictures instead."""
        texts: list[Sequence[str]] = []
        pictures: dict[str, list[bytes | None]] = {}
        seen: Counter[str] = Counter()
        for name in self.columns:
            places = batch.schema.get_all_field_indices(name)
            place = seen[name]  # of two columns with one name, the one whose turn it is
            seen[name] += 1
            if name in self._vectors or place >= len(places):
                texts.append([constant.get(name, "")] * batch.num_rows)
                continue
            kind = batch.schema.field(places[place]).type
            values = batch.column(places[place]).to_pylist()
            if pa.types.is_float32(kind):
                # With the digits that its 32 bits say: 12.9, not 12.899999618530273.
                values = [None if one is None else float(str(np.float32(one))) for one in values]
            if pa.types.is_map(kind):
                values = [None if value is None else dict(value) for value in values]
            if _is_bytes(kind):
                pictures[name] = [_picture(value) for value in values]
                values = [
                    _path(value) if picture is None else None
                    for value, picture in zip(values, pictures[name], strict=True)
                ]
            texts.append([text_of(value) for value in values])
        return texts, pictures

    def _partition(self, part: Path) -> dict[str, str]:
        """Columns that stand in the names of the folders above a part."""
        if part == self.path:
            return {}
        folders = part.relative_to(self.path).parts[:-1]
        pairs = (folder.partition("=") for folder in folders if "=" in folder)
        return {
            name: "" if value == "__HIVE_DEFAULT_PARTITION__" else unquote(value)
            for name, _, value in pairs
        }

    @contextmanager
    def _open(self, part: Path) -> Iterator[pq.ParquetFile]:
        # Buffered: a row group of a gigabyte is read in pieces, and not all at once.
        with (
            reading(part),
            pq.ParquetFile(part, buffer_size=_BUFFER, pre_buffer=False) as file,
        ):
            yield file


def _holds_bytes(schema: pa.Schema) -> bool:
    return any(_is_bytes(field.type) for field in schema)


def _is_list(kind: pa.DataType) -> bool:
    return bool(pa.types.is_list(kind) or pa.types.is_large_list(kind))


def _is_bytes(kind: pa.DataType) -> bool:
    """Bytes, or the struct `{bytes, path}` of Hugging Face's pictures, or lists of these."""
    if _is_list(kind):
        return _is_bytes(kind.value_type)
    if pa.types.is_struct(kind):
        return any(
            one.name == "bytes" and (_is_bytes(one.type) or pa.types.is_null(one.type))
            for one in kind
        )
    return bool(
        pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_binary_view(kind)
    )


def _picture(value: object) -> bytes | None:
    """The bytes of a picture, of several the first."""
    if isinstance(value, list):
        return next((found for one in value if (found := _picture(one)) is not None), None)
    if isinstance(value, dict):
        inner = value.get("bytes")
        return inner if isinstance(inner, bytes) and inner else None
    return value if isinstance(value, bytes) and value.startswith(_PICTURE_MARKS) else None


def _path(value: object) -> object:
    """Where a struct says that its picture is, in place of the picture."""
    if isinstance(value, list):
        paths = [one for one in map(_path, value) if one is not None]
        return paths or None
    return value.get("path") if isinstance(value, dict) else value


def _there(columns: dict[str, list[T | None]], row: int) -> dict[str, T]:
    return {name: one for name, rows in columns.items() if (one := rows[row]) is not None}


def _arrays(column: pa.Array) -> list[FloatVector | None]:
    """(d,) each; None for null and for a list without floats."""
    return [
        np.asarray(value.values.to_numpy(zero_copy_only=False), np.float32)
        if value.is_valid and len(value.values)
        else None
        for value in column
    ]
