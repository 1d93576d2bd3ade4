"""JSON answers, compressed for callers that accept it."""

from __future__ import annotations

import zlib
from functools import lru_cache

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

LEAST_BYTES = 4_096
"""Smaller answers gain less than a network packet."""
_LEVEL = 1
"""0.14 ms for 19 kB, to 28 %; level 6 takes 0.24 ms, to 25 %."""
_GZIP = 31
"""zlib's name for a gzip header and trailer, with the largest window."""
_ACCEPT = b"accept-encoding"
_REFUSED = ("q=0", "q=0.0", "q=0.00", "q=0.000")


@lru_cache(maxsize=256)
def accepted_encodings(header: str) -> frozenset[str]:
    """The encodings that `Accept-Encoding` names and does not refuse."""
    named = (one.partition(";") for one in header.lower().split(","))
    return frozenset(
        name.strip() for name, _, weight in named if weight.replace(" ", "") not in _REFUSED
    )


class CompressedJson(Response):
    """JSON that is compressed with gzip if it is large and the caller accepts it."""

    media_type = "application/json"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it. The request's headers are known only here."""
        if len(self.body) >= LEAST_BYTES:
            self.headers["Vary"] = "Accept-Encoding"
            if _accepts_gzip(scope):
                self.body = _compressed(bytes(self.body))
                self.headers["Content-Encoding"] = "gzip"
                self.headers["Content-Length"] = str(len(self.body))
        await super().__call__(scope, receive, send)


def _accepts_gzip(scope: Scope) -> bool:
    return any(
        name == _ACCEPT and "gzip" in accepted_encodings(value.decode("latin-1"))
        for name, value in scope["headers"]
    )


def _compressed(content: bytes) -> bytes:
    compressor = zlib.compressobj(_LEVEL, zlib.DEFLATED, _GZIP)
    return compressor.compress(content) + compressor.flush()
