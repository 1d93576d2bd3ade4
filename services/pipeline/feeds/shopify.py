"""Shopify's product CSV: one handle over as many rows as a product has variants and pictures."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from services.contracts.search import IN_STOCK
from services.pipeline.errors import FeedUnusable
from services.pipeline.feeds.base import NOT_FOR_SALE, FeedRow, joined, set_pictures
from services.pipeline.feeds.html import html_to_text
from services.pipeline.feeds.prices import Price, parse_price
from services.pipeline.feeds.stock import stock_of_variants
from services.pipeline.feeds.table import Record, Table
from services.pipeline.feeds.table_feed import TableFeed
from services.pipeline.feeds.variants import MOST_ROWS

HANDLE = ("handle", "url_handle")
"""By one of which, beside a column of `SIGNS`, a table is known as Shopify's."""
SIGNS = frozenset({"body_(html)", "body_html", "variant_price", "image_src", "product_image_url"})

# Both the names of the long-standing template and of the one that came after it.
_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "handle": HANDLE,
    "title": ("title",),
    "body": ("body_(html)", "body_html", "description"),
    "vendor": ("vendor",),
    "category": ("product_category", "standard_product_type"),
    "type": ("type", "custom_product_type"),
    "tags": ("tags",),
    "published": ("published", "published_on_online_store"),
    "status": ("status",),
    "price": ("variant_price", "price"),
    "list_price": ("variant_compare_at_price", "compare-at_price", "compare_at_price"),
    "picture": ("image_src", "product_image_url"),
    "position": ("image_position",),
    "sku": ("variant_sku", "sku"),
    "barcode": ("variant_barcode", "barcode"),
    "tracker": ("variant_inventory_tracker", "inventory_tracker"),
    "quantity": ("variant_inventory_qty", "inventory_quantity"),
    "oversold": ("variant_inventory_policy", "continue_selling_when_out_of_stock"),
}
_OF_FIELDS: Mapping[str, str] = {
    "product_id": "handle",
    "title": "title",
    "description": "body",
    "brand": "vendor",
    "category": "category",
    "price": "price",
    "image": "picture",
}
_OPTIONS = tuple(((f"option{number}_name"), (f"option{number}_value")) for number in range(1, 4))
_NEXT_LINK = re.compile(r";\s*(?=https?://)", re.IGNORECASE)
"""Between several pictures in one cell, as Matrixify has them."""
_NO_OPTION = "default title"
_OVERSOLD = frozenset({"continue", "true"})
_METAFIELD = re.compile(r"\(product\.metafields\.[^)]*\)")


class ShopifyFeed(TableFeed):
    """A product's rows stand together, as Shopify writes them."""

    def __init__(self, table: Table) -> None:
        """Raises FeedUnusable when a column that every product needs is missing."""
        names = table.names()
        self._places = {
            name: [names.index(one) for one in columns if one in names]
            for name, columns in _COLUMNS.items()
        }
        column_of = {
            field: names[places[0]]
            for field, name in _OF_FIELDS.items()
            if (places := self._places[name])
        }
        super().__init__(table, column_of, names)
        if not self._places["handle"] or not self._places["title"]:
            raise FeedUnusable(f"{self.path}: no columns Handle and Title, as Shopify has them")

    def rows(self) -> Iterator[FeedRow]:
        return map(self._product, self._groups())

    def count(self) -> int:
        return sum(1 for _ in self._groups())

    def _groups(self) -> Iterator[list[Record]]:
        """The rows of each handle; a row that cannot be read stands alone and ends no group."""
        group: list[Record] = []
        handle = ""
        for record in self._table.records():
            if record.problem is not None:
                yield [record]
                continue
            found = self._value(record, "handle") or f"\n{record.number}"
            if group and found != handle:
                yield group
                group = []
            handle = found
            if len(group) <= MOST_ROWS:
                group.append(record)
        if group:
            yield group

    def _value(self, record: Record, name: str) -> str:
        found = (record.values[at].strip() for at in self._places[name])
        return next(filter(None, found), "")

    def _first(self, records: Sequence[Record], name: str) -> str:
        return next((value for one in records if (value := self._value(one, name))), "")

    def _product(self, records: Sequence[Record]) -> FeedRow:
        first = records[0]
        too_many = len(records) > MOST_ROWS
        problem = f"more than {MOST_ROWS} rows have its handle" if too_many else first.problem
        if problem is not None:
            return FeedRow(first.number, first.values, {}, {}, problem)
        fields = {
            "product_id": self._value(first, "handle"),
            "title": html_to_text(self._first(records, "title")),
            "description": html_to_text(self._first(records, "body")),
            "brand": self._first(records, "vendor"),
            "category": self._first(records, "category") or self._first(records, "type"),
        }
        fields |= self._lowest_price(records)
        attributes = self._attributes(records)
        set_pictures(fields, attributes, self._pictures(records))
        return FeedRow(
            first.number,
            first.values,
            {name: value for name, value in fields.items() if value},
            attributes,
            self._why_not_sold(records),
            problem_kind=NOT_FOR_SALE,
        )

    def _pictures(self, records: Sequence[Record]) -> list[str]:
        """In the shop's order, each once."""
        placed = [(_position(self._value(one, "position")), at) for at, one in enumerate(records)]
        cells = (self._value(records[at], "picture") for _, at in sorted(placed))
        links = (link.strip() for cell in cells for link in _NEXT_LINK.split(cell))
        return list(dict.fromkeys(link for link in links if link))

    def _lowest_price(self, records: Sequence[Record]) -> dict[str, str]:
        """As written, with its list price; the first that can't be read is for validation."""
        lowest: tuple[Price, Record] | None = None
        for record in records:
            text = self._value(record, "price")
            if not text:
                continue
            try:
                price = parse_price(text)
            except ValueError:
                return {"price": text}
            if lowest is None or price.amount < lowest[0].amount:
                lowest = price, record
        if lowest is None:
            return {}
        return {name: self._value(lowest[1], name) for name in ("price", "list_price")}

    def _attributes(self, records: Sequence[Record]) -> dict[str, str]:
        attributes = {
            name: value for name in ("type", "tags") if (value := self._first(records, name))
        }
        rows = [dict(zip(self._names, one.values, strict=True)) for one in records]
        for column in self._names:
            if _METAFIELD.search(column) and rows[0][column].strip():
                # A list of Shopify's is written `red; blue`.
                text = html_to_text(rows[0][column]).replace("; ", ", ")
                attributes[_METAFIELD.sub("", column).strip("_")] = text
        for name_column, value_column in _OPTIONS:
            name = next((row[name_column] for row in rows if row.get(name_column)), "").strip()
            values = dict.fromkeys(row.get(value_column, "").strip() for row in rows)
            chosen = [one for one in values if one and one.casefold() != _NO_OPTION]
            if name and chosen:
                attributes[name.lower()] = joined(chosen)
        for name in ("sku", "barcode"):
            if text := joined(self._value(one, name).removeprefix("'") for one in records):
                attributes[name] = text
        if stock := self._stock(records):
            attributes[IN_STOCK] = stock
        return attributes

    def _stock(self, records: Sequence[Record]) -> str:
        return stock_of_variants(
            {self._stock_of(one) for one in records if self._value(one, "price")}
        )

    def _stock_of(self, variant: Record) -> str:
        """A backorder is neither `true` nor `false`."""
        if self._places["tracker"] and not self._value(variant, "tracker"):
            return "true"
        quantity = _number(self._value(variant, "quantity"))
        if quantity is None or quantity > 0:
            return "" if quantity is None else "true"
        return "" if self._value(variant, "oversold").lower() in _OVERSOLD else "false"

    def _why_not_sold(self, records: Sequence[Record]) -> str | None:
        status = self._first(records, "status").lower()
        if status not in {"", "active"}:
            return f"its status is {status!r}, not active"
        if self._first(records, "published").lower() == "false":
            return "it is not published in the shop"
        return None


def _position(text: str) -> float:
    """The place of a picture; without a number it comes last."""
    number = _number(text)
    return float("inf") if number is None else number


def _number(text: str) -> float | None:
    """`1`, or `1.0` as spreadsheets write it."""
    try:
        return float(text)
    except ValueError:
        return None
