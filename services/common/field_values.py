"""Values of fields, compared: a filter passes the same spellings wherever it is applied."""

from __future__ import annotations

import unicodedata

from services.contracts.search import BRAND, CATEGORY, CURRENCY, GROUP, IN_STOCK

LEVEL = " > "
"""Stands between the levels of a category's path."""
_BETWEEN = ", "
SINGLE = frozenset({CATEGORY, BRAND, CURRENCY, GROUP, IN_STOCK})
"""Fields whose values are not taken apart at commas."""
_TRUE = frozenset({"true", "yes", "y", "1", "in stock", "in_stock", "available"})


def folded(text: str) -> str:
    """The folded form of a value: without letter case, repeated blanks and decomposed accents."""
    if not text.isascii():
        text = unicodedata.normalize("NFC", text)  # as a file from macOS may spell "é"
    return " ".join(text.split()).casefold()


def several(text: str) -> list[str]:
    """The values of an attribute, each once: variants that are one product say `Red, Blue`."""
    if _BETWEEN not in text:
        return [text]
    parts = {folded(part): part.strip() for part in reversed(text.split(_BETWEEN))}
    return [part for form, part in reversed(parts.items()) if form] or [text]


def values_in(name: str, text: str) -> list[str]:
    """The values of a field that one of its texts holds."""
    return [text] if name in SINGLE else several(text)


def spaced_path(text: str) -> str:
    """A category with blanks between its levels, and without empty ones as in `A >> B`."""
    return LEVEL.join(filter(None, map(str.strip, text.split(">"))))


def folded_path(text: str) -> str:
    """The folded form of a category."""
    return spaced_path(folded(text))


def is_within(path: str, category: str) -> bool:
    """True for the category itself and for all below it, both in the same form."""
    return path == category or path.startswith(category + LEVEL)


def says_yes(value: str) -> bool:
    """True for what feeds write for a product in stock."""
    return value.strip().casefold() in _TRUE
