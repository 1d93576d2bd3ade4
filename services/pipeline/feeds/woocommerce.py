"""WooCommerce's product CSV: variations are rows of their own that name their parent."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property

from services.contracts.search import GROUP, IN_STOCK
from services.pipeline.errors import FeedUnusable
from services.pipeline.feeds.base import (
    NOT_FOR_SALE,
    FeedRow,
    first_category,
    set_pictures,
)
from services.pipeline.feeds.costs import is_cost
from services.pipeline.feeds.html import html_to_text
from services.pipeline.feeds.sales import SaleColumns
from services.pipeline.feeds.stock import in_stock
from services.pipeline.feeds.table import Record, Table
from services.pipeline.feeds.table_feed import RowFeed
from services.pipeline.feeds.variants import Variants
from services.pipeline.feeds.woocommerce_languages import in_english

_SHOWN = {"visibility_in_catalog", "is_featured?", "in_stock?"}
_COLUMN_OF = {
    "title": "name",
    "description": "description",
    "brand": "brands",
    "category": "categories",
    "price": "regular_price",
    "list_price": "regular_price",
    "image": "images",
    "product_url": "external_url",
}
_PRICES = SaleColumns(
    "regular_price", "sale_price", "date_sale_price_starts", "date_sale_price_ends"
)
_VARIATION = "variation"
_OPTION = re.compile(r"attribute_(\d+)_name")
_NOT_ATTRIBUTES = frozenset(
    {"id", "type", "sku", "name", "published", "short_description", "description", "parent"}
    | {"sale_price", "regular_price", "date_sale_price_starts", "date_sale_price_ends"}
    | {"categories", "images", "brands", "in_stock?", "stock", "low_stock_amount", "position"}
    | {"is_featured?", "visibility_in_catalog", "tax_status", "tax_class", "backorders_allowed?"}
    | {"sold_individually?", "allow_customer_reviews?", "purchase_note", "shipping_class"}
    | {"download_limit", "download_expiry_days", "external_url", "button_text", "upsells"}
    | {"cross-sells", "grouped_products"}
)
_CODES = ("sku", "gtin,_upc,_ean,_or_isbn")
_HOUSEKEEPING = re.compile(r"attribute_\d+_|meta:_|download_\d+_")
_COMMA = re.compile(r"(?<!\\),")
_WHY_NOT = {"-1": "it is a draft", "0": "it is private", "false": "it is not published"}


def is_woocommerce(names: Sequence[str]) -> bool:
    """By columns that only its export has; in another language by more of them."""
    translated = set(in_english(names))
    if "name" not in translated:
        return False
    if {"name", "regular_price"} <= set(names) and {"type", "published"} & set(names):
        return True
    shown = _SHOWN & translated
    return len(shown) > 1 or (bool(shown) and {"regular_price", "published"} <= translated)


class WooCommerceFeed(RowFeed):
    """Read twice: variations first, since they may stand anywhere below or above their parent."""

    def __init__(self, table: Table) -> None:
        """Raises FeedUnusable when a column that every product needs is missing."""
        names = in_english(table.names())
        column_of = {**_COLUMN_OF, "product_id": "sku" if "sku" in names else "id"}
        super().__init__(table, column_of, names)
        if "name" not in self._names or not {"sku", "id"} & set(self._names):
            raise FeedUnusable(f"{self.path}: no columns Name and SKU or ID, as WooCommerce has")
        self._options = [found[1] for name in self._names if (found := _OPTION.fullmatch(name))]

    @cached_property
    def _variants(self) -> dict[str, Variants]:
        """By SKU of the parent, or by `id:…`; only of parents that the file has."""
        variants: dict[str, Variants] = {}
        parents: set[str] = set()
        for _, values in self._readable():
            if not _is_variation(values):
                if "variable" in values.get("type", "").lower():
                    parents.update(_keys(values))
                continue
            if _why_not_sold(values) is not None:
                continue
            fields, _ = _PRICES.prices(values)
            options = [(name.lower(), value) for name, value in self._attributes(values)]
            options += [(name, values[name]) for name in _CODES if name in values]
            pictures = _listed(values.get("images", ""))
            found = variants.setdefault(values.get("parent", ""), Variants())
            found.add(fields, options, pictures, in_stock(values.get("in_stock?", "")))
        return {key: variants.get(key, Variants()) for key in parents}

    def _is_skipped(self, record: Record) -> bool:
        """True for a variation, which its parent's row stands for."""
        values = self._values(record)
        return _is_variation(values) and values.get("parent", "") in self._variants

    def _row(self, record: Record) -> FeedRow:
        values = self._values(record)
        prices, notes = _PRICES.prices(values)
        fields = {
            "product_id": values.get("sku") or values.get("id", ""),
            "title": html_to_text(values.get("name", "")),
            "description": _description(values),
            "brand": html_to_text(values.get("brands", "")),
            "product_url": values.get("external_url", ""),
            **prices,
        }
        fields["category"], more = first_category(
            [html_to_text(path) for path in _listed(values.get("categories", ""))]
        )
        attributes = self._attributes_of(values) | more
        pictures = _listed(values.get("images", ""))
        if not _is_variation(values):
            variants = Variants()
            for key in filter(self._variants.__contains__, _keys(values)):
                variants.merge(self._variants[key])
            notes += variants.apply(fields, attributes, pictures)
        set_pictures(fields, attributes, pictures)
        return FeedRow(
            record.number,
            record.values,
            {name: value for name, value in fields.items() if value},
            attributes,
            _why_not_sold(values),
            notes=notes,
            problem_kind=NOT_FOR_SALE,
        )

    def _attributes_of(self, values: Mapping[str, str]) -> dict[str, str]:
        attributes = {
            name.removeprefix("meta:").strip("_"): html_to_text(value)
            for name, value in values.items()
            if name
            and name not in _NOT_ATTRIBUTES
            and not _HOUSEKEEPING.match(name)
            and not is_cost(name)
        }
        attributes |= {name.lower(): value for name, value in self._attributes(values)}
        if "short_description" in values and "description" in values:
            attributes["short_description"] = html_to_text(values["short_description"])
        if _is_variation(values) and "parent" in values:
            attributes[GROUP] = values["parent"]
        if stock := in_stock(values.get("in_stock?", "")):
            attributes[IN_STOCK] = stock
        return attributes

    def _attributes(self, values: Mapping[str, str]) -> Iterator[tuple[str, str]]:
        for number in self._options:
            name = values.get(f"attribute_{number}_name", "")
            value = values.get(f"attribute_{number}_value(s)", "")
            if name and value:
                yield name, ", ".join(_listed(value))


def _is_variation(values: Mapping[str, str]) -> bool:
    return _VARIATION in values.get("type", "").lower()


def _keys(values: Mapping[str, str]) -> list[str]:
    """As a variation names its parent."""
    return [key for key in (values.get("sku", ""), f"id:{values.get('id', '')}") if key]


def _description(values: Mapping[str, str]) -> str:
    text = values.get("description") or values.get("short_description", "")
    return html_to_text(text.replace("\\n", "\n"))


def _listed(text: str) -> list[str]:
    """Separated by commas, of which one in a name is written `\\,`."""
    parts = (part.strip().replace("\\,", ",") for part in _COMMA.split(text))
    return [part for part in parts if part]


def _why_not_sold(values: Mapping[str, str]) -> str | None:
    if values.get("visibility_in_catalog", "").lower() == "hidden":
        return "it is hidden in the shop"
    return _WHY_NOT.get(values.get("published", "").lower())
