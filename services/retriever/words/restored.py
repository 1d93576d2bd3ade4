"""Forms of a word that its stemmer leaves apart, rewritten by the spelling rules of a language.

`brodée` is folded to `brodee`, which the French stemmer does not cut to the stem of `brodé`; and it
leaves `bleus`, `vélos` and `blanche` as they are. The rules read folded words, so that a word has
one stem whether it is typed with accents or not.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

_SHORT = "(?:(?<=[аеиоуыэюя].)|(?<=[аеиоуыэюя]..))"
"""Behind a syllable of Russian: `носок`, `горшок`; not in `блок`."""
_RULES: dict[str, tuple[tuple[str, str], ...]] = {
    "da": ((r"(bla|brun|gra|gron|gul|hvid|rod)t$", r"\1"),),
    "de": (
        (r"(?<=...)los$", "lose"),
        (r"(?<=[^aeiou]o)s$|(?<=..[^aeioul]a)s$", ""),
        (r"ys$", "y"),
        (r"(dunk|ed)l(e[mnrs]?)$", r"\1el\2"),
    ),
    "en": (
        (r"(cal|dwar|hal|hoo|lea|loa|scar|shea|shel|thie|wol|^el)ves$", r"\1f"),
        (r"(kni|wi)ves$", r"\1fe"),
        # "Mens shorts" are men's; not of "specimen", "lumen" and "ramen".
        (r"(^|wo|[^aeiou]|ice|re|tle)mens?$", r"\1man"),
        (r"(bus|lens|quiz)z?es$", r"\1"),
        (r"childrens?$", "child"),
        (r"^feet$", "foot"),
        (r"teeth$", "tooth"),
        (r"^geese$", "goose"),
        (r"^mice$", "mouse"),
        (r"jewell?ery$", "jewelry"),
        # The stemmer asks for a vowel: "TVs", "DVDs", "lbs".
        (r"^([bcdfghjklmnpqrtvwz]+[bcdgv])s$", r"\1"),
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
    # The vowel of "носок" falls out in "носки". That of "уроки" stays: it goes in all forms.
    "ru": (
        (r"(?<=[жчш])ек$|" + _SHORT + r"ок(?=(?:[иауе]|ов|ом|ам|ами|ах)?$)", "к"),
        (_SHORT + r"ец(?=(?:[ыауе]|ев|ом|ам|ами|ах)?$)", "ц"),
    ),
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
_ENDINGS: dict[str, tuple[str, ...]] = {
    language: tuple(endings.split())
    for language, endings in (
        ("da", "at dt lt nt"),
        ("de", "as os ys le lem len ler les"),
        ("en", "ves men mens ses zes children childrens eet eeth geese mice ery bs cs ds gs vs"),
        ("es", "en ces"),
        ("fr", "ee es ye ers os us jeux veux he ais ce se ue ve"),
        ("it", "iere iavi ano ono aio"),
        ("nl", "e en ens es"),
        ("no", "ae att lt nt dt tt"),
        ("pl", "ow ec ek"),
        ("pt", "oes aes eis ais ois uis ens ins uns ao aos avel ivel"),
        ("ru", "ек ок ки ка ку ке ец цы ца цу це ов ев ом ам ами ах"),
        ("sv", "el aa att lt nt tt"),
        ("tr", "lar ler ra ri re rin run si su gi gu"),
    )
}
"""Endings of all words that the rules change. Most words have none, which is seen faster."""
_SPELLINGS = {
    # "Gray" and "color" are found by "grey" and "colour".
    "en": {
        "colour": "color",
        "grey": "gray",
        "yoghurt": "yogurt",
        "pyjama": "pajama",
        "aluminium": "aluminum",
        "fibre": "fiber",
    }
}
_COMPILED = {
    language: [(re.compile(pattern), ending) for pattern, ending in rules]
    for language, rules in _RULES.items()
}


def restored(words: Sequence[str], language: str) -> list[str]:
    """Folded words with the endings that the stemmer of their language knows."""
    text = "\n".join(words)
    for part, other in _SPELLINGS.get(language, {}).items():
        text = text.replace(part, other)
    rules, endings = _COMPILED.get(language, []), _ENDINGS.get(language, ())
    changed = text.split("\n") if words else []
    return [_restored(word, rules) if word.endswith(endings) else word for word in changed]


def _restored(word: str, rules: Sequence[tuple[re.Pattern[str], str]]) -> str:
    for pattern, ending in rules:
        word = pattern.sub(ending, word)
    return word
