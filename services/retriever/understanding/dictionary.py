"""Real words of a language: a query's word that is one is no typo, even if no product says it.

Without it "garden hose" is corrected to "garden rose" in a catalogue that sells no hoses.
"""

from __future__ import annotations

import gzip
from functools import cache
from importlib.resources import files

from pydantic_core import from_json

from services.retriever.words import Language
from services.retriever.words.folding import fold
from services.retriever.words.lexicon import Lexicon
from services.retriever.words.spellings import Spellings

_RARE = 50
"""The lowest frequency in the word lists, which names and typos have as well."""
_COMMON = 3_000
"""Words of a language that are likely in a sentence."""


class Dictionary:
    """Folded words of English and of the catalogue's language. 1.5 MB for 160,000 words."""

    def __init__(self, language: Language) -> None:
        real, rare, common = set[str](), set[str](), set[str]()
        self.has_language = False
        """True if there is a word list of the catalogue's language."""
        for name in ("en", language) if language != "en" else ("en",):
            source = files("spellchecker").joinpath("resources", f"{name}.json.gz")
            if not source.is_file():
                continue
            self.has_language = self.has_language or name == language
            counts: dict[str, int] = from_json(gzip.decompress(source.read_bytes()))
            real.update(fold(word) for word, count in counts.items() if count > _RARE)
            rare.update(fold(word) for word, count in counts.items() if count <= _RARE)
            common.update(map(fold, sorted(counts, key=lambda word: -counts[word])[:_COMMON]))
        self._real = Lexicon.of(sorted(real))[0]
        self._rare = Lexicon.of(sorted(rare - real))[0]
        self._common = Spellings(Lexicon.of(sorted(common))[0])

    def has(self, word: str) -> bool:
        """True for a folded word that is surely one."""
        return self._real.find(word) is not None

    def may_have(self, word: str) -> bool:
        """True for a folded word that is a rare one, or a name, or a frequent typo."""
        return self._rare.find(word) is not None

    def has_near(self, word: str, *, first_letter: bool) -> bool:
        """True for a folded word within one edit of a common one.

        first_letter: only of words that begin with the same letter.
        """
        return any(
            not first_letter or self._common.word(number)[0] == word[0]
            for _, number in self._common.near(word, 1)
        )


@cache
def dictionary_of(language: Language) -> Dictionary:
    """One for each language in a process."""
    return Dictionary(language)
