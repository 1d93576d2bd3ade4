"""Identifiers: ids as agents see them, and SKUs and barcodes in a product's attributes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from urllib.parse import quote, unquote

from services.common.field_values import several
from services.common.identifier_names import identifier_kind
from services.gateway.agents.cleaning import is_clean

_SEPARATORS = re.compile(r"[\W_]+")


def shown_id(identifier: str) -> str:
    """The id of a product or a group; percent-encoded if it has markup or invisible characters."""
    return identifier if is_clean(identifier, len(identifier)) else quote(identifier, safe="")


def meant_id(shown: str) -> str:
    """The id that `shown_id` shows as this text."""
    identifier = unquote(shown) if "%" in shown else shown
    return identifier if identifier != shown and shown_id(identifier) == shown else shown


def _bare(barcode: str) -> str:
    """The form in which two spellings of one barcode are the same."""
    bare = _SEPARATORS.sub("", barcode.casefold())
    return (bare.lstrip("0") or "0") if bare.isdigit() else bare


def sku_of(attributes: Mapping[str, str]) -> str | None:
    """None where a product has several: those of its variants."""
    skus = list(_skus(attributes))
    return skus[0] if len(skus) == 1 else None


def barcodes_of(attributes: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Standard and value of each barcode."""
    for name, value in attributes.items():
        kind = identifier_kind(name)
        if kind not in (None, "SKU", "OTHER"):
            for one in filter(None, several(value)):
                yield str(kind), one


def _skus(attributes: Mapping[str, str]) -> Iterator[str]:
    values = (value for name, value in attributes.items() if identifier_kind(name) == "SKU")
    yield from several(next(values, ""))


def has_identifier(attributes: Mapping[str, str], identifier: str) -> bool:
    """True if the SKU or a barcode of the product is this one."""
    # In a SKU, zeros and separators count: `1.5` is not `15`.
    sought = identifier.strip().casefold()
    if sought and any(sought == one.strip().casefold() for one in _skus(attributes)):
        return True
    wanted = _bare(identifier)
    return bool(wanted) and any(wanted == _bare(value) for _, value in barcodes_of(attributes))
