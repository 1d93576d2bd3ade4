"""Forms of a word that its stemmer leaves apart, rewritten by the spelling rules of a language.

`brodée` is folded to `brodee`, which the French stemmer does not cut to the stem of `brodé`; and it
leaves `bleus`, `vélos` and `blanche` as they are. The rules read folded words, so that a word has
one stem whether it is typed with accents or not.
"""

from __future__ import annotations

import re

_RULES: dict[str, tuple[tuple[str, str], ...]] = {
    "da": ((r"(bla|brun|gra|gron|gul|hvid|rod)t$", r"\1"),),
    "de": (
        (r"(?<=...)los$", "lose"),
        (r"(?<=[^aeiou]o)s$|(?<=..[^aeioul]a)s$", ""),
        (r"ys$", "y"),
        (r"(dunk|ed)l(e[mnrs]?)$", r"\1el\2"),
    ),
    # "Gray" and "color" are found by "grey" and "colour".
    "en": (
        (r"(cal|hal|lea|loa|scar|shea|shel)ves$", r"\1f"),
        (r"(kni|wi)ves$", r"\1fe"),
        (r"men$", "man"),
        (r"lenses$", "lens"),
        (r"children$", "child"),
        (r"^feet$", "foot"),
        (r"colour", "color"),
        (r"^grey", "gray"),
        (r"jewell?ery$", "jewelry"),
        (r"yoghurt", "yogurt"),
        (r"^pyjama", "pajama"),
        (r"aluminium$", "aluminum"),
        (r"fibre", "fiber"),
    ),
    "es": ((r"en$", "én"), (r"(?<=[aeiou])ces$", "z")),
    "fr": (
        (r"ee(s?)$", r"ée\1"),
        (r"ye(s?)$", r"yé\1"),
        (r"ers$", "er"),
        (r"(?<=..[ou])s$|(?<=jeu)x$|(?<=cheveu)x$", ""),
        (r"(blan|fran|se)che(s?)$", r"\1c"),
        (r"(fr)ai(che(s?)|s)$", r"\1ai"),
        (r"ongue(s?)$", "ong"),
        (r"neuve(s?)$", "neuf"),
        (r"douce(s?)$", "doux"),
        (r"grosse(s?)$", "gro"),
    ),
    "it": (
        (r"iere$", "ieri"),
        (r"iavi$", "iave"),
        (r"(?<=...)([ao]n)o$", r"\1i"),
        (r"aio$", "ai"),
    ),
    "nl": (
        (r"((?<=[jsz])e|en)s$", r"\1"),
        (r"(?<=[aeiou])([bdfgklmnprst])\1en?$", r"\1"),
        (r"(?<=..)[sz]e$|(?<=[^aeiou])sen$|(?<=..)zen$", "s"),
        (r"ven$", "f"),
    ),
    "no": ((r"(bla|gra)(e|tt)$", r"\1"), (r"(brun|gul|hvit|rod)t$", r"\1"), (r"gront$", "gronn")),
    # The e of "kubek" falls out in "kubki".
    "pl": ((r"ow$", "ów"), (r"(?<=..[^aeiouy])e([ck])$", r"\1")),
    # Plurals become singular: the stemmer leaves "coleção" and "coleções" apart.
    "pt": (
        (r"(oes|(?<!m)aes)$", "ao"),
        (r"veis$", "vel"),
        (r"(?<=..)([aou])is$", r"\1l"),
        (r"peis$", "pel"),
        (r"(?<=..)([eiu])ns$", r"\1m"),
        (r"cao$", "ção"),
        (r"ao(s?)$", r"ão\1"),
        (r"avel$", "ável"),
        (r"ivel$", "ível"),
    ),
    "ru": ((r"(?<=[жчш])ек$|(?<=м)ок$", "к"),),
    # The e of "cykel" falls out in "cyklar".
    "sv": (
        (r"(?<=.[^aeiouy])el$", "l"),
        (r"(bla|gra)(a|tt)$", r"\1"),
        (r"(brun|gron|gul|vit)t$", r"\1"),
        (r"rott$", "rod"),
    ),
    # "Bardağı" is a form of "bardak"; the stemmer asks for the vowel and the ğ. It cuts "çanta" to
    # "ca", but not "çantalar".
    "tr": (
        (r"(?<=...)l[ae]r(?:[ai]|[ei]|[iu]n)?$", ""),
        (r"(?<=..[aeiou])s[iu]$", ""),
        (r"(?<=..[aeiou])g[iu]$", "k"),
    ),
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
