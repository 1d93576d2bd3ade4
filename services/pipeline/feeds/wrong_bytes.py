"""Bytes that are wrong in a file's encoding: lone surrogates, as Python's `surrogateescape` has.

Validation decides about them. Parsers of XML and HTML, which take no lone surrogates, get private
characters in their place.
"""

from __future__ import annotations

import codecs
import re

SURROGATE = re.compile("[\ud800-\udfff]")
_ERROR_HANDLER = "feeds.wrong_bytes"
_PRIVATE = {0xDC80 + byte: 0x10FF80 + byte for byte in range(0x80)}
_BACK = {private: surrogate for surrogate, private in _PRIVATE.items()}


def has_wrong_bytes(text: str) -> bool:
    return not text.isprintable() and SURROGATE.search(text) is not None


def made_private(text: str) -> str:
    """The text with a private character for each wrong byte; `restored` undoes it."""
    return text.translate(_PRIVATE) if SURROGATE.search(text) else text


def restored(text: str) -> str:
    return text.translate(_BACK)


def error_handler() -> str:
    """Name of an error handler like `surrogateescape` that works in every encoding."""
    try:
        codecs.lookup_error(_ERROR_HANDLER)
    except LookupError:
        codecs.register_error(_ERROR_HANDLER, _escaped)
    return _ERROR_HANDLER


def _escaped(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    wrong = error.object[error.start : error.end]
    return "".join(chr(0xDC80 | byte) for byte in wrong), error.end
