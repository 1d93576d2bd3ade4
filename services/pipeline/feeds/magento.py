"""Magento 2's product CSV: variations, and rows of single store views, beside the products."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cached_property

from services.contracts.search import IN_STOCK
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

SIGNS = frozenset({"sku", "attribute_set_code", "product_type"})
"""Columns by which a table is recognised."""

_COLUMN_OF = {
    "product_id": "sku",
    "title": "name",
    "category": "categories",
    "list_price": "price",
    "image": "base_image",
}
_PRICES = SaleColumns("price", "special_price", "special_price_from_date", "special_price_to_date")
_KEPT = ("weight", "url_key", "meta_keywords", "short_description", "country_of_manufacture")
_NOT_OPTIONS = frozenset({"has_options", "required_options"})
_PAIR = re.compile(r",(?=[\w-]+=)")
_ROOT = "default category"
_FOLDERS = ("", "media/catalog/product", "pub/media/catalog/product")
_INVISIBLE = "not visible individually"


class MagentoFeed(RowFeed):
    """Read twice: the variations that a product lists may stand above or below it."""

    def __init__(self, table: Table) -> None:
        """Raises FeedUnusable when a column that every product needs is missing."""
        super().__init__(table, _COLUMN_OF)
        if not {"sku", "name"} <= set(self._names):
            raise FeedUnusable(f"{self.path}: no columns sku and name, as Magento has them")

    @cached_property
    def _known(self) -> tuple[dict[str, str], dict[str, int]]:
        """The parent of each variation that a product lists, and the row that stands for each id.

        Row 0 is the one for all store views; without it, the first view's that has a name.
        """
        parents: dict[str, str] = {}
        standing: dict[str, int] = {}
        for number, values in self._readable():
            if not _is_of_one_view(values):
                standing[values.get("sku", "")] = 0
            elif "name" in values:
                standing.setdefault(values.get("sku", ""), number)
            for variation in values.get("configurable_variations", "").split("|"):
                sku = dict(_pairs(variation)).get("sku", "")
                if sku:
                    parents[sku] = values.get("sku", "")
        return parents, standing

    @cached_property
    def _variants(self) -> dict[str, Variants]:
        parents, _ = self._known
        variants: dict[str, Variants] = {}
        for _, values in self._readable():
            parent = parents.get(values.get("sku", ""))
            if parent is None or _is_of_one_view(values) or _is_disabled(values):
                continue
            fields, _ = _PRICES.prices(values)
            options = self._attributes(values) | {"sku": values["sku"]}
            found = variants.setdefault(parent, Variants())
            found.add(fields, options.items(), (), in_stock(values.get("is_in_stock", "")))
        return variants

    def _is_skipped(self, record: Record) -> bool:
        """True if another row replaces it: its product's, or its own of another store view."""
        values = self._values(record)
        parents, standing = self._known
        if _is_of_one_view(values):
            return standing.get(values.get("sku", ""), record.number) != record.number
        return _is_invisible(values) and values["sku"] in parents

    def _row(self, record: Record) -> FeedRow:
        values = self._values(record)
        prices, notes = _PRICES.prices(values)
        attributes = self._attributes(values)
        text = values.get("description") or values.get("short_description", "")
        fields = {
            "product_id": values.get("sku", ""),
            "title": html_to_text(values.get("name", "")),
            "description": html_to_text(text),
            "brand": attributes.pop("manufacturer", "") or attributes.pop("brand", ""),
            **prices,
        }
        paths = filter(None, map(_path, values.get("categories", "").split(",")))
        fields["category"], more = first_category(list(paths))
        attributes |= {
            name: html_to_text(values[name])
            for name in _KEPT
            if name in values and values[name] != text
        }
        if stock := in_stock(values.get("is_in_stock", "")):
            attributes[IN_STOCK] = stock
        pictures = self._pictures(values)
        variants = self._variants.get(fields["product_id"])
        if variants is not None:
            notes += variants.apply(fields, attributes, pictures)
        attributes |= more
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

    @staticmethod
    def _attributes(values: Mapping[str, str]) -> dict[str, str]:
        pairs = _pairs(values.get("additional_attributes", ""))
        return {
            name: html_to_text(value.replace("|", ", "))  # several are written `Cotton|Wool`
            for name, value in pairs
            if name not in _NOT_OPTIONS and not is_cost(name)
        }

    def _pictures(self, values: Mapping[str, str]) -> list[str]:
        """Paths below Magento's `media/catalog/product`; links as they are."""
        names = [values.get("base_image", "") or values.get("image", "")]
        names += values.get("additional_images", "").split(",")
        return list(dict.fromkeys(self._picture(one.strip()) for one in names if one.strip()))

    def _picture(self, name: str) -> str:
        if "://" in name:
            return name
        path = name.lstrip("/")
        places = (f"{folder}/{path}".lstrip("/") for folder in _FOLDERS)
        return next((one for one in places if (self.folder / one).is_file()), path)


def _is_of_one_view(values: Mapping[str, str]) -> bool:
    return "store_view_code" in values


def _is_invisible(values: Mapping[str, str]) -> bool:
    return values.get("visibility", "").lower() == _INVISIBLE and "sku" in values


def _is_disabled(values: Mapping[str, str]) -> bool:
    return values.get("product_online", "1").removesuffix(".0") in {"0", "2"}


def _why_not_sold(values: Mapping[str, str]) -> str | None:
    if _is_disabled(values):
        return "it is disabled in the shop"
    if _is_invisible(values):
        return "it is not visible individually, and no product lists it as a variation"
    return None


def _path(category: str) -> str:
    """`Gear > Bags` for `Default Category/Gear/Bags`."""
    levels = [html_to_text(level) for level in category.split("/") if level.strip()]
    if levels and levels[0].lower() == _ROOT:
        del levels[0]
    return " > ".join(levels)


def _pairs(text: str) -> Iterator[tuple[str, str]]:
    """`color=Red,size=M`; a value may hold commas, and quotes around the whole pair."""
    for pair in _PAIR.split(text):
        name, equals, value = pair.strip().strip('"').partition("=")
        if equals and name.strip() and value.strip():
            yield name.strip().strip('"'), value.strip().strip('"')
