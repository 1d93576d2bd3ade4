"""Prices as shops write them: `1.299,00 €`, `1,299.00 USD`, `CHF 1'299.-`.

A library that reads prices out of prose takes `12 – 15` for 12 and loses a minus sign; a price that
is shown to shoppers is read whole, or refused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from types import MappingProxyType

_PLAIN = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
_WRITTEN = re.compile(
    r"(?P<before>[^\d\s.,+-]{0,4})(?P<sign>[+-]?)(?P<number>[0-9][0-9.,]*|[.,][0-9]+)"
    r"(?:[.,]?[-–—]{1,2})?(?P<after>[^\d\s.,+-]{0,4})"
)
_BLANKS = re.compile(r"[\s'’]+")
_CODE = re.compile(r"[A-Za-z]{3}")
_GROUPED = re.compile(r"[0-9]{1,3}(?:([.,])[0-9]{3})(?:\1[0-9]{3})*")

SYMBOLS = MappingProxyType(
    {
        "€": "EUR",
        "£": "GBP",
        "US$": "USD",
        "CA$": "CAD",
        "AU$": "AUD",
        "A$": "AUD",
        "C$": "CAD",
        "R$": "BRL",
        "₹": "INR",
        "zł": "PLN",
        "Kč": "CZK",
        "Ft": "HUF",
        "₺": "TRY",
        "₽": "RUB",
        "₴": "UAH",
        "₩": "KRW",
        "₪": "ILS",
        "₫": "VND",
        "฿": "THB",
        "$": "",
        "¥": "",
        "kr": "",
        "kr.": "",
    }
)
"""ISO 4217 code of a symbol; none for those of several currencies, which a column must name."""

_THREE_DECIMALS = frozenset({"BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"})


@dataclass(frozen=True, slots=True)
class Price:
    """An amount, and the currency that stood beside it, if any did."""

    amount: float
    currency: str = ""


def parse_price(text: str, currency: str = "") -> Price:
    """Read a price; a plain number is one as programs write it, `1.299` being a little over 1.

    currency: as said elsewhere, for how many decimals to expect. Raises ValueError, whose message
    goes on from `price '…'`.
    """
    if _PLAIN.fullmatch(text):
        return Price(float(text))
    found = _WRITTEN.fullmatch(_BLANKS.sub("", text))
    if found is None or (found["before"] and found["after"]):
        raise ValueError("is not a finite number")
    beside = found["before"] or found["after"]
    code = _code(beside) if beside else ""
    amount = _amount(found["number"], code or currency)
    return Price(-amount if found["sign"] == "-" else amount, code)


def _code(beside: str) -> str:
    if _CODE.fullmatch(beside):
        return beside.upper()
    if beside not in SYMBOLS:
        raise ValueError(f"is in a currency {beside!r} that is not known")
    return SYMBOLS[beside]


def _amount(number: str, currency: str) -> float:
    """The last mark is the decimal one, unless it can only divide thousands."""
    mark = max(number.rfind("."), number.rfind(","))
    if mark < 0:
        return float(number)
    grouped = _GROUPED.fullmatch(number)
    alone = number.count(number[mark]) == 1
    if grouped and not (alone and currency in _THREE_DECIMALS):
        return float(number.replace(number[mark], ""))
    whole, decimals = number[:mark], number[mark + 1 :]
    if whole and not whole.isdecimal():
        parts = _GROUPED.fullmatch(whole)
        if parts is None or parts[1] == number[mark]:
            raise ValueError("is not a finite number")
        whole = whole.replace(parts[1], "")
    return float(f"{whole or '0'}.{decimals or '0'}")
