"""The variations of a product, gathered from rows of their own into what their product shows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, MutableMapping
from dataclasses import dataclass, field

from services.contracts.products import LIST_PRICE
from services.contracts.search import IN_STOCK
from services.pipeline.feeds.base import Note, joined
from services.pipeline.feeds.cleaning import short
from services.pipeline.feeds.prices import parse_price
from services.pipeline.feeds.stock import stock_of_variants
from services.pipeline.feeds.validation import PRICE

MOST_ROWS = 5_000
"""Rows of one product that stand together and are all in memory.

Shopify itself takes 2,048 variants and 250 pictures.
"""

PRICE_FIELDS = ("price", LIST_PRICE, "currency")


@dataclass(slots=True)
class Variants:
    """Summary of the variants of one product."""

    price: Mapping[str, str] = field(default_factory=dict)
    """Price fields of the cheapest."""
    options: dict[str, dict[str, None]] = field(default_factory=dict)
    """Values by name, each once, in the order of the rows."""
    pictures: dict[str, None] = field(default_factory=dict)
    stocks: set[str] = field(default_factory=set)
    """Stock by variant: `true`, `false`, or empty for neither."""
    unreadable: dict[str, Note] = field(default_factory=dict)
    """Notes by the price that cannot be read."""
    _lowest: float = float("inf")

    def add(
        self,
        fields: Mapping[str, str],
        options: Iterable[tuple[str, str]],
        pictures: Iterable[str],
        in_stock: str | None,
    ) -> None:
        """fields: of which those of the price are read. in_stock: None for a row without stock."""
        for name, value in options:
            self.options.setdefault(name, {})[value] = None
        self.pictures |= dict.fromkeys(pictures)
        self.stocks |= set() if in_stock is None else {in_stock}
        text = fields.get("price", "")
        if not text:
            return
        try:
            amount = parse_price(text, fields.get("currency", "")).amount
        except ValueError as error:
            note = Note(PRICE, f"price {short(text)} of a variant {error}", "price")
            self.unreadable[text] = note
            return
        self._add_price(amount, {name: fields[name] for name in PRICE_FIELDS if name in fields})

    def merge(self, other: Variants) -> None:
        for name, values in other.options.items():
            self.options[name] = self.options.get(name, {}) | values
        self.pictures |= other.pictures
        self.stocks |= other.stocks
        self.unreadable |= other.unreadable
        self._add_price(other._lowest, other.price)

    def _add_price(self, amount: float, fields: Mapping[str, str]) -> None:
        if 0 < amount < self._lowest:
            self._lowest, self.price = amount, fields

    def apply(
        self,
        fields: MutableMapping[str, str],
        attributes: MutableMapping[str, str],
        pictures: list[str],
    ) -> tuple[Note, ...]:
        """Give the product the price of the cheapest, and all values, pictures and stock.

        Returns notes on prices that cannot be read, except the product's own: validation says why.
        """
        if self.price:
            for name in PRICE_FIELDS:
                fields.pop(name, None)
            fields.update(self.price)
        for name, values in self.options.items():
            own = [one.strip() for one in attributes.get(name, "").split(",")]
            attributes[name] = joined([*own, *values])
        pictures.extend(one for one in self.pictures if one not in pictures)
        if stock := stock_of_variants(self.stocks):
            attributes[IN_STOCK] = stock
        own_price = fields.get("price")
        return tuple(note for text, note in self.unreadable.items() if text != own_price)
