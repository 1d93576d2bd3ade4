"""Picture ids: what the model saw of a picture, small enough for an address.

Eight bits a number; the scale need not be kept of a unit vector. For 512 numbers
the cosine to the vector itself stays above .999 (`tests/unit/gateway/test_pictures.py`).
"""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass

from services.contracts.vectors import Vector
from services.gateway.searching.tokens import BadToken, seal, unseal

_KIND = b"P1"
_HEAD = struct.Struct("<QH")  # expiry in seconds, bytes of the model's id
_MAX_BYTES = 8_192


@dataclass(frozen=True, slots=True)
class EncodedPicture:
    """A unit vector of the model named, good until `expires_at` (seconds since 1970)."""

    vector: Vector
    model: str
    expires_at: int


def picture_id(picture: EncodedPicture) -> str:
    """The id that stands for it; nothing else is kept."""
    scale = max(abs(value) for value in picture.vector) / 127 or 1.0
    model = picture.model.encode()
    numbers = [round(value / scale) for value in picture.vector]
    head = _HEAD.pack(picture.expires_at, len(model))
    return seal(_KIND, head + model + struct.pack(f"{len(numbers)}b", *numbers))


def read_picture_id(text: str) -> EncodedPicture:
    """The picture of an id, expired or not. Raises BadToken."""
    content = unseal(_KIND, text, _MAX_BYTES)
    try:
        expires_at, length = _HEAD.unpack_from(content)
        model = content[_HEAD.size : _HEAD.size + length].decode()
    except (struct.error, UnicodeDecodeError) as error:
        raise BadToken("damaged") from error
    packed = content[_HEAD.size + length :]
    numbers = struct.unpack(f"{len(packed)}b", packed)
    norm = math.sqrt(sum(number * number for number in numbers))
    if not model or not norm:
        raise BadToken("damaged")
    return EncodedPicture([number / norm for number in numbers], model, expires_at)
