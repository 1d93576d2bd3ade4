"""Checks of a picture's response headers, before the body is read."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx

from services.pipeline.pictures.media import UnusablePicture

TRANSIENT = frozenset({408, 425, 429, 500, 502, 503, 504, 507, 509, 520, 521, 522, 523, 524, 529})
"""Statuses after which the same request may go well."""

_TYPES = frozenset(
    {"image/jpeg", "image/jpg", "image/pjpeg", "image/png", "image/webp"}
    # Said by servers that know nothing of pictures; what it is shows when it is decoded.
    | {"", "application/octet-stream", "binary/octet-stream"}
)
_RANGE = re.compile(r"bytes (\d+)-\d*/(\d+|\*)")


class TryAgain(Exception):
    """This time it did not go well. `after_s`: what the host asks for."""

    def __init__(self, reason: str, after_s: float | None = None) -> None:
        super().__init__(reason)
        self.after_s = after_s


def retry_after_s(response: httpx.Response) -> float | None:
    """Seconds, of a header that says seconds or a date."""
    value = response.headers.get("Retry-After", "").strip()
    if value.isascii() and value.isdigit():
        return float(value)
    try:
        at = parsedate_to_datetime(value)
    except ValueError:
        return None
    if at.tzinfo is None:
        at = at.replace(tzinfo=UTC)
    return max(0.0, (at - datetime.now(UTC)).total_seconds())


def check_kind(response: httpx.Response) -> None:
    """Raises UnusablePicture for what says that it is no picture."""
    kind = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if kind not in _TYPES:
        raise UnusablePicture(f"is {kind}, not a JPEG, PNG or WebP picture")
    coding = response.headers.get("Content-Encoding", "identity").strip().lower()
    if coding not in {"", "identity"}:
        raise UnusablePicture(f"is sent in {coding}, which was not asked for")


def check_length(response: httpx.Response, offset: int, most: int) -> int | None:
    """Bytes that there will be in all, as far as it says. Raises UnusablePicture beyond `most`."""
    said = response.headers.get("Content-Length", "")
    if not said.isdigit():
        return None
    total = offset + int(said)
    if total > most:
        raise UnusablePicture(f"has {total} bytes; at most {most} are taken")
    return total


def goes_on_at(response: httpx.Response, offset: int) -> bool:
    """True if a partial response starts at the requested offset."""
    match = _RANGE.fullmatch(response.headers.get("Content-Range", "").strip())
    return match is not None and int(match[1]) == offset


def validator(response: httpx.Response) -> str:
    """For `If-Range`: a strong ETag, else a date, else nothing."""
    etag: str = response.headers.get("ETag", "")
    if etag and not etag.startswith("W/"):
        return etag
    modified: str = response.headers.get("Last-Modified", "")
    return modified
