"""Text analysis for products and queries: tokens, folding, stems, function words."""

from __future__ import annotations

from typing import Literal, get_args

import Stemmer

from services.retriever.words.folding import fold, split, unspaced, without_possessives
from services.retriever.words.frame_words import frame_adjectives, frame_words
from services.retriever.words.function_words import FUNCTION_WORDS, PARTICLES
from services.retriever.words.restored import restored

Language = Literal[
    "none", "ar", "ca", "cs", "da", "de", "el", "en", "es", "et", "eu", "fi", "fr", "ga", "hi",
    "hu", "hy", "id", "it", "lt", "ne", "nl", "no", "pl", "pt", "ro", "ru", "sr", "sv", "ta", "tr",
]  # fmt: skip
"""ISO 639-1 code of a language that is stemmed; `none`: words count as they are written."""

_STEMMERS = {
    "ar": "arabic", "ca": "catalan", "cs": "czech", "da": "danish", "de": "german", "el": "greek",
    "en": "english", "es": "spanish", "et": "estonian", "eu": "basque", "fi": "finnish",
    "fr": "french", "ga": "irish", "hi": "hindi", "hu": "hungarian", "hy": "armenian",
    "id": "indonesian", "it": "italian", "lt": "lithuanian", "ne": "nepali", "nl": "dutch_porter",
    "no": "norwegian", "pl": "polish", "pt": "portuguese", "ro": "romanian", "ru": "russian",
    "sr": "serbian", "sv": "swedish", "ta": "tamil", "tr": "turkish",
}  # fmt: skip

LANGUAGES: tuple[str, ...] = get_args(Language)


class Analyser:
    """The words of texts in one language. Safe in several threads."""

    def __init__(self, language: Language = "en") -> None:
        self.language: Language = language
        self._algorithm = _STEMMERS.get(language)
        self.function_words = FUNCTION_WORDS.get(language, frozenset())
        self.frame_words = frame_words(language)
        """Folded words around what a query asks for: "do you sell"."""
        self._frame_stems = frozenset(self.stems(frame_adjectives(language)))

    def __reduce__(self) -> tuple[type[Analyser], tuple[Language]]:
        return Analyser, (self.language,)

    def words(self, text: str) -> list[str]:
        """Folded words in order, each as often as it is said."""
        return split(fold(without_possessives(text)))

    def stems(self, words: list[str]) -> list[str]:
        """The stem of a folded word, for words of letters (`has_forms`)."""
        if self._algorithm is None:
            return words
        # One for each call: a stemmer keeps state, and is made in a microsecond.
        stemmer = Stemmer.Stemmer(self._algorithm, 0)
        stems = stemmer.stemWords(restored(words, self.language))
        return [fold(stem) for stem in stems]

    def has_forms(self, word: str) -> bool:
        """True if a word may have other forms; words with digits and pairs of letters have none."""
        if self._algorithm is None:
            return False
        if word.isascii():
            return word.isalpha()
        # The vowel signs of Hindi and Tamil are no letters to `isalpha`.
        letters = word.isalpha() or not any(map(str.isdigit, word))
        return letters and not unspaced(word)

    def is_function_word(self, word: str) -> bool:
        """True for function words ("the", "for"), particles and single Latin letters."""
        return (
            word in self.function_words
            or word in PARTICLES
            or (len(word) == 1 and "a" <= word <= "z")
        )

    def is_frame_word(self, word: str) -> bool:
        """True for a word around what a query asks for; an adjective in any form: `günstige`."""
        if word in self.frame_words:
            return True
        if not self._frame_stems or not self.has_forms(word):
            return False
        return self.stems([word])[0] in self._frame_stems


ENGLISH = Analyser()
"""For catalogues of which nothing else is said."""
