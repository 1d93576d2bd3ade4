"""Opaque text for callers to keep and give back: cursors and picture ids.

Nothing of them is kept here, so every replica understands every other's, and a restart forgets
none. The checksum finds what was cut or mistyped. It is no signature, and need not be: whoever
forges one can ask for nothing that the API does not give to everybody, and what is read is checked
like any request.
"""

from __future__ import annotations

import base64
import binascii
import struct
import zlib
from collections.abc import Sequence

_CHECKSUM = struct.Struct("<I")


class BadToken(Exception):
    """Not what `seal` made, or not of this kind."""


def seal(kind: bytes, content: bytes) -> str:
    """`content` as base64url text, compressed, with a checksum; `kind` is the type of the token."""
    packed = zlib.compress(content, 6)
    whole = kind + _CHECKSUM.pack(zlib.crc32(packed, zlib.crc32(kind))) + packed
    return base64.urlsafe_b64encode(whole).rstrip(b"=").decode()


def unseal(kind: bytes, text: str, max_bytes: int) -> bytes:
    """The content given to `seal`, `max_bytes` at most. Raises BadToken."""
    try:
        whole = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError) as error:
        raise BadToken("not base64url") from error
    head = len(kind) + _CHECKSUM.size
    if len(whole) <= head or not whole.startswith(kind):
        raise BadToken("of another kind")
    packed = whole[head:]
    (checksum,) = _CHECKSUM.unpack(whole[len(kind) : head])
    if checksum != zlib.crc32(packed, zlib.crc32(kind)):
        raise BadToken("damaged")
    # Bounded, since a few bytes may stand for gigabytes.
    inflating = zlib.decompressobj()
    try:
        content = inflating.decompress(packed, max_bytes)
    except zlib.error as error:
        raise BadToken("damaged") from error
    if not inflating.eof:
        raise BadToken("too large")
    return content


def pack_floats(values: Sequence[float]) -> bytes:
    """float32, little-endian: exact for what the encoder answers."""
    return struct.pack(f"<{len(values)}f", *values)


def unpack_floats(data: bytes) -> list[float]:
    """Raises BadToken where it is no whole number of floats."""
    if len(data) % 4:
        raise BadToken("cut off")
    return list(struct.unpack(f"<{len(data) // 4}f", data))
