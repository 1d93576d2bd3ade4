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
RULES: dict[str, tuple[tuple[str, str, str], ...]] = {
    "da": (("at dt lt nt", r"(bla|brun|gra|gron|gul|hvid|rod)t$", r"\1"),),
    "de": (
        ("los", r"(?<=...)los$", "lose"),
        ("as os", r"(?<=[^aeiou]o)s$|(?<=..[^aeioul]a)s$", ""),
        ("ys", r"ys$", "y"),
        ("le lem len ler les", r"(dunk|ed)l(e[mnrs]?)$", r"\1el\2"),
    ),
    "en": (
        ("ves", r"(cal|dwar|hal|hoo|lea|loa|scar|shea|shel|thie|wol|^el)ves$", r"\1f"),
        ("ives", r"(kni|wi)ves$", r"\1fe"),
        # "Mens shorts" are men's; not of "specimen", "lumen" and "ramen".
        ("men mens", r"(^|wo|[^aeiou]|ice|re|tle)mens?$", r"\1man"),
        ("ses zes", r"(bus|lens|quiz)z?es$", r"\1"),
        ("children childrens", r"childrens?$", "child"),
        ("feet", r"^feet$", "foot"),
        ("teeth", r"teeth$", "tooth"),
        ("geese", r"^geese$", "goose"),
        ("mice", r"^mice$", "mouse"),
        ("ery", r"jewell?ery$", "jewelry"),
        # The stemmer asks for a vowel: "TVs", "DVDs", "lbs".
        ("bs cs ds gs vs", r"^([bcdfghjklmnpqrtvwz]+[bcdgv])s$", r"\1"),
    ),
    "es": (("en", r"en$", "én"), ("ces", r"(?<=[aeiou])ces$", "z")),
    "fr": (
        ("ee ees", r"ee(s?)$", r"ée\1"),
        ("ye yes", r"ye(s?)$", r"yé\1"),
        ("ers", r"ers$", "er"),
        ("os us jeux cheveux", r"(?<=..[ou])s$|(?<=jeu)x$|(?<=cheveu)x$", ""),
        ("che ches", r"(blan|fran|se)che(s?)$", r"\1c"),
        ("frais fraiche fraiches", r"(fr)ai(che(s?)|s)$", r"\1ai"),
        ("ongue ongues", r"ongue(s?)$", "ong"),
        ("neuve neuves", r"neuve(s?)$", "neuf"),
        ("douce douces", r"douce(s?)$", "doux"),
        ("grosse grosses", r"grosse(s?)$", "gro"),
    ),
    "it": (
        ("iere", r"iere$", "ieri"),
        ("iavi", r"iavi$", "iave"),
        ("ano ono", r"(?<=...)([ao]n)o$", r"\1i"),
        ("aio", r"aio$", "ai"),
    ),
    "nl": (
        ("jes ses zes ens", r"((?<=[jsz])e|en)s$", r"\1"),
        ("e en", r"(?<=[aeiou])([bdfgklmnprst])\1en?$", r"\1"),
        ("se ze sen zen", r"(?<=..)[sz]e$|(?<=[^aeiou])sen$|(?<=..)zen$", "s"),
        ("ven", r"ven$", "f"),
    ),
    "no": (
        ("ae att", r"(bla|gra)(e|tt)$", r"\1"),
        ("dt lt nt tt", r"(brun|gul|hvit|rod)t$", r"\1"),
        ("gront", r"gront$", "gronn"),
    ),
    # The e of "kubek" falls out in "kubki".
    "pl": (("ow", r"ow$", "ów"), ("ec ek", r"(?<=..[^aeiouy])e([ck])$", r"\1")),
    # Plurals become singular: the stemmer leaves "coleção" and "coleções" apart.
    "pt": (
        ("aes oes", r"(oes|(?<!m)aes)$", "ao"),
        ("veis", r"veis$", "vel"),
        ("ais ois uis", r"(?<=..)([aou])is$", r"\1l"),
        ("peis", r"peis$", "pel"),
        ("ens ins uns", r"(?<=..)([eiu])ns$", r"\1m"),
        ("cao", r"cao$", "ção"),
        ("ao aos", r"ao(s?)$", r"ão\1"),
        ("avel", r"avel$", "ável"),
        ("ivel", r"ivel$", "ível"),
    ),
    # The vowel of "носок" falls out in "носки". That of "уроки" stays: it goes in all forms.
    "ru": (
        (
            "ек ок оки ока оку оке оков оком окам оками оках",
            r"(?<=[жчш])ек$|" + _SHORT + r"ок(?=(?:[иауе]|ов|ом|ам|ами|ах)?$)",
            "к",
        ),
        (
            "ец ецы еца ецу еце ецев ецом ецам ецами ецах",
            _SHORT + r"ец(?=(?:[ыауе]|ев|ом|ам|ами|ах)?$)",
            "ц",
        ),
    ),
    # The e of "cykel" falls out in "cyklar".
    "sv": (
        ("el", r"(?<=.[^aeiouy])el$", "l"),
        ("aa att", r"(bla|gra)(a|tt)$", r"\1"),
        ("lt nt tt", r"(brun|gron|gul|vit)t$", r"\1"),
        ("rott", r"rott$", "rod"),
    ),
    # "Bardağı" is a form of "bardak"; the stemmer asks for the vowel and the ğ. It cuts "çanta" to
    # "ca", but not "çantalar".
    "tr": (
        (
            "lar ler lara lera lare lere lari leri larin lerin larun lerun",
            r"(?<=...)l[ae]r(?:[aei]|[iu]n)?$",
            "",
        ),
        ("si su", r"(?<=..[aeiou])s[iu]$", ""),
        ("gi gu", r"(?<=..[aeiou])g[iu]$", "k"),
    ),
}
"""The endings of all words that a rule changes, the rule, and what it leaves, by language. To look
for an ending is faster than the rule, and most words have none.
"""
_SPELLINGS = {
    # "Gray" and "color" are found by "grey" and "colour".
    "en": {
        "colour": "color",
        "grey": "gray",
        "yoghurt": "yogurt",
        "pyjama": "pajama",
        "aluminium": "aluminum",
        "fibre": "fiber",
        "tyre": "tire",
        "flavour": "flavor",
        "odour": "odor",
        "armour": "armor",
        "mould": "mold",
        "sulph": "sulf",
        "doughnut": "donut",
    }
}
_COMPILED = {
    language: [(tuple(ends.split()), re.compile(rule), left) for ends, rule, left in rules]
    for language, rules in RULES.items()
}
_ENDINGS = {
    language: tuple({end for ends, _, _ in rules for end in ends})
    for language, rules in _COMPILED.items()
}


def restored(words: Sequence[str], language: str) -> list[str]:
    """Folded words with the endings that the stemmer of their language knows."""
    text = "\n".join(words)
    for part, other in _SPELLINGS.get(language, {}).items():
        text = text.replace(part, other)
    endings = _ENDINGS.get(language, ())
    changed = text.split("\n") if words else []
    return [_restored(word, language) if word.endswith(endings) else word for word in changed]


def _restored(word: str, language: str) -> str:
    for endings, rule, left in _COMPILED[language]:
        if word.endswith(endings):
            word = rule.sub(left, word)
    return word
