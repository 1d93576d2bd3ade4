"""Checks of the type of a body."""

from __future__ import annotations

from fastapi import Request

from services.common.problems import UnsupportedMediaType


async def require_media_type(request: Request, *allowed: str) -> None:
    """Raises UnsupportedMediaType for a body of another type."""
    given = request.headers.get("content-type", "")
    media_type = given.partition(";")[0].strip().lower()
    if media_type not in allowed:
        raise UnsupportedMediaType(
            f"{request.url.path} takes a body of `Content-Type: {allowed[0]}`, "
            f"not {media_type or 'one without a type'}."
        )
