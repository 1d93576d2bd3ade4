"""Currency codes of ISO 4217, and the signs that people write for them.

The codes and their decimals come from the package `iso4217`, the standard's own table. No standard
lists signs, so they are ours; decision 0036 says why no library reads prices for us.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from iso4217 import Currency

CODES = frozenset(one.code for one in Currency if one.exponent is not None)
"""Currencies in which something can be priced: gold and test codes have no decimals."""

THREE_DECIMALS = frozenset(one.code for one in Currency if one.exponent == 3)

_SIGNS_BY_CODE: Mapping[str, str] = {
    "AED": "د.إ dhs",
    "AMD": "֏",
    "AUD": "a$ au$",
    "AZN": "₼",
    "BDT": "৳ tk",
    "BGN": "лв",
    "BHD": "bd د.ب",
    "BRL": "r$",
    "CAD": "c$ ca$ can$ $ca $can",
    "CHF": "sfr fr",
    "CLP": "clp$",
    "CNY": "元 rmb cn¥ 人民币 圆",
    "CRC": "₡",
    "CZK": "kč kc",
    "DKK": "dkr",
    "DZD": "د.ج",
    "EGP": "e£ ج.م",
    "EUR": "€ euro euros ευρώ евро",
    "GBP": "£ quid",
    "GEL": "₾ ლ",
    "GHS": "₵ gh₵",
    "HKD": "hk$",
    "HUF": "ft",
    "IDR": "rp",
    "ILS": "₪ nis",
    "INR": "₹",
    "JOD": "jd د.ا",
    "JPY": "円 jp¥",
    "KES": "ksh kshs",
    "KHR": "៛",
    "KRW": "₩ 원 won",
    "KWD": "kd د.ك",
    "KZT": "₸ тг",
    "LAK": "₭",
    "LKR": "රු",
    "MAD": "د.م",
    "MNT": "₮",
    "MXN": "mx$ mex$",
    "MYR": "rm",
    "NGN": "₦",
    "NOK": "nkr",
    "NPR": "रू",
    "NZD": "nz$",
    "OMR": "ر.ع",
    "PAB": "b/",
    "PEN": "s/",
    "PHP": "₱ php₱",
    "PLN": "zł zl złotych",
    "PYG": "₲ gs",
    "QAR": "qr ر.ق",
    "RON": "lei leu",
    "RSD": "дин din",
    "RUB": "₽ руб рублей",
    "SAR": "ر.س ﷼",
    "SEK": "skr",
    "SGD": "s$ sg$",
    "THB": "฿ บาท baht",
    "TND": "د.ت",
    "TRY": "₺ tl",
    "TWD": "nt$",
    "TZS": "tsh",
    "UAH": "₴ грн",
    "UGX": "ush",
    "USD": "us$ $us u$s u$d",
    "UYU": "$u",
    "UZS": "soʻm so'm сум",
    "VND": "₫ đ vnđ đồng",
}
_OF_SEVERAL = (
    "$ ¥ kr kč. r rs dh bs ₨ р l p q k fr. дин. dollar dollars peso pesos krona kronor krone kroner"
)
"""Signs of several currencies: a column, or `FEED_CURRENCY`, must name which."""


def _signs() -> Mapping[str, str]:
    signs = dict.fromkeys(_OF_SEVERAL.split(), "")
    for code, written in _SIGNS_BY_CODE.items():
        signs |= dict.fromkeys(written.split(), code)
    return MappingProxyType(signs)


SIGNS = _signs()
"""Code by sign, in lower case and without the dot of an abbreviation."""


def currency_of(text: str) -> str | None:
    """Code of a sign, word or code. Empty for a sign of several currencies, None if unknown."""
    plain = text.rstrip(".")
    if plain.upper() in CODES:
        return plain.upper()
    sign = text.casefold()
    return SIGNS.get(sign, SIGNS.get(sign.rstrip(".")))
