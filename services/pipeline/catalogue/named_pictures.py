"""Addresses of the pictures that stored rows name."""

from __future__ import annotations

import json

import pyarrow as pa
import pyarrow.compute as pc

from services.contracts.products import MORE_IMAGES, searched_pictures

COLUMNS = ["image_url", "attributes"]
"""Columns of `product_metadata` that name pictures."""


def named_pictures(rows: pa.Table) -> set[str]:
    """Pictures that rows of `product_metadata` name: paths on the gateway, and first links."""
    named = set(filter(None, rows["image_url"].to_pylist()))
    # Few products have several pictures: the attributes of the others are not parsed.
    several = rows.filter(pc.match_substring(rows["attributes"], f'"{MORE_IMAGES}"'))
    for text in several["attributes"].to_pylist():
        named.update(searched_pictures(None, json.loads(text))[1:])
    return named
