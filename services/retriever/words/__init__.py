"""Words: what products say, indexed by word and by identifier, beside the vectors.

`analysis` says what a word is, for products and for queries. `WordIndex` holds the postings of some
products; `Words` is a snapshot of a version's own and of what was put in since; `Vocabulary` is its
view for those who correct and complete queries. docs/decisions/0037-words-beside-vectors.md
"""

from services.retriever.words.analysis import ENGLISH, Analyser, Language
from services.retriever.words.beginnings import Beginnings
from services.retriever.words.build import WordsBuild, words_of_table
from services.retriever.words.lexicon import Lexicon
from services.retriever.words.live import Words
from services.retriever.words.phrases import EveryPhrase, Phrases, fewest_for
from services.retriever.words.postings import WordIndex
from services.retriever.words.texts import strings_of
from services.retriever.words.vocabulary import Near, Value, Vocabulary

__all__ = [
    "ENGLISH",
    "Analyser",
    "Beginnings",
    "EveryPhrase",
    "Language",
    "Lexicon",
    "Near",
    "Phrases",
    "Value",
    "Vocabulary",
    "WordIndex",
    "Words",
    "WordsBuild",
    "fewest_for",
    "strings_of",
    "words_of_table",
]
