"""Memory of recent queries: their vectors, and their meaning by the served catalogue.

It saves a query that comes again the hops to the encoder and to `/understand`. An answer stays the
same: a vector belongs to a model, which the retriever checks, and a meaning to a snapshot of the
catalogue, which every answer names. `Search.one` asks again without memory if one of them has
changed.

It also saves most new queries the hop to `/understand`: one whose words all meant just themselves
lately is searched as written, and the retriever checks its meaning with the search.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar

from services.contracts.base import ModelId, Snapshot
from services.contracts.understanding import UnderstoodQuery
from services.contracts.vectors import Vector

Value = TypeVar("Value")

MOST = 4_096
"""Texts; the vectors take 8 MB for 512 numbers each."""
_LONGEST = 200
"""Characters of a text whose vector is remembered."""
_LONGEST_QUERY = 1_000
"""Characters of a query whose meaning is remembered, with what Gemini made of it."""


class Recent:
    """One per process, used in its event loop."""

    def __init__(self) -> None:
        self.model: ModelId | None = None
        self.snapshot: Snapshot = ""
        self._vectors: dict[str, Vector] = {}
        self._plain: dict[str, None] = {}
        self._meanings: dict[str, UnderstoodQuery] = {}

    def vectors(self, texts: Sequence[str]) -> dict[str, Vector] | None:
        """The vectors of `model` of all these texts, or None."""
        known = self._vectors
        return {text: known[text] for text in texts} if _all(texts, known) else None

    def meanings(self, queries: Sequence[str]) -> dict[str, UnderstoodQuery] | None:
        """The meanings by `snapshot` of all these queries, or None."""
        known = self._meanings
        return {query: known[query] for query in queries} if _all(queries, known) else None

    def knows(self, query: str) -> bool:
        """True if the meaning of a query is here."""
        return query in self._meanings

    def seems_plain(self, query: str) -> bool:
        """True for a new query of words that lately meant just themselves, and of numbers."""
        return query not in self._meanings and all(
            word in self._plain or word.isdecimal() for word in _words(query)
        )

    def keep_vectors(self, model: ModelId, vectors: Mapping[str, Vector]) -> None:
        if model != self.model:
            self.model = model
            self._vectors.clear()
        _keep(self._vectors, vectors, _LONGEST)

    def keep_meanings(self, snapshot: Snapshot, meanings: Mapping[str, UnderstoodQuery]) -> None:
        self.served(snapshot)
        for query, meaning in meanings.items():
            if meaning.is_just(query):
                _keep(self._plain, dict.fromkeys(_words(query)), _LONGEST)
            elif self.seems_plain(query):
                for word in _words(query):
                    self._plain.pop(word, None)
        if snapshot:
            _keep(self._meanings, meanings, _LONGEST_QUERY)

    def served(self, snapshot: Snapshot) -> None:
        """This snapshot has answered; meanings by another one are forgotten."""
        if snapshot != self.snapshot:
            self.snapshot = snapshot
            self._meanings.clear()

    @property
    def has_vectors(self) -> bool:
        return bool(self._vectors)

    def answered(self, model: ModelId | None) -> None:
        """This model's vectors have been searched; those of another one are forgotten."""
        if model is not None and model != self.model:
            self._vectors.clear()


def _words(query: str) -> list[str]:
    return query.lower().split()


def _all(texts: Sequence[str], known: Mapping[str, object]) -> bool:
    return all(text in known for text in texts)


def _keep(known: dict[str, Value], new: Mapping[str, Value], longest: int) -> None:
    """The text that was kept first goes first."""
    known.update((text, value) for text, value in new.items() if len(text) <= longest)
    while len(known) > MOST:
        del known[next(iter(known))]
