"""Currency codes of ISO 4217, and the signs that people write for them.

The codes and their decimals come from the package `iso4217`, the standard's own table. Decision
0036 says why no library reads prices for us.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from iso4217 import Currency

from services.common.currency_signs import SIGNS_BY_CODE

CODES = frozenset(one.code for one in Currency if one.exponent is not None)
"""Currencies in which something can be priced: gold and test codes have no decimals."""

THREE_DECIMALS = frozenset(one.code for one in Currency if one.exponent == 3)

_OF_SEVERAL = (
    "$ ¥ kr kč. r rs dh bs ₨ р l p q k fr. дин. dollar dollars peso pesos krona kronor krone kroner"
)
"""Signs of several currencies: a column, or `FEED_CURRENCY`, must name which."""


def _signs() -> Mapping[str, str]:
    signs = dict.fromkeys(_OF_SEVERAL.split(), "")
    for code, written in SIGNS_BY_CODE.items():
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
