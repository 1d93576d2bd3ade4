"""Entity tags of answers that a caller may hold already."""

from __future__ import annotations

import hashlib


def etag_of(content: bytes) -> str:
    """The tag of an answer by its content."""
    return f'"{hashlib.sha256(content).hexdigest()[:32]}"'


def holds(if_none_match: str, etag: str) -> bool:
    """True if the header names this tag; a weak one counts as the same (RFC 9110, 13.1.2)."""
    held = {tag.strip().removeprefix("W/") for tag in if_none_match.split(",")}
    return etag in held or "*" in held
