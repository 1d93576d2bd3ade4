"""Columns of features out of values as the online store has them, without a message for each.

A value is a serialised `feast.types.Value`. A text or a vector in it is a few bytes of tag and
length, and then the text or the floats as they lie in memory, so it is cut out. What protobuf
writes before a text or vector of that size is compared; a value that begins in another way is
parsed by protobuf.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Self

# Before Feast.
import services.common.light_feast  # noqa: F401

# isort: split
import numpy as np
from feast.protos.feast.types.Value_pb2 import FloatList, Value
from google.protobuf.message import DecodeError  # type: ignore[import-untyped]
from google.protobuf.timestamp_pb2 import Timestamp  # type: ignore[import-untyped]
from numpy.typing import NDArray

from services.retriever.errors import StoreUnavailable

Stored = bytes | None
"""A serialised value or timestamp; none or empty where there is none."""

_NEVER = b"\0"
"""No value begins so."""


class Columns:
    """One answer of the online store: a column a feature, in the order of the keys asked for.

    The store shows a missing row only by empty values; a fingerprint is never empty.
    """

    def __init__(
        self,
        features: Sequence[str],
        rows: Sequence[Sequence[Stored]],
        times: Sequence[Stored] = (),
    ) -> None:
        """rows: the values of these features, one row a key.  times: event timestamps of the rows,
        if they are known.
        """
        self._absent = (None,) * len(rows)
        self._columns = dict(zip(features, zip(*rows, strict=True), strict=True)) if rows else {}
        self._times = times or self._absent

    @classmethod
    def of_values(
        cls, rows: Sequence[Mapping[str, Value]], times: Sequence[datetime | None] = ()
    ) -> Self:
        """The same from parsed values, by feature."""
        features = list(dict.fromkeys(name for row in rows for name in row))
        return cls(
            features,
            [
                [row[one].SerializeToString() if one in row else None for one in features]
                for row in rows
            ],
            [None if one is None else _timestamp(one) for one in times],
        )

    def timestamps_us(self) -> list[int]:
        """(n,) event timestamps in microseconds since 1970, 0 where there is none.

        Raises StoreUnavailable.
        """
        return [0 if not one else _microseconds(one) for one in self._times]

    def texts(self, feature: str) -> list[str]:
        """(n,) text, empty where there is none."""
        heads = _TEXT_HEADS
        texts: list[str] = []
        for value in self._column(feature):
            if not value:
                texts.append("")
            elif value.startswith(head := heads[len(value)]):
                try:
                    texts.append(value[len(head) :].decode())
                except UnicodeDecodeError as error:
                    raise _unreadable(error) from error
            else:
                texts.append(_parsed(value).string_val)
        return texts

    def text_lists(self, feature: str) -> list[list[str]]:
        """(n,) lists of text, empty where there is none."""
        return [list(_parsed(value).string_list_val.val) for value in self._column(feature)]

    def integers(self, feature: str) -> list[int]:
        """(n,) integers, 0 where there is none."""
        return [_parsed(value).int64_val for value in self._column(feature)]

    def numbers(self, feature: str) -> list[float]:
        """(n,) floats, NaN where there is none."""
        values = map(_parsed, self._column(feature))
        return [value.double_val if value.HasField("double_val") else math.nan for value in values]

    def vectors(self, feature: str, out: NDArray[np.float32]) -> list[int]:
        """Copy n vectors into `out`, (n, d) float32; one of another length becomes zeros.

        Returns (n,) the lengths found, 0 where there is no vector.
        """
        return self.several_vectors(feature, out, 1)[0]

    def several_vectors(
        self, feature: str, out: NDArray[np.float32], most: int
    ) -> tuple[list[int], list[tuple[int, NDArray[np.float32]]]]:
        """The same where a feature has up to `most` vectors, one after the other.

        The first goes into `out`.  Returns the lengths, and by row its further ones, (k, d) each.
        """
        d = out.shape[1]
        size = 4 * d
        zeros = bytes(size)
        pieces: list[bytes] = []
        lengths: list[int] = []
        further: list[tuple[int, NDArray[np.float32]]] = []
        for number, value in enumerate(self._column(feature)):
            floats = _floats(value)
            length = len(floats) // 4
            lengths.append(length)
            if length == d:
                pieces.append(floats)
            elif length and length % d == 0 and length <= most * d:
                pieces.append(floats[:size])
                further.append((number, np.frombuffer(floats, "<f4").reshape(-1, d)[1:]))
            else:
                pieces.append(zeros)
        out[:] = np.frombuffer(b"".join(pieces), "<f4").reshape(out.shape)
        return lengths, further

    def _column(self, feature: str) -> Sequence[Stored]:
        return self._columns.get(feature, self._absent)


class _TextHeads(dict[int, bytes]):
    """Bytes before the text in a value, by the size of the value."""

    def __missing__(self, size: int) -> bytes:
        # Tag and length: 2 bytes where the text has less than 128.
        for length in range(size - 2, max(size - 7, -1), -1):
            whole = Value(string_val=" " * length).SerializeToString()
            if len(whole) == size:
                self[size] = bytes(whole[: size - length])
                return self[size]
        self[size] = _NEVER
        return _NEVER


class _FloatHeads(dict[int, bytes]):
    """Bytes before the floats in a value, by the size of the value."""

    def __missing__(self, size: int) -> bytes:
        # Tag and length of the list, then of its packed floats.
        for length in range((size - 4) // 4, max((size - 16) // 4, 0), -1):
            whole = Value(float_list_val=FloatList(val=[0.0] * length)).SerializeToString()
            if len(whole) == size:
                self[size] = bytes(whole[: size - 4 * length])
                return self[size]
        self[size] = _NEVER
        return _NEVER


_TEXT_HEADS = _TextHeads()
_FLOAT_HEADS = _FloatHeads()


def _floats(value: Stored) -> bytes:
    """The floats of a list as they lie in memory."""
    if not value:
        return b""
    if value.startswith(head := _FLOAT_HEADS[len(value)]):
        return value[len(head) :]
    floats = _parsed(value).float_list_val
    length = len(floats.val)
    return bytes(floats.SerializeToString()[-4 * length :]) if length else b""


def _parsed(value: Stored) -> Value:
    """Raises StoreUnavailable."""
    try:
        parsed: Value = Value.FromString(value or b"")
    except DecodeError as error:
        raise _unreadable(error) from error
    return parsed


def _microseconds(time: bytes) -> int:
    try:
        parsed = Timestamp.FromString(time)
    except DecodeError as error:
        raise _unreadable(error) from error
    return int(parsed.seconds) * 1_000_000 + int(parsed.nanos) // 1_000


def _timestamp(time: datetime) -> bytes:
    timestamp = Timestamp()
    timestamp.FromDatetime(time)
    return bytes(timestamp.SerializeToString())


def _unreadable(error: Exception) -> StoreUnavailable:
    return StoreUnavailable(f"a value in the feature store cannot be read: {error}")
