"""Rows on their way to Milvus: named after their content, and written as its protocol has them.

pymilvus makes a Python float of every number, which takes most of the time of a load. On the wire a
list of floats is a tag, a length, and then the floats as they lie in memory.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from pymilvus import DataType  # type: ignore[import-untyped]
from pymilvus.grpc_gen import milvus_pb2, schema_pb2  # type: ignore[import-untyped]

from services.retriever.index.arrays import Rows
from services.retriever.index.milvus.schema import FUSED, KEY, SEQUENCE, Collection, column_of
from services.retriever.index.row_fields import RowFields

Keys = NDArray[np.int64]

_FLOATS = b"\x0a"
"""Tag of the only field of `FloatArray`."""


def keys_of(rows: Rows, fields: RowFields | None, names: Sequence[str]) -> Keys:
    """(m,) the key of each row: a digest of 63 bits. names: of the m rows."""
    digests = [hashlib.blake2b(name.encode(), digest_size=8) for name in names]
    for digest, row in zip(digests, rows, strict=True):
        digest.update(row.data)
    if fields is not None and (fields.codes or fields.numbers):
        columns = [*fields.codes.values(), *(one.view(np.int64) for one in fields.numbers.values())]
        for digest, values in zip(digests, np.stack(columns, axis=1), strict=True):
            digest.update(values.data)
    for lists in () if fields is None else fields.sets.values():
        for digest, numbers in zip(digests, lists, strict=True):
            digest.update(repr(numbers).encode())
    drawn = b"".join(digest.digest() for digest in digests)
    keys: Keys = (np.frombuffer(drawn, "<u8") >> 1).astype(np.int64)
    return keys


def upsert_of(
    collection: Collection, keys: Keys, rows: Rows, fields: RowFields | None, chosen: Sequence[int]
) -> object:
    """Pymilvus' request for the chosen ones of m rows: their numbers."""
    return milvus_pb2.UpsertRequest(
        collection_name=collection.name,
        num_rows=len(chosen),
        fields_data=[
            _integers(KEY, keys[chosen].tolist()),
            _vectors(np.ascontiguousarray(rows[chosen])),
            _integers(SEQUENCE, [collection.origin.changes.sequence] * len(chosen)),
            *([] if fields is None else _fields(collection, fields, chosen)),
        ],
    )


def _fields(collection: Collection, fields: RowFields, chosen: Sequence[int]) -> list[object]:
    codes, numbers, sets = fields.codes, fields.numbers, fields.sets
    return [
        *(_integers(column_of(n), codes[n][chosen].tolist()) for n in collection.codes),
        *(_doubles(column_of(n), numbers[n][chosen].tolist()) for n in collection.numbers),
        *(_sets(column_of(n), [sets[n][row] for row in chosen]) for n in collection.sets),
    ]


def _integers(column: str, values: Sequence[int]) -> object:
    scalars = schema_pb2.ScalarField(long_data=schema_pb2.LongArray(data=values))
    return schema_pb2.FieldData(type=DataType.INT64, field_name=column, scalars=scalars)


def _doubles(column: str, values: Sequence[float]) -> object:
    scalars = schema_pb2.ScalarField(double_data=schema_pb2.DoubleArray(data=values))
    return schema_pb2.FieldData(type=DataType.DOUBLE, field_name=column, scalars=scalars)


def _sets(column: str, lists: Sequence[Sequence[int]]) -> object:
    each = [
        schema_pb2.ScalarField(long_data=schema_pb2.LongArray(data=numbers)) for numbers in lists
    ]
    data = schema_pb2.ArrayArray(data=each, element_type=DataType.INT64)
    scalars = schema_pb2.ScalarField(array_data=data)
    return schema_pb2.FieldData(type=DataType.ARRAY, field_name=column, scalars=scalars)


def _vectors(rows: Rows) -> object:
    floats = rows.astype("<f4", copy=False).tobytes()
    array = schema_pb2.FloatArray.FromString(_FLOATS + _varint(len(floats)) + floats)
    vectors = schema_pb2.VectorField(dim=rows.shape[1], float_vector=array)
    return schema_pb2.FieldData(type=DataType.FLOAT_VECTOR, field_name=FUSED, vectors=vectors)


def _varint(number: int) -> bytes:
    written = bytearray()
    while number > 0x7F:
        written.append(number & 0x7F | 0x80)
        number >>= 7
    written.append(number)
    return bytes(written)
