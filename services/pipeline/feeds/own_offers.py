"""Columns of an offer: sale price, list price, stock, and whether the shop offers the product."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping, Sequence

from services.contracts.products import LIST_PRICE
from services.contracts.search import IN_STOCK
from services.pipeline.feeds.base import Note
from services.pipeline.feeds.own_columns import (
    DISCOUNT,
    DISCOUNT_AMOUNT,
    DISCOUNT_MODE,
    DISCOUNT_PERCENT,
    HIDDEN,
    OFFER_COLUMNS,
    ON_SALE,
    SALE,
    SALE_DATES,
    SALE_END,
    SALE_START,
    SHOWN,
    STATUS,
    TRACKED,
    bare,
    named,
)
from services.pipeline.feeds.prices import parse_price
from services.pipeline.feeds.sales import apply_sale
from services.pipeline.feeds.stock import in_stock, is_quantity, truth

_NOT_OFFERED = frozenset(
    {"draft", "archived", "hidden", "inactive", "disabled", "unpublished", "deleted", "offline"}
    | {"private", "trash", "pending", "not visible", "not visible individually", "-1", "ended"}
    | {"expired", "entwurf", "inaktiv", "brouillon", "borrador", "bozza"}
)
"""Texts of a status."""
_ECWID, _ECWID_SHOWN = "productinternalid", "productisavailable"
"""Columns of Ecwid's; elsewhere what is not available is out of stock."""


def says_untracked(value: str) -> bool:
    """True if the shop does not count the product's stock."""
    return value.strip().casefold() == "none" or truth(value) == "false"


class Offers:
    """Reads the attributes of a row. Most files have few of these columns."""

    def __init__(self, names: Sequence[str], columns: Sequence[str]) -> None:
        """names: of the columns, as they are compared."""
        self._columns = {
            kind: found
            for kind, others in OFFER_COLUMNS.items()
            if (found := named(names, kind, (kind, *others)))
        }
        self._preferred = {
            kind: [kind, *(name for _, name in self.columns(kind))] for kind in OFFER_COLUMNS
        }
        """A nested attribute may have the name of a kind without a column."""
        self._hiding = [
            (name, column.strip(), hiding)
            for name, column in zip(names, columns, strict=True)
            for pattern, hiding in ((SHOWN, "false"), (HIDDEN, "true"), (STATUS, "false"))
            if pattern.fullmatch(bare(name))
        ]
        """Names, columns as the file calls them, and the answer that hides a product."""
        if _ECWID in map(bare, names):
            places = [at for at, name in enumerate(names) if bare(name) == _ECWID_SHOWN]
            self._hiding += [(names[at], columns[at].strip(), "false") for at in places]
        # One of them alone often explains a price that is already reduced.
        self._is_prestashop = {DISCOUNT_AMOUNT, DISCOUNT_PERCENT} <= self._columns.keys()
        self.names = {name for found in self._columns.values() for _, name in found}
        self.names |= {name for name, _, _ in self._hiding}
        """Columns that it knows."""

    def columns(self, kind: str) -> Sequence[tuple[int, str]]:
        """Places and names."""
        return self._columns.get(kind, ())

    def apply(
        self, fields: MutableMapping[str, str], attributes: MutableMapping[str, str]
    ) -> tuple[Note, ...]:
        """Set price, list price and stock. Returns notes on what cannot be read."""
        notes: tuple[Note, ...] = ()
        if SALE in self._columns or DISCOUNT_MODE in self._columns or self._is_prestashop:
            notes = self._apply_sale(fields, attributes)
        name, value = self._first(LIST_PRICE, attributes)
        if value and "price" in fields and LIST_PRICE not in fields:
            fields[LIST_PRICE] = attributes.pop(name)
        if stock := self._stock(attributes):
            attributes[IN_STOCK] = stock
        return notes

    def why_hidden(self, attributes: Mapping[str, str]) -> str | None:
        """The reason why the shop does not offer the product, if it says so."""
        for name, column, hiding in self._hiding:
            value = attributes.get(name, "")
            word = value.casefold()
            is_nowhere = word == "none" and "visibility" in name  # PrestaShop's
            if value and (truth(value) == hiding or word in _NOT_OFFERED or is_nowhere):
                return f"the shop does not offer it: {column} is {value!r}"
        return None

    def _apply_sale(
        self, fields: MutableMapping[str, str], attributes: MutableMapping[str, str]
    ) -> tuple[Note, ...]:
        name, sale = self._first(SALE, attributes)
        sale = sale or self._discounted(fields, attributes)
        # PrestaShop's "On sale" is a mark on the picture.
        is_off = not self._is_prestashop and truth(self._first(ON_SALE, attributes)[1]) == "false"
        if is_off:
            return ()
        both, start, end = (
            self._first(kind, attributes)[1] for kind in (SALE_DATES, SALE_START, SALE_END)
        )
        is_applied, notes = apply_sale(fields, sale, both or (start, end), column=SALE)
        if is_applied:
            attributes.pop(name, None)
        return notes

    def _discounted(self, fields: Mapping[str, str], attributes: Mapping[str, str]) -> str:
        """The price less the discount of Wix or PrestaShop; empty without one."""
        kinds = {self._first(DISCOUNT_MODE, attributes)[1].casefold(): DISCOUNT}
        if self._is_prestashop:
            kinds = {"amount": DISCOUNT_AMOUNT, "percent": DISCOUNT_PERCENT}
        try:
            price = parse_price(fields.get("price", "")).amount
            less = {
                kind: parse_price(self._first(column, attributes)[1].rstrip("%") or "0").amount
                for kind, column in kinds.items()
            }
        except ValueError:
            return ""
        reduced = price - less.get("amount", 0) - price * less.get("percent", 0) / 100
        return f"{reduced:.2f}" if reduced < price else ""

    def _stock(self, attributes: Mapping[str, str]) -> str:
        name, value = self._first(IN_STOCK, attributes)
        found = in_stock(value)
        # A shop that does not count its stock often says 0.
        if found == "false" and bare(name) != bare(IN_STOCK) and is_quantity(value):
            return "" if says_untracked(self._first(TRACKED, attributes)[1]) else found
        return found

    def _first(self, kind: str, attributes: Mapping[str, str]) -> tuple[str, str]:
        """Name and value of the preferred attribute with a value; both empty without one."""
        for name in self._preferred[kind]:
            if value := attributes.get(name):
                return name, value
        return "", ""
