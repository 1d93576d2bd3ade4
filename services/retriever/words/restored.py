"""Endings that folding took from their stemmer, restored by the spelling rules of a language.

`brodée` is folded to `brodee`, which the French stemmer does not cut to the stem of `brodé`. The
rules read folded words, so that a word has one stem whether it is typed with accents or not.
"""

from __future__ import annotations

import re

_RULES: dict[str, tuple[tuple[str, str], ...]] = {
    "es": ((r"en$", "én"),),
    "fr": ((r"ee(s?)$", r"ée\1"), (r"ye(s?)$", r"yé\1")),
    "pl": ((r"ow$", "ów"),),
    # Plurals become singular: the stemmer leaves "coleção" and "coleções" apart.
    "pt": (
        (r"(oes|(?<!m)aes)$", "ao"),
        (r"veis$", "vel"),
        (r"cao$", "ção"),
        (r"ao(s?)$", r"ão\1"),
        (r"avel$", "ável"),
        (r"ivel$", "ível"),
    ),
    # "Bardağı" is a form of "bardak"; the stemmer asks for the vowel and the ğ.
    "tr": ((r"(?<=..[aeiou])g[iu]$", "k"),),
}
_COMPILED = {
    language: [(re.compile(pattern), ending) for pattern, ending in rules]
    for language, rules in _RULES.items()
}


def restored(word: str, language: str) -> str:
    """A folded word with the ending that the stemmer of its language knows."""
    for pattern, ending in _COMPILED.get(language, ()):
        word = pattern.sub(ending, word)
    return word
