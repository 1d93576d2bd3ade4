"""Identifiers: exact for SKUs, one form for barcodes, and ids that stay usable when shown."""

from __future__ import annotations

import pytest

from services.gateway.agents.cleaning import is_clean
from services.gateway.agents.identifiers import has_identifier, meant_id, shown_id


@pytest.mark.parametrize(
    ("attributes", "identifier", "expected"),
    [
        ({"sku": "1.5"}, "15", False),
        ({"sku": "007"}, "7", False),
        ({"sku": "AB-1"}, "AB1", False),
        ({"sku": "A_1"}, "A1", False),
        ({"sku": "AB-1"}, " ab-1 ", True),
        ({"gtin": "04006381333931"}, "4006381333931", True),
        ({"isbn": "978-3-16-148410-0"}, "9783161484100", True),
        ({"isbn": "3-598-21508-x"}, "359821508X", True),
        ({"gtin": "04006381333931"}, "006381333931", False),
        ({"sku": "S-1, S-2"}, "s-2", True),
        ({"barcode": "0401, 0402"}, "402", True),
        ({"sku": ""}, "", False),
        ({"gtin": "-"}, "-", False),
    ],
)
def test_only_barcodes_have_several_spellings(
    attributes: dict[str, str], identifier: str, expected: bool
) -> None:
    assert has_identifier(attributes, identifier) is expected


@pytest.mark.parametrize(
    "identifier",
    [
        "<script>x</script>",
        "a\u200bb",
        "a\x00b",
        "![p](http://evil.example)",
        "&lt;b&gt;",
        "`x`",
        "a\u202eb%20",
        "[a]\u200b(http://evil.example)",
        " a",
    ],
)
def test_an_unclean_id_is_shown_encoded_and_leads_back(identifier: str) -> None:
    shown = shown_id(identifier)
    assert is_clean(shown, 1_000)
    assert meant_id(shown) == identifier


@pytest.mark.parametrize("identifier", ["sample-0001", "50%25", "a%20b", "größe 7", "A&B", "100%"])
def test_every_other_id_stays_as_it_is(identifier: str) -> None:
    assert shown_id(identifier) == identifier
    assert meant_id(identifier) == identifier
