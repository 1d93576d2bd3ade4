"""Wordings of limits and negations: the phrases of each language by their meaning, folded.

`wording.of` gives those of a catalogue's language, of English, and of the languages in other
scripts, which cannot be mistaken for them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from typing import get_args

from services.retriever.understanding.currencies import CURRENCIES, HUNDREDTHS
from services.retriever.understanding.number_words import large_numbers, number_words
from services.retriever.understanding.phrase_lists import PHRASES, Meaning
from services.retriever.understanding.tokens import Token, tokens_of
from services.retriever.words.folding import unspaced
from services.retriever.words.lexicon import Lexicon
from services.retriever.words.spellings import Spellings

_LIMITS: tuple[Meaning, ...] = ("below", "above", "between")
_SPELLED: tuple[Meaning, ...] = (*_LIMITS, "not")
_LONGEST = 5
"""Tokens of a phrase that is looked up backwards."""
_FEWEST_LETTERS = 5
"""Letters of a word of `_SPELLED` that is found in spite of a typo."""

_ALWAYS = ("en", "zh", "ja", "th", "ko", "ar", "ru", "hi")


class Wording:
    """The phrases of some languages."""

    def __init__(self, languages: Sequence[str]) -> None:
        self._phrases: dict[Meaning, dict[str, list[tuple[str, ...]]]] = {
            meaning: {} for meaning in get_args(Meaning)
        }
        cut = {name for name in (*CURRENCIES, *HUNDREDTHS) if unspaced(name)}
        for language in languages:
            for meaning, text in PHRASES.get(language, {}).items():
                for phrase in text.split("|"):
                    words = tuple(token.folded for token in tokens_of(phrase))
                    for spelled in dict.fromkeys((words, _misspelled(words))):
                        self._phrases[meaning].setdefault(spelled[0], []).append(spelled)
                    # A particle of Korean is a letter of other words too.
                    cut.update(
                        word
                        for word in words
                        if unspaced(word) and (len(word) > 1 or words[1:] == ())
                    )
        for phrases in self._phrases.values():
            for some in phrases.values():
                some.sort(key=len, reverse=True)
        self.words = frozenset(
            word
            for phrases in self._phrases.values()
            for some in phrases.values()
            for words in some
            for word in words
        )
        """All words of these phrases, folded."""
        self._spelled = self._words_of(_SPELLED)
        self._negators = self._words_of(("not",))
        self._spellings = Spellings(Lexicon.of(sorted(self._spelled))[0])
        self.cut = frozenset(cut)
        """Phrases to cut out of runs of a script without spaces."""
        self.numbers = number_words(languages)
        """Numbers by their folded words."""
        self.large_numbers = large_numbers(languages)
        """Words that multiply the number before them."""

    def at(self, meaning: Meaning, tokens: Sequence[Token], place: int) -> int:
        """The number of tokens of the longest phrase with this meaning that begins here."""
        # Most words begin no phrase.
        if place >= len(tokens) or tokens[place].folded not in self._phrases[meaning]:
            return 0
        return next(self._lengths(meaning, tokens, place), 0)

    def before(self, meaning: Meaning, tokens: Sequence[Token], place: int) -> int:
        """The number of tokens of the longest phrase with this meaning that ends before `place`."""
        for length in range(min(_LONGEST, place), 0, -1):
            if length in self._lengths(meaning, tokens, place - length):
                return length
        return 0

    def near(self, word: str, *, before_number: bool) -> str | None:
        """The word of a limit or a negation that this one is a typo of: `witout`.

        before_number: without a number behind it, a word says no limit ("fower vase").
        """
        if len(word) < _FEWEST_LETTERS - 1 or word in self._spelled:
            return None
        near = {self._spellings.word(number) for _, number in self._spellings.near(word, 1)}
        return min(near if before_number else near & self._negators, default=None)

    def _words_of(self, meanings: Sequence[Meaning]) -> set[str]:
        """The longer words of phrases with these meanings."""
        return {
            word
            for meaning in meanings
            for phrases in self._phrases[meaning].values()
            for words in phrases
            for word in words
            if len(word) >= _FEWEST_LETTERS
        }

    def _lengths(self, meaning: Meaning, tokens: Sequence[Token], place: int) -> Iterator[int]:
        """Lengths of all phrases that begin here, the longest first."""
        if place >= len(tokens):
            return
        for words in self._phrases[meaning].get(tokens[place].folded, ()):
            some = tokens[place : place + len(words)]
            if len(some) == len(words) and all(
                token.folded == word for token, word in zip(some, words, strict=True)
            ):
                yield len(words)


def _misspelled(words: tuple[str, ...]) -> tuple[str, ...]:
    """With a common mistake that is a word itself: "less then"."""
    return tuple("then" if word == "than" else word for word in words)


@cache
def of_all() -> Wording:
    """The wording of every language: for a text that a language model calls a limit already."""
    return Wording(list(PHRASES))


@cache
def of(language: str) -> Wording:
    """The wording for a catalogue's language, ISO 639-1."""
    return Wording(list(dict.fromkeys((language, *_ALWAYS))))
