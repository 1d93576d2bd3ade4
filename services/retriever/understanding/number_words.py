"""Numbers in words, as prices are spoken: "under twenty-five euros", "mehr als hundert"."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from services.retriever.understanding.tokens import Token
from services.retriever.words.folding import fold
from services.retriever.words.small_numbers import TEENS, UNITS, listed

_TENS = {
    "en": "twenty thirty forty|fourty fifty sixty seventy eighty ninety",
    "de": "zwanzig dreißig vierzig fünfzig sechzig siebzig achtzig neunzig",
    "fr": "vingt|vingts trente quarante cinquante soixante septante huitante|octante nonante",
    "es": "veinte treinta cuarenta cincuenta sesenta setenta ochenta noventa",
    "it": "venti trenta quaranta cinquanta sessanta settanta ottanta novanta",
    "nl": "twintig dertig veertig vijftig zestig zeventig tachtig negentig",
    "pt": "vinte trinta quarenta cinquenta sessenta setenta oitenta noventa",
}
_LARGE = {
    "en": "hundred thousand million|millions|mio|mln billion|billions trillion",
    "de": "hundert tausend|tsd million|millionen|mio milliarde|milliarden billion|billionen",
    "fr": "cent|cents mille million|millions milliard|milliards billion|billions",
    "es": "cien|ciento mil millón|millones",
    "it": "cento mille|mila milione|milioni miliardo|miliardi",
    "nl": "honderd duizend miljoen miljard biljoen",
    "pt": "cem|cento mil milhão|milhões bilhão|bilhões trilhão|trilhões",
    "sv": "hundra tusen miljon|miljoner miljard|miljarder",
    "da": "hundrede|hundred tusind|tusinde million|millioner milliard|milliarder",
    "no": "hundre tusen million|millioner milliard|milliarder",
    "pl": "sto tysiąc|tysiące|tysięcy|tys milion|miliony|milionów|mln miliard|miliardy|miliardów",
    "ru": "сто тысяча|тысячи|тысяч|тыс миллион|миллиона|миллионов|млн "
    "миллиард|миллиарда|миллиардов",
    "tr": "yüz bin milyon milyar",
    "ar": "مئة|مائة ألف|الف|آلاف|الاف مليون|ملايين مليار",
    "zh": "百 千 百万 十亿",
    "ja": "百 千 百万 十億",
    "th": "ร้อย พัน ล้าน",
    "ko": "백 천 백만 십억",
}
_VALUES = (100, 1_000, 10**6, 10**9, 10**12)
"""Values of `_LARGE`."""
_MORE = {
    "en": {"lakh": 10**5, "lakhs": 10**5, "crore": 10**7, "crores": 10**7},
    "zh": {"万": 10**4, "萬": 10**4},
    "ja": {"万": 10**4},
    "th": {"หมื่น": 10**4, "แสน": 10**5},
    "ko": {"만": 10**4},
}
_JOINED = {"de": "und", "nl": "en"}
"""The link between a unit and a ten in one word: "fünfundzwanzig"."""
_JOINS = frozenset({"-", "and", "et", "y", "e"})
_OR_CENTS = frozenset({"cent", "cents"})
"""Hundreds in French ("deux cents"), and hundredths of a currency behind ten and more."""


def number_words(languages: Sequence[str]) -> dict[str, int]:
    """Values by folded word. The first of two languages counts where they differ."""
    found: dict[str, int] = {}
    for language in languages:
        for word, value in _of(language).items():
            found.setdefault(fold(word), value)
    return found


def large_numbers(languages: Sequence[str]) -> dict[str, int]:
    """Values of the folded words that multiply a number before them: "1.5 million"."""
    found: dict[str, int] = {}
    for language in languages:
        for word, value in (_large(language) | _MORE.get(language, {})).items():
            found.setdefault(fold(word), value)
    return {word: value for word, value in found.items() if word not in _OR_CENTS}


def _of(language: str) -> dict[str, int]:
    if language not in UNITS:
        return {}
    units, tens = listed(UNITS[language], 1, 1), listed(_TENS[language], 20, 10)
    large = _large(language)
    found = units | listed(TEENS[language], 10, 1) | tens | large
    if (join := _JOINED.get(language)) is not None:
        for ten, value in tens.items():
            found |= {f"{unit}{join}{ten}": value + one for unit, one in units.items()}
    if language in ("de", "nl", "it"):
        for unit, one in units.items():
            found |= {
                f"{unit}{word}": one * value for word, value in large.items() if value <= 1_000
            }
    return found


def _large(language: str) -> dict[str, int]:
    return {
        word: value
        for forms, value in zip(_LARGE.get(language, "").split(), _VALUES, strict=False)
        for word in forms.split("|")
    }


def number_at(
    tokens: Sequence[Token], place: int, words: Mapping[str, int]
) -> tuple[int, int] | None:
    """The number in words that begins at this token, and the place behind it."""
    total = current = 0
    end = at = place
    while at < len(tokens):
        value = words.get(tokens[at].folded) if tokens[at].sort == "word" else None
        if value is None:
            if end == place or at != end or tokens[at].folded not in _JOINS:
                break
            at += 1  # counts if a part of the same number follows
            continue
        following = _joined(current, value) if end > place else value
        if following is None or (current >= 10 and tokens[at].folded in _OR_CENTS):
            break
        if value >= 1_000:
            total, current = total + following, 0
        else:
            current = following
        at += 1
        end = at
    return (total + current, end) if end > place else None


def _joined(current: int, value: int) -> int | None:
    """A number and its next word; None where another number begins: "twenty thirty"."""
    if value >= 100:
        return max(current, 1) * value if current < value else None
    rest = current % 100
    if rest == 0:
        # "Hundred five", but "four twenty" only as in "quatre-vingts".
        return current + value
    if current == 4 and value == 20:
        return 80
    if rest >= 20 and rest % 10 == 0 and value < (20 if rest in (60, 80) else 10):
        return current + value
    return None
