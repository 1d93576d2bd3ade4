"""A text as concepts: what each of its words, or phrases, may be called by a product."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from services.retriever.words.live import Words
from services.retriever.words.synonyms import NO_SYNONYMS, SynonymTable


@dataclass(frozen=True, slots=True)
class Concept:
    """A word or phrase of a query."""

    text: str
    """Folded."""
    alternatives: Sequence[tuple[str, ...]]
    """Phrases that say it: its own words first, then its synonyms."""


def concepts_of(words: Words, text: str, synonyms: SynonymTable = NO_SYNONYMS) -> list[Concept]:
    """In order, each once; without function words that are not part of a phrase."""
    asked = words.analyser.words(text)
    found: dict[str, Concept] = {}
    place = 0
    while place < len(asked):
        length, others = synonyms.at(asked, place) if synonyms else (0, [])
        own = tuple(asked[place : place + max(length, 1)])
        place += len(own)
        if length or not words.analyser.is_function_word(own[0]):
            name = " ".join(own)
            found.setdefault(name, Concept(name, [own, *others]))
    return list(found.values())
