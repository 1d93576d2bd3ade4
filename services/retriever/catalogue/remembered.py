"""Functions of a catalogue and a text, computed once while the same text is asked again.

A snapshot never changes, and what is remembered goes with it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from services.retriever.catalogue.catalogue import Catalogue

_LONGEST = 200
"""Characters of a text that is remembered."""
_MISSING: Any = object()

Result = TypeVar("Result")
OfText = Callable[[Catalogue, str], Result]


def remembered(most: Callable[[Catalogue], int]) -> Callable[[OfText[Result]], OfText[Result]]:
    """most: texts whose results a snapshot remembers; the results must not be changed."""

    def remembering(function: OfText[Result]) -> OfText[Result]:
        @wraps(function)
        def of_text(catalogue: Catalogue, text: str) -> Result:
            # Other threads do the same meanwhile: each step alone is atomic.
            known = catalogue.recent.setdefault(function, {})
            result: Result = known.get(text, _MISSING)
            if result is _MISSING:
                result = function(catalogue, text)
                if len(text) <= _LONGEST:
                    if len(known) >= most(catalogue):
                        known.clear()
                    known[text] = result
            return result

        return of_text

    return remembering
