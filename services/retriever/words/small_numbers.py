"""Small numbers in words and in digits find each other: "two slice toaster", "6 pack"."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from services.retriever.words.folding import fold
from services.retriever.words.function_words import FUNCTION_WORDS

UNITS = {
    "en": "one two three four five six seven eight nine",
    "de": "ein|eins|eine|einen zwei drei vier fünf sechs sieben acht neun",
    "fr": "un|une deux trois quatre cinq six sept huit neuf",
    "es": "un|uno|una dos tres cuatro cinco seis siete ocho nueve",
    "it": "un|uno|una due tre quattro cinque sei sette otto nove",
    "nl": "een twee drie vier vijf zes zeven acht negen",
    "pt": "um|uma dois|duas três quatro cinco seis sete oito nove",
}
TEENS = {
    "en": "ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen",
    "de": "zehn elf zwölf dreizehn vierzehn fünfzehn sechzehn siebzehn achtzehn neunzehn",
    "fr": "dix onze douze treize quatorze quinze seize",
    "es": "diez once doce trece catorce quince dieciséis diecisiete dieciocho diecinueve",
    "it": "dieci undici dodici tredici quattordici quindici sedici diciassette diciotto diciannove",
    "nl": "tien elf twaalf dertien veertien vijftien zestien zeventien achttien negentien",
    "pt": "dez onze doze treze catorze|quatorze quinze dezesseis|dezasseis dezessete|dezassete "
    "dezoito dezenove|dezanove",
}
"""By language, from one and from ten on; other words of the same number are behind a `|`."""
_OTHER_WORDS = frozenset({"neuf"})
"""Words that mean something else too, as "new" in French."""


@cache
def other_names(language: str) -> Mapping[str, tuple[str, ...]]:
    """The other names of numbers from two to nineteen by each, in English and a language."""
    found: dict[str, tuple[str, ...]] = {}
    for one in ("en", language):
        names = listed(UNITS.get(one, ""), 1, 1) | listed(TEENS.get(one, ""), 10, 1)
        for name, value in names.items():
            word, digits = fold(name), str(value)
            if value > 1 and word not in _OTHER_WORDS | FUNCTION_WORDS.get(language, frozenset()):
                found[digits] = tuple(dict.fromkeys((*found.get(digits, ()), word)))
                found.setdefault(word, (digits,))
    return found


def listed(words: str, first: int, step: int) -> dict[str, int]:
    """Values by word. first, step: the value of the first word, and from each to the next."""
    return {
        word: first + place * step
        for place, forms in enumerate(words.split())
        for word in forms.split("|")
    }
