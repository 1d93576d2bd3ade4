"""A vector on the wire: a list of numbers or base64 of float32, and nothing else."""

from __future__ import annotations

import base64
import struct

import pytest
from pydantic import TypeAdapter, ValidationError

from services.contracts.vectors import MAX_DIMENSION, Vector

VECTORS: TypeAdapter[Vector] = TypeAdapter(Vector)
NUMBERS = [0.25, -1.5, 3.0]


def packed(*numbers: float) -> str:
    return base64.b64encode(struct.pack(f"<{len(numbers)}f", *numbers)).decode()


@pytest.mark.parametrize("sent", [NUMBERS, packed(*NUMBERS)], ids=["list", "packed"])
def test_it_is_read_and_goes_on_in_the_form_that_it_came_in(sent: list[float] | str) -> None:
    read = VECTORS.validate_python(sent)
    assert list(read) == NUMBERS
    assert VECTORS.dump_python(read) == sent
    assert VECTORS.validate_python(read) == read
    assert VECTORS.validate_json(VECTORS.dump_json(read)) == read


@pytest.mark.parametrize(
    ("sent", "reason"),
    [
        ("", "numbers of 4 bytes"),
        ("AAAA", "numbers of 4 bytes"),
        (packed(*[0.0] * (MAX_DIMENSION + 1)), "numbers of 4 bytes"),
        ("no base64", "list of numbers or base64"),
        ("é", "list of numbers or base64"),
        (packed(1.0, float("nan")), "finite"),
        (packed(float("inf"), float("-inf")), "finite"),
        ([], "at least 1"),
        ([0.0] * (MAX_DIMENSION + 1), "at most"),
        ([1.0, float("nan")], "finite"),
        (["a"], "number"),
        (5, "Sequence"),
        ({"0": 1.0}, "Sequence"),
    ],
)
def test_an_invalid_vector_is_refused_with_the_reason(sent: object, reason: str) -> None:
    with pytest.raises(ValidationError, match=reason):
        VECTORS.validate_python(sent)
