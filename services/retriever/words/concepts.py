"""A text as concepts: what each of its words, or phrases, may be called by a product."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from services.retriever.words.compounds import compounds_with, parts_of
from services.retriever.words.folding import unspaced
from services.retriever.words.function_words import PARTICLES
from services.retriever.words.live import Words
from services.retriever.words.synonyms import NO_SYNONYMS, SynonymTable


@dataclass(frozen=True, slots=True)
class Concept:
    """A word or phrase of a query."""

    text: str
    """Folded."""
    alternatives: Sequence[tuple[str, ...]]
    """Phrases that say it: its own words first, then its synonyms."""


def _without_seams(words: Words, asked: list[str]) -> list[str]:
    """Without pairs of letters that are parts of two words, in scripts without spaces.

    Of `红色马克杯` it leaves out `色马`: no product says it, but products say the pairs beside it.
    """
    pairs = [len(word) == 2 and not word.isascii() and unspaced(word) for word in asked]
    if not any(pairs):
        return asked
    said = {word: bool(words.postings(word)) for word in asked}
    kept = []
    for place, word in enumerate(asked):
        seam = False
        if pairs[place] and not said[word]:
            before = asked[place - 1] if place else ""
            after = asked[place + 1] if place + 1 < len(asked) else ""
            first = word[0] in PARTICLES or (before[-1:] == word[0] and said[before])
            last = word[1] in PARTICLES or (after[:1] == word[1] and said[after])
            # A Chinese character is a word by itself as well; two of them are no seam.
            other = said.get(word[1 if first else 0], False)
            seam = (first and last) or ((first or last) and other)
        if not seam:
            kept.append(word)
    return kept


def _compounds_of(words: Words, word: str) -> list[tuple[str, ...]]:
    """A compound as the words that it is made of, and the compounds that have a word."""
    parts = parts_of(words, word)
    return [*([parts] if parts else []), *((one,) for one in compounds_with(words, word))]


def concepts_of(words: Words, text: str, synonyms: SynonymTable = NO_SYNONYMS) -> list[Concept]:
    """In order, each once; without function words that are not part of a phrase."""
    asked = _without_seams(words, words.analyser.words(text))
    found: dict[str, Concept] = {}
    place = 0
    while place < len(asked):
        length, others = synonyms.at(asked, place) if synonyms else (0, [])
        own = tuple(asked[place : place + max(length, 1)])
        place += len(own)
        if length or not words.analyser.is_function_word(own[0]):
            name = " ".join(own)
            apart = _compounds_of(words, own[0]) if len(own) == 1 else []
            found.setdefault(name, Concept(name, [own, *others, *apart]))
    return list(found.values())
