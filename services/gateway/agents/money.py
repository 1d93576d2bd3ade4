"""Amounts in minor units, as ISO 4217 defines them."""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Decimal

_USUAL_DIGITS = 2
_NONE = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"
_THREE = "BHD IQD JOD KWD LYD OMR TND"
_FOUR = "CLF UYW"
_OTHER_DIGITS = {
    code: count
    for codes, count in ((_NONE, 0), (_THREE, 3), (_FOUR, 4))
    for code in codes.split(" ")
}
_CODE = re.compile(r"[A-Z]{3}")


def currency_code(text: str | None) -> str | None:
    """The code in capitals; None if the text is none."""
    code = (text or "").strip().upper()
    return code if _CODE.fullmatch(code) else None


def digits(currency: str) -> int:
    """Decimal digits of a currency's minor unit."""
    return _OTHER_DIGITS.get(currency, _USUAL_DIGITS)


def to_minor(price: float, currency: str) -> int:
    """The price in minor units, rounded half up. str() gives the digits that the feed had."""
    exact = Decimal(str(price)).scaleb(digits(currency))
    # Not `quantize`, which raises for more than 28 digits.
    return int(exact.to_integral_value(rounding=ROUND_HALF_UP))


def from_minor(amount: int, currency: str) -> float:
    return float(Decimal(amount).scaleb(-digits(currency)))
