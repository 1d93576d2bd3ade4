"""Names of attributes that hold identifiers: one list for the index of words and for agents."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Literal, cast

IdentifierKind = Literal["SKU", "GTIN", "EAN", "UPC", "ISBN", "JAN", "OTHER"]
"""A SKU, the standard of a barcode, or another identifier: MPN, model, article number."""

_SEPARATORS = re.compile(r"[\W_]+")
_SUFFIX = r"_?(?:code|no|nr|num|number|nummer|id|sku)"
_LENGTH = r"_?(?:8|10|12|13|14)"
_NAME = re.compile(
    rf"(?:^|_)(?:(?P<sku>sku)(?:{_SUFFIX})?"
    rf"|(?P<barcode>gtin|ean|upc|isbn|jan|barcode)(?:{_SUFFIX}|{_LENGTH})?"
    rf"|(?:asin|mpn|model)(?:{_SUFFIX})?"
    rf"|(?:style|part|article|artikel|item|manufacturer){_SUFFIX})$"
)


@lru_cache(maxsize=1_024)
def identifier_kind(attribute: str) -> IdentifierKind | None:
    """The kind by the attribute's name: `sku_code`, `EAN`, `model no.`; None for other attributes.

    The group of variants (`item_group_id`) is none.
    """
    plain = unicodedata.normalize("NFKC", attribute).casefold()
    found = _NAME.search(_SEPARATORS.sub("_", plain).strip("_"))
    if found is None:
        return None
    if found["sku"]:
        return "SKU"
    barcode = found["barcode"]
    if barcode is None:
        return "OTHER"
    return "GTIN" if barcode == "barcode" else cast("IdentifierKind", barcode.upper())


def is_identifier(attribute: str) -> bool:
    """True if an attribute of this name holds identifiers."""
    return identifier_kind(attribute) is not None
