"""Checks of a download's response headers, before the body is read."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx

from services.pipeline.pictures.media import UnusablePicture

TRANSIENT = frozenset({408, 425, 429, 500, 502, 503, 504, 507, 509, 520, 521, 522, 523, 524, 529})
"""Statuses after which the same request may go well."""

_UNNAMED = frozenset({"", "application/octet-stream", "binary/octet-stream"})
"""Types of servers that do not know; the content shows what it is."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A kind of file to download."""

    name: str
    accept: str
    """Value of the header `Accept`."""
    types: frozenset[str]
    encodings: frozenset[str] = frozenset({"", "identity"})
    """Values of `Content-Encoding` that a response may have."""


PICTURES = Wanted(
    "a JPEG, PNG, WebP or AVIF picture",
    "image/webp,image/png,image/jpeg",
    _UNNAMED | {"image/jpeg", "image/jpg", "image/pjpeg", "image/png", "image/webp", "image/avif"},
)
FEEDS = Wanted(
    "a product feed",
    "text/csv,text/tab-separated-values,application/xml,*/*;q=0.5",
    _UNNAMED
    # Scripts that write feeds often leave PHP's `text/html` in place; the content decides.
    | {
        "text/csv",
        "text/plain",
        "text/tab-separated-values",
        "text/html",
        "text/comma-separated-values",
    }
    | {"text/x-csv", "application/csv", "application/x-csv", "application/vnd.ms-excel"}
    | {"text/xml", "application/xml", "application/rss+xml", "application/atom+xml"}
    | {"application/gzip", "application/x-gzip", "application/zip", "application/x-zip-compressed"}
    | {"application/vnd.apache.parquet", "application/x-parquet", "application/download"}
    | {"application/force-download", "application/x-download"},
    # A `.gz` is sent so by some servers. It is stored as it is, and unpacked where it is read.
    frozenset({"", "identity", "gzip", "x-gzip"}),
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


def check_kind(response: httpx.Response, wanted: Wanted) -> None:
    """Raises UnusablePicture for a response that names another type."""
    kind = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if kind not in wanted.types:
        raise UnusablePicture(f"is {kind}, not {wanted.name}")
    coding = response.headers.get("Content-Encoding", "identity").strip().lower()
    if coding not in wanted.encodings:
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
