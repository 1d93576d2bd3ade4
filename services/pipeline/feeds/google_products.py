"""Google's product data specification: what each attribute of an item means."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Mapping, MutableMapping

from services.contracts.search import IN_STOCK
from services.pipeline.feeds.base import (
    NEXT_LINK,
    NOT_FOR_SALE,
    UNREADABLE,
    FeedRow,
    Note,
    first_category,
    more_images,
)
from services.pipeline.feeds.costs import is_cost
from services.pipeline.feeds.html import html_to_text
from services.pipeline.feeds.own_columns import SALE, SALE_DATES
from services.pipeline.feeds.sales import apply_sale
from services.pipeline.feeds.stock import in_stock

COLUMNS = ("id", "link", "image_link")
"""By which, beside one of `TITLES`, a table is recognised as one of Google's."""

TITLES = frozenset({"title", "structured_title"})

FIELDS: Mapping[str, str] = {
    "id": "product_id",
    "title": "title",
    "description": "description",
    "brand": "brand",
    "product_type": "category",
    "price": "price",
    "image_link": "image",
    "link": "product_url",
}
COLUMN_OF = {field: name for name, field in FIELDS.items()}

_GOOGLE_CATEGORY = "google_product_category"
_PRODUCT_TYPE = "product_type"
_STRUCTURED = re.compile(r"(?:trained_algorithmic_media|default)\s*:\s*(.*)", re.DOTALL)
"""`structured_title`, which Google wants in place of titles that a program wrote."""
_MORE_LINKS = "additional_image_link"
_HIGHLIGHT = "product_highlight"
DETAIL = "product_detail"
_AVAILABILITY = "availability"
_REPEATED = frozenset(
    {_PRODUCT_TYPE, _MORE_LINKS, _HIGHLIGHT, DETAIL, _GOOGLE_CATEGORY, "promotion_id", "size_type"}
    | {"included_destination", "excluded_destination", "shopping_ads_excluded_country"}
)
_SLASHED = frozenset({"color", "material"})
_NEXT_SLASHED = re.compile(r"(?<=[^\W\d_]{2})\s*/\s*(?=[^\W\d_]{2})")
"""Between several colours, `Red/Green`, but not in `N/A` and `50/50 cotton`."""
_QUOTED_LIST = re.compile(r'"(?:[^"]|"")*"(?:\s*,\s*(?:"(?:[^"]|"")*"|[^",]*))*')
_HIDING = {"visibility": frozenset({"hidden", "staging"}), "status": frozenset({"archived"})}
"""Columns of Meta's catalogues, and the words that take an item out of the shop."""
_WORDS = frozenset({"title", "description", "brand"})
_LOWEST_PRICE = "auto_pricing_min_price"
"""The lowest that the shop would take: no shopper may see it."""


def product(number: int, values: tuple[str, ...], pairs: Iterable[tuple[str, str]]) -> FeedRow:
    """pairs: names and values; a name that comes several times has several values."""
    fields: dict[str, str] = {}
    attributes: dict[str, str] = {}
    categories: list[str] = []
    links: list[str] = []
    for name, raw in pairs:
        value = raw.strip()
        if not value or not name or name == _LOWEST_PRICE or is_cost(name):
            continue
        several = _values(name, value)
        if name == _MORE_LINKS:
            links += several
        elif name == _PRODUCT_TYPE:
            categories += map(html_to_text, several)
        elif name == DETAIL:
            _add_details(attributes, several)
        elif (field := FIELDS.get(name, "")) and field not in fields:
            fields[field] = html_to_text(value) if field in _WORDS else value
        else:
            _add(attributes, name, ", ".join(several))
    for name in ("title", "description"):
        text = attributes.pop(f"structured_{name}", "")
        if text and name not in fields:
            found = _STRUCTURED.fullmatch(text)
            fields[name] = html_to_text(found[1].strip().strip('"') if found else text)
    attributes |= _set_category(fields, attributes, categories) | more_images(links)
    notes = _set_price(fields, attributes)
    if IN_STOCK not in attributes and (stock := in_stock(attributes.get(_AVAILABILITY, ""))):
        attributes[IN_STOCK] = stock
    hidden = _why_hidden(attributes)
    kind = NOT_FOR_SALE if hidden else UNREADABLE
    return FeedRow(number, values, fields, attributes, hidden, notes=notes, problem_kind=kind)


def _why_hidden(attributes: Mapping[str, str]) -> str | None:
    for name, words in _HIDING.items():
        value = attributes.get(name, "")
        if value.casefold() in words:
            return f"the shop does not offer it: {name} is {value!r}"
    return None


def _values(name: str, value: str) -> list[str]:
    """Values of one cell: `"a, b","c"` is two values, if an attribute may be repeated."""
    if name in _SLASHED:
        return _NEXT_SLASHED.split(value)
    if name not in _REPEATED:
        return [value]
    if _QUOTED_LIST.fullmatch(value) and '"' in value:
        cells = next(csv.reader([value], skipinitialspace=True))
        return [one.strip() for one in cells if one.strip()]
    if name == _MORE_LINKS:
        return [one.strip(" ,;|") for one in NEXT_LINK.split(value) if one.strip(" ,;|")]
    if name == _HIGHLIGHT:
        return [one.strip() for one in value.split(",") if one.strip()]
    return [value]


def _add(attributes: MutableMapping[str, str], name: str, value: str) -> None:
    attributes[name] = f"{attributes[name]}, {value}" if name in attributes else value


def _add_details(attributes: MutableMapping[str, str], details: Iterable[str]) -> None:
    """`Section:Name:Value`, as Google's text form has it."""
    for detail in details:
        parts = [part.strip() for part in detail.split(":", 2)]
        if len(parts) == 3 and parts[1] and parts[2]:
            _add(attributes, parts[1], parts[2])
        else:
            _add(attributes, DETAIL, detail)


def _set_category(
    fields: MutableMapping[str, str], attributes: MutableMapping[str, str], categories: list[str]
) -> dict[str, str]:
    """A number stands for a category of Google's own list."""
    if not categories and not attributes.get(_GOOGLE_CATEGORY, "0").isdigit():
        categories = [html_to_text(attributes.pop(_GOOGLE_CATEGORY))]
    if not categories:
        return {}
    fields["category"], more = first_category(categories)
    return more


def _set_price(
    fields: MutableMapping[str, str], attributes: MutableMapping[str, str]
) -> tuple[Note, ...]:
    sale, dates = attributes.get(SALE, ""), attributes.get(SALE_DATES, "")
    is_applied, notes = apply_sale(fields, sale, dates, column=SALE)
    if is_applied:
        del attributes[SALE]
    return notes
