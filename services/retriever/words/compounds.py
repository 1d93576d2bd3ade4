"""Compounds: `Lederhandtasche` and `Handtasche aus Leder` find each other.

For languages that write compounds as one word. A compound of the query is cut into two words that
products say. A word of the query also finds compounds that end with it, and those that begin with
it if it describes products (a material).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np

from services.retriever.words.folding import MAX_WORD
from services.retriever.words.live import Words
from services.retriever.words.texts import mask_of

_LINKS: dict[str, tuple[str, ...]] = {
    "de": ("", "s", "es", "n", "en", "er"),
    "nl": ("", "s", "e", "en"),
    "sv": ("", "s"),
    "da": ("", "s", "e"),
    "no": ("", "s", "e"),
}
"""Letters between the two words, by language."""
NEGATING = {
    "de": re.compile(r"(\w{3,}?)s?(?:frei|los)(?:e|er|es|en|em)?"),
    "nl": re.compile(r"(\w{3,}?)s?(?:vrij|loos|loze|vrije)"),
    "sv": re.compile(r"(\w{3,}?)s?(?:fri|los)(?:t|a)?"),
    "da": re.compile(r"(\w{3,}?)s?(?:fri|los)(?:t|e)?"),
    "no": re.compile(r"(\w{3,}?)s?(?:fri|los)(?:tt|t|e)?"),
}
"""Folded words that negate a part of themselves, by language."""
_FEWEST_OF_PART = 3
_FEWEST_OF_WORD = 4
"""Letters of a word that is sought in compounds; "Eis" is in "Reis" and "Preis"."""
_MOST = 32
"""Compounds of one word: those that most products say."""
_ATTRIBUTES = mask_of("attributes")
_KIND = mask_of("category", "title")


def negates(language: str, word: str) -> bool:
    """True for a folded compound that negates its first word: `zuckerfrei`."""
    pattern = NEGATING.get(language)
    return pattern is not None and pattern.fullmatch(word) is not None


def has_compounds(words: Words) -> bool:
    """True if the catalogue's language writes compounds as one word."""
    return words.analyser.language in _LINKS


def parts_of(words: Words, word: str) -> tuple[str, str] | None:
    """The two words of a folded compound that most products say together; None if there are none.

    The first may lack a letter that its stem lacks too: `woll` of `Wolle`.
    """
    links = _LINKS.get(words.analyser.language)
    if links is None or not 2 * _FEWEST_OF_PART <= len(word) <= MAX_WORD or not word.isalpha():
        return None
    return words.remembered("parts", word, lambda one: _parts(words, one, links))


def compounds_with(words: Words, word: str) -> list[str]:
    """Folded compounds of the catalogue that say a folded word."""
    if words.analyser.language not in _LINKS or not word.isalpha():
        return []
    return words.remembered("compounds", word, lambda one: _compounds(words, one))


def _parts(words: Words, word: str, links: tuple[str, ...]) -> tuple[str, str] | None:
    best: tuple[int, tuple[str, str]] | None = None
    for cut in range(_FEWEST_OF_PART, len(word) - _FEWEST_OF_PART + 1):
        second = words.rows(word[cut:])
        if not len(second):
            continue
        for link in links:
            first = word[:cut].removesuffix(link) if link else word[:cut]
            if len(first) < _FEWEST_OF_PART or (link and first == word[:cut]):
                continue
            together = len(np.intersect1d(words.rows(first), second))
            if together and (best is None or together > best[0]):
                best = together, (first, word[cut:])
    return None if best is None else best[1]


def _compounds(words: Words, word: str) -> list[str]:
    forms = [one for one in words.forms(word) if len(one) >= _FEWEST_OF_WORD]
    found = dict.fromkeys(one for form in forms for one in _ending(words, form))
    if _describes(words, word):
        starts = {form.removesuffix("e") for form in forms}
        found |= dict.fromkeys(one for start in sorted(starts) for one in _beginning(words, start))
    own = set(words.forms(word))
    return sorted((one for one in found if one not in own), key=words.frequency, reverse=True)[
        :_MOST
    ]


def _ending(words: Words, word: str) -> Iterator[str]:
    for _, index in words.indexes:
        for number in index.words.ending(word):
            text = index.words[number]
            before = text[: -len(word)]
            if len(before) >= _FEWEST_OF_PART and text.isalpha():
                yield text


def _beginning(words: Words, start: str) -> Iterator[str]:
    if len(start) < _FEWEST_OF_WORD:
        return
    for _, index in words.indexes:
        for number in index.words.beginning(start):
            text = index.words[number]
            if len(text) - len(start) >= _FEWEST_OF_WORD and text.isalpha():
                yield text


def _describes(words: Words, word: str) -> bool:
    """True for a word of attributes rather than of kinds of products, and for an unknown one."""
    attributes = kinds = 0
    for form in words.forms(word):
        for _, postings in words.found(form):
            attributes += int(np.count_nonzero(postings.fields & np.uint8(_ATTRIBUTES)))
            kinds += int(np.count_nonzero((postings.fields & np.uint8(_KIND)) != 0))
    return kinds == 0 or attributes * 2 > kinds
