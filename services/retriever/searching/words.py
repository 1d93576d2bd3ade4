"""The words that a product says, as it is written: what vectors do not tell for sure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_WORD = re.compile(r"\w+")
_SHORT = 3
"""Letters; the "s" of shorter words is no plural's."""

_FIELDS = ("title", "description", "brand", "category")


def words_of(text: str) -> frozenset[str]:
    """Each word once, whatever its case, and without a final "s": one of them or many."""
    return frozenset(
        word.removesuffix("s") if len(word) > _SHORT else word
        for word in _WORD.findall(text.casefold())
    )


def says(product: Mapping[str, Any], asked: frozenset[str]) -> bool:
    """Whether all of these words are somewhere in its fields. product: the fields of `Product`."""
    texts = [product[name] for name in _FIELDS if product[name]]
    return asked <= words_of(" ".join((*texts, *product["attributes"].values())))
