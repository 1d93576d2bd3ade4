"""Stock in words and quantities."""

from __future__ import annotations

import pytest

from services.pipeline.feeds.stock import in_stock


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        *((one, "true") for one in ("1,200", "1.200", "٥", "5 Stück", "5 pcs.", "> 10", "10+")),
        *((one, "true") for one in ("low stock", "5 in stock", "3 auf Lager", "0,5", "2.0")),
        *((one, "false") for one in ("0", "0,00", "0 pcs", "-3", "0 in stock", "no stock")),
        *((one, "false") for one in ("temporarily out of stock", "sold out", "agotado", "nein")),
        *((one, "") for one in ("5 days", "backorder", "preorder", "2026-12-24", "")),
    ],
)
def test_stock_is_read_as_shops_write_it(said: str, expected: str) -> None:
    assert in_stock(said) == expected
