"""Formats of pictures that searches take."""

from __future__ import annotations

_AVIF_BRANDS = frozenset({b"avif", b"avis", b"mif1", b"msf1"})
"""The last two are of other formats too; the encoder decodes the picture."""


def looks_like_a_picture(data: bytes) -> bool:
    """By the first bytes, since neither a file's name nor its declared type can be trusted."""
    return (
        data.startswith((b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n"))
        or (data[:4] == b"RIFF" and data[8:12] == b"WEBP")
        or (data[4:8] == b"ftyp" and data[8:12] in _AVIF_BRANDS)
    )
