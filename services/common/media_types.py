"""Checks of the type of a body."""

from __future__ import annotations

from fastapi import Request

from services.common.problems import UnsupportedMediaType


def media_type_of(request: Request) -> str:
    """Type of the body, in lower case and without parameters; empty if it has none."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


async def require_media_type(request: Request, *allowed: str) -> None:
    """Raises UnsupportedMediaType for a body of another type."""
    media_type = media_type_of(request)
    if media_type not in allowed:
        raise UnsupportedMediaType(
            f"{request.url.path} takes a body of `Content-Type: {allowed[0]}`, "
            f"not {media_type or 'one without a type'}."
        )
