"""Attributes that hold identifiers, by their names in feeds."""

from __future__ import annotations

import pytest

from services.common.identifier_names import IdentifierKind, identifier_kind


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("sku", "SKU"),
        ("SKU", "SKU"),
        ("variant_sku", "SKU"),
        ("sku_code", "SKU"),
        ("SKU #", "SKU"),
        ("gtin", "GTIN"),
        ("GTIN-14", "GTIN"),
        ("barcode", "GTIN"),
        ("ean", "EAN"),
        ("EAN13", "EAN"),
        ("ean_code", "EAN"),
        ("upc", "UPC"),
        ("isbn-10", "ISBN"),
        ("JAN", "JAN"),
        ("mpn", "OTHER"),
        ("asin", "OTHER"),
        ("model", "OTHER"),
        ("Model no.", "OTHER"),
        ("model_number", "OTHER"),
        ("part number", "OTHER"),
        ("artikelnummer", "OTHER"),
        ("Artikel-Nr.", "OTHER"),
        ("item_id", "OTHER"),
        ("manufacturer code", "OTHER"),
        ("color", None),
        ("style", None),
        ("item_group_id", None),
        ("January", None),
        ("ocean", None),
        ("skull", None),
        ("remodel", None),
        ("article", None),
        ("", None),
    ],
)
def test_the_kind_of_an_identifier_follows_from_the_attributes_name(
    name: str, kind: IdentifierKind | None
) -> None:
    assert identifier_kind(name) == kind
