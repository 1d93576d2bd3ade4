"""Prices as people write them: `1.299,00 €`, `1,299.00 USD`, `CHF 1'299.-`, `₹1,29,900`.

A price is read whole or not at all. docs/decisions/0036-prices.md compares libraries.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from services.pipeline.feeds.currencies import CODES, THREE_DECIMALS, currency_of

EXPECTED = "expected a number such as 12.90, or an amount with its currency such as 1.299,00 €"

_PLAIN = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
_AMOUNT = re.compile(
    r"(?P<before>[^0-9]*?)(?P<number>[.,]?[0-9](?:[0-9]|[.,' ](?=[0-9]))*)"
    r"(?P<after>[^0-9]*)"
)
_NO_CENTS = re.compile(r"[.,:]?/?(?:-{1,2}|=)(?=\s|$|[^\W\d_]|[€$£])|[.,](?=\s|$)")
_FOOTNOTE = re.compile(r"\s*[*†‡¹²³⁴]+\s*$")
_THOUSANDS = re.compile(r"(?:[km]\b|\s?(?:mio|mln|mrd|tsd|tys)\b)", re.IGNORECASE)
"""Behind the digits: `1.2k`."""
_GROUPED = re.compile(r"[1-9][0-9]{0,2}(?:([.,' ])[0-9]{3})(?:\1[0-9]{3})*")
_INDIAN = re.compile(r"[1-9][0-9]?(?:([.,' ])[0-9]{2})+\1[0-9]{3}")
_TOKENS = re.compile(r"[^\s]+")

_TRANSLATED = str.maketrans(
    {
        "٫": ".",
        "٬": ",",
        "،": ",",
        "⹁": ",",
        "’": "'",
        "ʼ": "'",
        "`": "'",
        "´": "'",
        "−": "-",
        "–": "-",
        "—": "-",
    }
)
_MOST_WORDS = 4
_LONGEST_WORD = 8
_NOT_ONE_PRICE = frozenset(
    (
        *("from", "about", "approx", "ca", "circa", "starting", "up", "to", "min", "max", "until"),
        *("between", "and", "or", "off", "per", "each", "ab", "bis", "von", "rund", "je", "pro"),
        *("und", "oder", "dès", "de", "à", "partir", "ou", "par", "desde", "hasta", "por", "y"),
        *("da", "fino", "od", "do", "vanaf", "tot", "fra", "från", "till", "от", "до", "mulai"),
    )
)
"""Words that make an amount something else than the price: a limit, a range, a price per unit."""


_SIGN_FOR_POINT = re.compile(r"^([^€£$]*[0-9])([€£$])([0-9]{2})(?![0-9])([^€£$]*)$")
"""As in French: `12€50`. With a second sign it is two prices: `19€29€`."""
_HUNDREDTHS = frozenset(
    (
        *("¢", "c", "ct", "cts", "cent", "cents", "centimes", "céntimos", "pence", "penny", "pf"),
        *("øre", "öre", "gr", "grosz", "groszy", "kop", "коп", "копеек", "paise", "sen", "bani"),
    )
)
"""Units behind an amount that is not in the currency itself."""


_TAX = r"(?:vat|tax(?:es)?|gst|hst|mwst|ust|btw|tva|iva|moms|mva|dph|kdv|pdv|áfa)\.?"
_INCLUDED = r"(?:in[ck]l?\.?|in[ck]lu\w{0,8}|comprise|with)"
_PIECE = r"(?:ea|each|pcs?|piece|unit|item|stk|st|stck|stück|pièce|pezzo|pz|unidad|ud|szt|ks|шт)\.?"
_WITH_TAX = rf"(?:{_INCLUDED}\s?(?:[0-9]{{1,2}}(?:[.,][0-9])?\s?%\s?)?{_TAX}|{_TAX}\s?{_INCLUDED})"
_REMARK = re.compile(
    rf"(?:\s?(?:\beach|\(each\)|(?:/|\b(?:per|pro|par|por|je|al)\b)\s?{_PIECE}))?"
    rf"(?:[\s,]{{0,3}}\(?{_WITH_TAX}\)?"
    r"|\s?\((?P<words>[^()0-9]*)\))?$",
    re.IGNORECASE,
)
"""Behind a price: of one piece, with its tax, or words in brackets."""


@dataclass(frozen=True, slots=True)
class Price:
    """An amount, and the currency that stood beside it, if any did."""

    amount: float
    currency: str = ""


def parse_price(text: str, currency: str = "") -> Price:
    """Read a price; a plain number is one as programs write it, `1.299` being a little over 1.

    currency: the code that a column or setting names; a sign that is not known then costs nothing.
    Raises ValueError, whose message continues `price '…'`.
    """
    try:
        return _parsed(text, currency)
    except ValueError:
        without = _REMARK.sub(r" \g<words>", _normal(text)).strip()
        if without == _normal(text):
            raise
    return _parsed(without, currency)


def _parsed(text: str, currency: str) -> Price:
    if _PLAIN.fullmatch(text):
        return Price(float(text))
    plain = _SIGN_FOR_POINT.sub(r"\1.\3 \2\4", _normal(_FOOTNOTE.sub("", text)))
    found = _AMOUNT.fullmatch(plain)
    if found is None or _THOUSANDS.match(found["after"]):
        raise ValueError(f"is not one amount; {EXPECTED}")
    before, number, after = found["before"], found["number"], found["after"]
    if number[0] in ".," and _is_abbreviation(before):  # `kr.129`, not 0.129
        number = number[1:]
    is_negative, before = _sign(before)
    after = _NO_CENTS.sub(" ", after, count=1)
    if _is_in_hundredths(after, currency):
        raise ValueError("is in hundredths of its currency; expected the amount in the currency")
    code = _currency(before, after, currency)
    amount = _amount(number, code or currency)
    return Price(-amount if is_negative else amount, code)


def _normal(text: str) -> str:
    """With ASCII digits, one kind of blank, apostrophe and dash, and no invisible characters."""
    if text.isascii():
        return " ".join(text.split())
    kept = []
    for character in unicodedata.normalize("NFKC", text):
        if character.isdecimal():
            kept.append(str(unicodedata.decimal(character)))
        elif unicodedata.category(character) != "Cf":
            kept.append(character)
    return " ".join("".join(kept).translate(_TRANSLATED).split())


def _is_abbreviation(before: str) -> bool:
    """True if the dot after it belongs to it, as in `kr.`; codes have none."""
    return before[-1:].isalpha() and before.split()[-1].upper() not in CODES


def _is_in_hundredths(after: str, currency: str) -> bool:
    """True for `99¢` and `50p`; p is also a rouble, typed with Latin letters."""
    unit = after.strip().rstrip(".").casefold()
    return unit in _HUNDREDTHS or (unit == "p" and currency in ("", "GBP"))


def _sign(before: str) -> tuple[bool, str]:
    rest = before.strip()
    if rest.startswith(("-", "+")):
        return rest[0] == "-", rest[1:]
    if rest.endswith(("-", "+")):
        return rest[-1] == "-", rest[:-1]
    return False, rest


@lru_cache(maxsize=1_024)
def _currency(before: str, after: str, named: str) -> str:
    """The code that the words around an amount say; empty where they leave it open."""
    words = [*_words(before), *_words(after)]
    known = {word: code for word in words if (code := currency_of(word)) is not None}
    unknown = [word for word in words if word not in known]
    if len(words) > _MOST_WORDS or any(map(_is_more_than_a_sign, unknown)):
        raise ValueError(f"is not one amount; {EXPECTED}")
    codes = {code for code in known.values() if code}
    if len(codes) > 1:
        raise ValueError(f"names two currencies, {' and '.join(sorted(codes))}; expected one")
    if len(words) > len(set(words)):
        raise ValueError(f"names its currency twice; {EXPECTED}")
    code = codes.pop() if codes else ""
    if unknown and not code and not named:
        raise ValueError(
            f"is in a currency {unknown[0]!r} that is not known; expected a sign or a code of "
            "ISO 4217 such as EUR, or a column or FEED_CURRENCY that names it"
        )
    return code


def _words(text: str) -> list[str]:
    """`US $` is one sign."""
    words = _TOKENS.findall(text)
    if len(words) == 2 and "$" in words and currency_of("".join(words)):
        return ["".join(words)]
    return words


def _is_more_than_a_sign(word: str) -> bool:
    plain = word.rstrip(".:").casefold()
    return (
        plain in _NOT_ONE_PRICE
        or len(word) > _LONGEST_WORD
        or any(mark in word for mark in "/-+*%()<>=~_")
    )


def _amount(number: str, currency: str) -> float:
    """The last mark is the decimal one, unless it can only separate groups."""
    marks = [character for character in number if not character.isdigit()]
    if not marks:
        return float(number)
    last = marks[-1]
    alone = len(marks) == 1
    if _is_grouped(number) and not (alone and last in ".," and currency in THREE_DECIMALS):
        return float(number.translate(dict.fromkeys(map(ord, ".,' "))))
    whole, _, decimals = number.rpartition(last)
    if last not in ".," or (marks.count(last) > 1) or (not alone and not _is_grouped(whole)):
        raise ValueError(f"has marks where no groups of digits end; {EXPECTED}")
    if whole:
        whole = whole.translate(dict.fromkeys(map(ord, ".,' ")))
    return float(f"{whole or '0'}.{decimals}")


def _is_grouped(number: str) -> bool:
    return _GROUPED.fullmatch(number) is not None or _INDIAN.fullmatch(number) is not None
