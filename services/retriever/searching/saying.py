"""Where a concept is said, by its forms and merged. Texts with the same concept share it."""

from __future__ import annotations

from collections.abc import Iterable

from services.retriever.catalogue.catalogue import Catalogue
from services.retriever.catalogue.remembered import remembered
from services.retriever.words import Words
from services.retriever.words.concepts import Concept
from services.retriever.words.strengths import Said, Ways, said_as

_REMEMBERED = 1_000
_LONGEST = 8_000
"""Characters of a key that is remembered: a German word has dozens of compounds."""
_AS_WRITTEN = "="
"""Begins the key of words that are sought without their other forms. No folded word has it."""


def key_of(concept: Concept) -> str:
    """A key for all that the concept may be called."""
    return "\n".join(map(" ".join, concept.alternatives))


def key_as_written(words: Iterable[str]) -> str:
    """A key for any of these words, without their other forms."""
    return _AS_WRITTEN + "\n".join(words)


def ways_of(words: Words, key: str) -> Ways:
    """Where each form of each word of a key is said."""
    if key.startswith(_AS_WRITTEN):
        return Ways([[said_as(words, key.removeprefix(_AS_WRITTEN).split("\n"))]])
    phrases = [line.split(" ") for line in key.split("\n")]
    single = [form for one in phrases if len(one) == 1 for form in words.forms(one[0])]
    longer = [
        [said_as(words, words.forms(word)) for word in phrase]
        for phrase in phrases
        if len(phrase) > 1
    ]
    return Ways([[said_as(words, single)], *longer])


@remembered(_REMEMBERED, lambda said: said.own_bytes, _LONGEST)
def said_by(catalogue: Catalogue, key: str) -> Said:
    """Where a concept is said, by its key."""
    return ways_of(catalogue.words, key).merged()
