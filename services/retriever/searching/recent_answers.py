"""Answers of the catalogue that is served, for requests that are asked again."""

from __future__ import annotations

from collections import OrderedDict
from weakref import ref

from services.retriever.catalogue.catalogue import Catalogue

Asked = tuple[str, bool, bool]
"""The request as JSON, with its defaults, and in which form it is answered."""


class RecentAnswers:
    """Used by the event loop alone. Any change of the catalogue empties it.

    max_bytes: of requests and answers; those that were not asked for longest go first.
    """

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._answers: OrderedDict[Asked, bytes] = OrderedDict()
        self._bytes = 0
        self._catalogue: ref[Catalogue] | None = None

    def get(self, catalogue: Catalogue, asked: Asked) -> bytes | None:
        if self._catalogue is None or self._catalogue() is not catalogue:
            self._answers.clear()
            self._bytes, self._catalogue = 0, ref(catalogue)
        content = self._answers.get(asked)
        if content is not None:
            self._answers.move_to_end(asked)
        return content

    def add(self, catalogue: Catalogue, asked: Asked, content: bytes) -> None:
        """Nothing of a catalogue that is no longer served is kept, nor what was added meanwhile."""
        size = _size(asked, content)
        if self._catalogue is None or self._catalogue() is not catalogue:
            return
        if asked in self._answers or size > self._max_bytes:
            return
        self._answers[asked] = content
        self._bytes += size
        while self._bytes > self._max_bytes:
            self._bytes -= _size(*self._answers.popitem(last=False))


def _size(asked: Asked, content: bytes) -> int:
    return len(asked[0]) + len(content)
