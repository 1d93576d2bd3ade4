"""Functions of a catalogue and a text, computed once while the same text is asked again.

A snapshot never changes, and what is remembered goes with it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from services.retriever.catalogue.catalogue import Catalogue, RecentResults

_LONGEST = 200
"""Characters of a query that is remembered."""
_MOST_BYTES = 32_000_000
"""Memory of one function's results for one snapshot."""
_MISSING: Any = object()

Result = TypeVar("Result")
OfText = Callable[[Catalogue, str], Result]


def _no_bytes(result: object) -> int:
    """For results that are small."""
    return 0


def remembered(
    most: int, bytes_of: Callable[[Any], int] = _no_bytes, longest: int = _LONGEST
) -> Callable[[OfText[Result]], OfText[Result]]:
    """The results must not be changed. Those of one snapshot are `most` at most, and 32 MB.

    bytes_of: the most memory that a result ever takes.  longest: characters of a text that is
    remembered.
    """

    def remembering(function: OfText[Result]) -> OfText[Result]:
        adding = threading.Lock()

        @wraps(function)
        def of_text(catalogue: Catalogue, text: str) -> Result:
            # Other threads do the same meanwhile: each step alone is atomic.
            known = catalogue.recent.setdefault(function, RecentResults())
            result: Result = known.get(text, _MISSING)
            if result is _MISSING:
                result = function(catalogue, text)
                size = bytes_of(result)
                if len(text) <= longest and size <= _MOST_BYTES:
                    with adding:
                        if len(known) >= most or known.nbytes + size > _MOST_BYTES:
                            known.clear()
                            known.nbytes = 0
                        if text not in known:
                            known.nbytes += size
                        known[text] = result
            return result

        return of_text

    return remembering
