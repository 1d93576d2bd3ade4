"""Serialiser of NDJSON bodies for Schemathesis; their schema is a string."""

from __future__ import annotations

import schemathesis


@schemathesis.serializer("application/x-ndjson")
def ndjson(_: object, value: object) -> bytes:
    return str(value).encode("utf-8", "replace")
