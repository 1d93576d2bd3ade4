"""Identifiers of products in one normal form: ids, SKUs, GTINs (EAN, UPC, ISBN), MPNs, models.

The normal form leaves out blanks, hyphens and letter case, and the leading zeros of numbers, so
that GTIN-12, -13 and -14 of one article are one. `GSR 12V-15` and `gsr12v15` are `gsr12v15`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from services.retriever.words.folding import fold

MOST = 64
"""Characters of an identifier; what is longer is text."""
FEWEST_OF_PART = 3
"""Fewest characters of a part of an identifier that is searched."""

_NUMBER = r"(?:code|no|nr|num|number|nummer|numero|id|sku|ean)"
_CODE = r"(?:sku|gtin|ean|upc|isbn|asin|mpn|barcode|strichcode|jan|p/n|pn|sn|s/n)"
_OF_PRODUCT = (
    r"(?:modell?|modelo|modele|modello|typ|type|style|part|article|artikel|articulo|articolo|art|"
    r"item|product|produkt|producto|produit|prodotto|ref|reference|referencia|riferimento|bestell|"
    r"teile?|stock|catalogu?e?|order|mfr|mfg|manufacturer|oem|hersteller|codigo|codice|cod|code|"
    r"numero|num|no|nr|n|id|артикул|арт|код|номер)"
)
_LABEL = re.compile(
    rf"(?:{_CODE}(?:8|10|12|13|14)?\b|{_CODE}(?=\d{{5}})|{_OF_PRODUCT}(?:{_NUMBER})?\b|"
    r"(?:型号|型號|货号|貨號|品番|商品番号|商品コード|型番|条码|條碼|バーコード))"
    rf"(?:[\s._'’/-]*(?:d['’]|de\s|del\s|di\s|of\s)?(?:{_OF_PRODUCT}|{_NUMBER})\b){{0,2}}[\s.:#=№°º-]*",
    re.IGNORECASE,
)
"""Labels before an identifier: `EAN:`, `art. no.`, `SKU #`, `Bestell-Nr.`. Without accents."""
_SURE = re.compile(
    rf"\b(?:{_CODE}(?:8|10|12|13|14)?|{_OF_PRODUCT}[\s.-]*(?:no|nr|num|number|nummer|numero|id))\b"
    r"[\s.:#=№°º-]*",
    re.IGNORECASE,
)
"""Labels that name nothing but an identifier, so that other words may stand before them."""
_FEWEST_LABELLED = 4
"""Characters of an identifier behind a label; "model 3" is none."""
_SEPARATED = re.compile(r"[^\W_]+")
_MANY = re.compile(r"[,;|]")
_DIGIT = re.compile(r"\d")
_CHUNK = r"(?:(?=[^\s,]*\d)[^\s,]+|[A-Z][A-Z-]+(?![^\s,]))"
_RUN = re.compile(rf"(?<![^\s,]){_CHUNK}(?:\s+{_CHUNK})*")
_DROPPED = {code: None for code in range(128) if not chr(code).isalnum()}
_GTIN_LENGTHS = (11, 12, 13, 14)
_MOST_IN_RUN = 4


def normal(text: str) -> str:
    """The normal form of an identifier; empty where it is none."""
    key = _bare(text)
    if key.isdigit():
        key = key.lstrip("0") or "0"
    return key if len(key) <= MOST else ""


def _bare(text: str) -> str:
    """Folded letters and digits alone."""
    if text.isascii():
        return text.lower().translate(_DROPPED)
    return "".join(_SEPARATED.findall(fold(text)))


def forms_of_product(product_id: str, title: str, attributes: Mapping[str, str]) -> set[str]:
    """Normal forms of all identifiers of a product.

    attributes: only those that hold identifiers.
    """
    forms = {normal(product_id), *codes_in(title)}
    for value in attributes.values():
        for one in _MANY.split(value):
            key = normal(one)
            forms.add(key)
            if key.isdigit():
                forms.update(_of_one_article(key))
    return {form for form in forms if 0 < len(form) <= MOST}


def forms_sought(text: str) -> list[str]:
    """Normal forms that a text may stand for, the likeliest first."""
    found = _forms_of_code(text)
    plain = text if text.isascii() else fold(text)
    labels = [_LABEL.match(plain.lstrip(" \t\"'([#")), *_SURE.finditer(plain)]
    for label in labels:
        code = "" if label is None else label.string[label.end() :].strip(" \t\"'?!.,;()[]")
        if _DIGIT.search(code) is not None and len(_bare(code)) >= _FEWEST_LABELLED:
            found += _forms_of_code(code)
    return found


def _forms_of_code(text: str) -> list[str]:
    key = normal(text)
    if not key:
        return []
    digits = _bare(text)
    return [key, *(_variants(digits) if digits.isdigit() else ())]


def codes_in(title: str) -> Iterator[str]:
    """Normal forms of model numbers in running text: words with digits, and capitals beside them.

    `Okabe drill OK-GSR 40V-404` has `okgsr40v404`, `40v404`.
    """
    if _DIGIT.search(title) is None:
        return
    for run in _RUN.findall(title):
        bare = [_bare(chunk) for chunk in run.split()]
        for first in range(len(bare)):
            code = ""
            for chunk in bare[first : first + _MOST_IN_RUN]:
                code += chunk
                # Digits alone are a size or a count, and letters alone a word.
                if not code.isdigit() and not code.isalpha() and code:
                    yield code


def _of_one_article(key: str) -> list[str]:
    """Other numbers of an article by its GTIN or ISBN, without leading zeros."""
    if len(key) == 14 and _check_digit(key[:-1]) == key[-1]:
        # A packaging level before the number of the article, with a check digit of its own.
        return [(key[1:13] + _check_digit(key[1:13])).lstrip("0")]
    if len(key) == 10:
        return [_isbn13(key)]
    return []


def _variants(digits: str) -> list[str]:
    """Other numbers that digits may stand for: of the same article, or without a check digit."""
    found = _of_one_article(digits)
    if len(digits) in _GTIN_LENGTHS and _check_digit(digits[:-1]) != digits[-1]:
        found.append((digits + _check_digit(digits)).lstrip("0"))
    return [one for one in found if one]


def _isbn13(isbn10: str) -> str:
    body = "978" + isbn10[:9]
    return body + _check_digit(body)


def _check_digit(body: str) -> str:
    """Check digit of a GTIN. Source: GS1 General Specifications, 7.9."""
    total = sum(
        int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(body))
    )
    return str(-total % 10)
