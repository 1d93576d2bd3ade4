"""The format of an embedding in a message: a list of numbers, or packed in base64.

Packed, 512 numbers take 2.7 kB and almost no time to read. As a list they take 11 kB and, because
of how FastAPI reads JSON, a quarter of a millisecond in each service.
"""

from __future__ import annotations

import base64
import binascii
import math
from array import array
from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import (
    Field,
    PlainSerializer,
    ValidatorFunctionWrapHandler,
    WithJsonSchema,
    WrapValidator,
)

MAX_DIMENSION = 4096

UNIT_TOLERANCE = 1e-2
"""Largest difference between a unit vector's length and 1."""

VectorEncoding = Literal["float", "base64"]

ENCODING_DESCRIPTION = (
    "Format of vectors in JSON: a list of numbers, or base64 of little-endian float32 numbers."
)

_FLOAT_BYTES = 4


def _read(value: object, read_list: ValidatorFunctionWrapHandler) -> Sequence[float]:
    """A list stays a list. A packed vector becomes an array of float32 and is written packed."""
    if isinstance(value, array):
        return value
    if not isinstance(value, str):
        numbers: Sequence[float] = read_list(value)
        return numbers
    try:
        data = base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError) as error:
        raise ValueError("must be a list of numbers or base64") from error
    if not data or len(data) % _FLOAT_BYTES or len(data) > MAX_DIMENSION * _FLOAT_BYTES:
        raise ValueError(f"must be 1 to {MAX_DIMENSION} numbers of {_FLOAT_BYTES} bytes")
    floats = array("f", data)
    if not math.isfinite(sum(floats)):
        raise ValueError("all numbers must be finite")
    return floats


def _write(value: Sequence[float]) -> Sequence[float] | str:
    return base64.b64encode(value.tobytes()).decode() if isinstance(value, array) else value


Vector = Annotated[
    Sequence[Annotated[float, Field(allow_inf_nan=False)]],
    Field(min_length=1, max_length=MAX_DIMENSION),
    WrapValidator(_read),
    PlainSerializer(_write, return_type=Any),
    WithJsonSchema(
        {
            "anyOf": [
                {
                    "type": "array",
                    "items": {"type": "number"},
                    "minItems": 1,
                    "maxItems": MAX_DIMENSION,
                },
                {"type": "string", "contentEncoding": "base64"},
            ]
        }
    ),
]
"""One embedding: (d,) floats, of unit length unless stated otherwise."""
