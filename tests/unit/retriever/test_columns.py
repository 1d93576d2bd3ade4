"""Values out of the online store's bytes: as protobuf reads them, or an error."""

from __future__ import annotations

import math

import numpy as np
import pytest
from feast.protos.feast.types.Value_pb2 import DoubleList, FloatList, Value

from services.retriever.errors import StoreUnavailable
from services.retriever.loading.columns import Columns


def _column(*values: bytes | None) -> Columns:
    return Columns(["one"], [[value] for value in values])


@pytest.mark.parametrize("length", [0, 1, 126, 127, 128, 129, 16_383, 16_384, 70_000])
def test_a_text_of_any_length_is_as_it_was_written(length: int) -> None:
    text = "é" * (length // 2) + "x" * (length % 2)
    assert _column(Value(string_val=text).SerializeToString()).texts("one") == [text]


@pytest.mark.parametrize("length", [0, 1, 7, 30, 31, 32, 33, 511, 512, 4_096, 8_192])
def test_a_vector_of_any_length_is_as_it_was_written(length: int) -> None:
    floats = np.linspace(-1, 1, length, dtype=np.float32)
    out = np.ones((1, max(length, 1)), np.float32)
    value = Value(float_list_val=FloatList(val=floats)).SerializeToString()
    assert _column(value).vectors("one", out) == [length]
    assert np.array_equal(out[0], floats if length else [0.0])


def test_what_is_written_in_another_way_is_read_as_protobuf_reads_it() -> None:
    long_length = b"\x12\x83\x00abc"  # a length in two bytes, where one is enough
    twice = Value(string_val="a").SerializeToString() + Value(string_val="bc").SerializeToString()
    other = Value(int64_val=5).SerializeToString()
    # A value as long as a text could not be.
    odd = Value(string_val="x" * 127).SerializeToString() + b"\x18"
    values = [long_length, twice, other, None, b""]
    assert _column(*values).texts("one") == ["abc", "bc", "", "", ""]
    with pytest.raises(StoreUnavailable, match="cannot be read"):
        _column(odd).texts("one")
    unpacked = b"\x82\x01\x0a" + 2 * (b"\x0d" + np.float32(1.5).tobytes())
    doubles = Value(double_list_val=DoubleList(val=[1.0, 2.0])).SerializeToString()
    out = np.ones((3, 2), np.float32)
    assert _column(unpacked, doubles, None).vectors("one", out) == [2, 0, 0]
    assert out.tolist() == [[1.5, 1.5], [0, 0], [0, 0]]


@pytest.mark.parametrize("value", [b"\x12\x02\xff\xfe", b"\x12\x05ab", b"\xff\xff\xff"])
def test_a_broken_text_is_an_error_of_the_store(value: bytes) -> None:
    with pytest.raises(StoreUnavailable, match="cannot be read"):
        _column(value).texts("one")


def test_a_broken_timestamp_is_an_error_of_the_store() -> None:
    with pytest.raises(StoreUnavailable, match="cannot be read"):
        Columns(["one"], [[None]], [b"\xff\xff\xff"]).timestamps_us()


def test_rows_that_are_missing_have_nothing() -> None:
    columns = Columns(["one"], [[None], [None]], [None, b""])
    assert columns.texts("one") == ["", ""]
    assert columns.texts("two") == ["", ""]
    assert columns.text_lists("one") == [[], []]
    assert columns.integers("one") == [0, 0]
    assert all(map(math.isnan, columns.numbers("one")))
    assert columns.timestamps_us() == [0, 0]
