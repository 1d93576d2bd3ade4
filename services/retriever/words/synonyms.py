"""Synonyms of a catalogue by the stems of their words, for queries."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache

from services.contracts.synonyms import Synonym
from services.retriever.words.analysis import ENGLISH, Analyser
from services.retriever.words.lexicon import Lexicon
from services.retriever.words.spellings import Spellings

_REMEMBERED = 4_096
"""Words whose stems are remembered."""

Phrase = tuple[str, ...]
"""Folded words, in order."""


class SynonymTable:
    """Other phrases for a phrase. Immutable."""

    def __init__(self, synonyms: Iterable[Synonym] = (), analyser: Analyser = ENGLISH) -> None:
        self._analyser = analyser
        # Queries repeat words, so their stems are remembered.
        self._stem = lru_cache(_REMEMBERED)(self._stemmed)
        self._others: dict[Phrase, list[Phrase]] = {}
        said: set[str] = set()
        for one in synonyms:
            phrases = [self._words(phrase) for phrase in one.words]
            found = [self._words(phrase) for phrase in one.finds]
            for phrase in phrases:
                others = self._others.setdefault(self._stems(phrase), [])
                others += [
                    other
                    for other in (found or phrases)
                    if other and other != phrase and other not in others
                ]
                said.update(phrase)
        self._others.pop((), None)
        self._longest = max(map(len, self._others), default=0)
        self._said = said
        self._spellings = Spellings(Lexicon.of(sorted(said))[0])

    def __bool__(self) -> bool:
        return bool(self._others)

    def __contains__(self, word: str) -> bool:
        """True for a folded word of a phrase that has synonyms: then it is no typo."""
        return word in self._said

    def has(self, words: Sequence[str]) -> bool:
        """True if these folded words are a phrase that has synonyms."""
        return bool(self._others) and self._stems(tuple(words)) in self._others

    def at(self, words: Sequence[str], place: int) -> tuple[int, list[Phrase]]:
        """The length of the longest phrase that begins here, and the phrases that it also finds."""
        for length in range(min(self._longest, len(words) - place), 0, -1):
            others = self._others.get(self._stems(tuple(words[place : place + length])))
            if others:
                return length, others
        return 0, []

    def near(self, word: str) -> list[str]:
        """Words of these phrases within one edit of a folded word."""
        return [self._spellings.word(number) for _, number in self._spellings.near(word, 1)]

    def _words(self, phrase: str) -> Phrase:
        return tuple(self._analyser.words(phrase))

    def _stems(self, words: Phrase) -> Phrase:
        return tuple(map(self._stem, words))

    def _stemmed(self, word: str) -> str:
        return self._analyser.stems([word])[0] if self._analyser.has_forms(word) else word


NO_SYNONYMS = SynonymTable()
