"""Variants in rows of their own without a title, below the row of their product.

Wix, Squarespace, BigCommerce and others write such files. Shopify has a reader of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from services.contracts.search import IN_STOCK
from services.pipeline.feeds.base import NOT_FOR_SALE, FeedRow, pictures_of, set_pictures
from services.pipeline.feeds.own_columns import TRACKED, VARIANT_CODES, bare
from services.pipeline.feeds.own_offers import Offers, says_untracked
from services.pipeline.feeds.variants import MOST_ROWS, Variants

_PRODUCT_ID = "productid"
_KEYS = re.compile(
    r"(?:url)?handle(?:id)?|parent(?:id|sku|handle)?|(?:item|product)?groupid"
    rf"|productinternalid|{_PRODUCT_ID}"
)
"""Columns that name the product in each of its rows, without the marks in their names."""
_VARIANT_ID = "variantid"
_KIND = frozenset({"fieldtype", "itemtype", "item"})
_TITLED_PARTS = frozenset({"sku", "rule"})
"""Rows of BigCommerce, which have the option in place of a title: `[RT]Size=S`."""
_PARTS = _TITLED_PARTS | {"variant", "variation", "image", "video", "media"}
_OPTION = re.compile(
    r"(?:product)?option"
    r"(?:(?P<part>name|value|type|description|choices)(?P<number>[0-9])"
    r"|(?P<number_before>[0-9])(?P<part_behind>name|value|type))"
)
_WRITTEN_OPTION = re.compile(r"(?:Name=|\[\w+\])([^|;=,]+)(?:\|Value)?=([^|;,:]+)")
"""BigCommerce's: `Type=Rectangles|Name=Size|Value=S`, or `[RT]Size=S,[CS]Color=Red:#ff0000`."""
_VARIATION_OPTION = re.compile(r"product_variation_option_\{?(.+?)\}?")
"""Ecwid's columns of options; their names are in the header."""
_SWATCH = re.compile(r"#[0-9a-f]{3,8}:\s*", re.IGNORECASE)
"""A colour before its name, as Wix has it: `#ff0000:Red`."""


class VariantRows:
    """Gathers the rows of each product, if the columns are those of such a file."""

    def __init__(self, names: Sequence[str], offers: Offers) -> None:
        plain = [bare(name) for name in names]
        places = range(len(names))
        self._keys = [at for at in places if _KEYS.fullmatch(plain[at])]
        self._ids = [at for at in places if plain[at] == _VARIANT_ID]
        self._kinds = [at for at in places if plain[at] in _KIND]
        self._codes = [(at, names[at]) for at in places if plain[at] in VARIANT_CODES]
        self._tracked = [at for at, _ in offers.columns(TRACKED)]
        self._codes += [
            (at, found[1]) for at in places if (found := _VARIATION_OPTION.fullmatch(names[at]))
        ]
        options: dict[str, dict[str, str]] = {}
        for name, one in zip(names, plain, strict=True):
            if found := _OPTION.fullmatch(one):
                number = found["number"] or found["number_before"]
                part = found["part"] or found["part_behind"]
                part = part if part in {"name", "type"} else "value"
                options.setdefault(number, {})[part] = name
        # A value whose option has no column for its name is an attribute as any other.
        self._options = {
            number: parts for number, parts in options.items() if {"name", "value"} <= parts.keys()
        }
        keys = {plain[at] for at in self._keys} - {_PRODUCT_ID}
        self.are_there = bool(keys or self._ids or self._kinds or self._options)

    def gathered(self, rows: Iterable[FeedRow]) -> Iterator[FeedRow]:
        """A row that cannot be read stands alone and ends no product."""
        product: list[FeedRow] = []
        for row in rows:
            if row.problem is not None and row.problem_kind != NOT_FOR_SALE:
                yield row
                continue
            if product and len(product) < MOST_ROWS and self._is_part(row, product[0]):
                product.append(row)
                continue
            if product:
                yield self._product(product)
            product = [row]
        if product:
            yield self._product(product)

    def _is_part(self, row: FeedRow, first: FeedRow) -> bool:
        """True if the row goes on with the product of the first."""
        kinds = _PARTS if "title" not in row.fields else _TITLED_PARTS
        if any(row.values[at].strip().casefold() in kinds for at in self._kinds):
            return True
        if "title" in row.fields:
            return False
        own = self._said(row, self._keys)
        if own:
            keys = [*self._keys, *(at for at, _ in self._codes)]
            return bool(own & {*self._said(first, keys), first.fields.get("product_id", "")})
        return bool(self._said(row, self._ids))

    @staticmethod
    def _said(row: FeedRow, places: Sequence[int]) -> set[str]:
        return {text for at in places if (text := row.values[at].strip())}

    def _product(self, rows: Sequence[FeedRow]) -> FeedRow:
        first, *others = rows
        if not others and not self._options:
            return first
        named = {
            number: first.attributes.get(columns["name"], "")
            for number, columns in self._options.items()
        }
        variants = Variants()
        is_counted = not any(says_untracked(first.values[at]) for at in self._tracked)
        for row in (first, *(one for one in others if one.problem is None)):
            prices = {"currency": first.fields.get("currency", ""), **row.fields}
            options = [*self._options_of(row, named)]
            if others:
                options += [(name, value) for at, name in self._codes if (value := row.values[at])]
                options += _written_options(row) if row is not first else ()
            stock = row.attributes.get(IN_STOCK) if row is first or is_counted else None
            variants.add(prices, options, pictures_of(row.fields, row.attributes), stock)
        fields = dict(first.fields)
        columns = {name for parts in self._options.values() for name in parts.values()}
        attributes = {
            name: value for name, value in first.attributes.items() if name not in columns
        }
        pictures = pictures_of(fields, attributes)
        unreadable = variants.apply(fields, attributes, pictures)
        set_pictures(fields, attributes, pictures)
        return replace(
            first,
            fields={name: value for name, value in fields.items() if value},
            attributes=attributes,
            notes=(*(note for row in rows for note in row.notes), *unreadable),
        )

    def _options_of(self, row: FeedRow, named: Mapping[str, str]) -> Iterator[tuple[str, str]]:
        for number, columns in self._options.items():
            name = row.attributes.get(columns["name"], "") or named[number]
            text = row.attributes.get(columns["value"], "")
            for value in text.split(";"):
                if name and (value := _SWATCH.sub("", value.strip())):
                    yield name.lower(), value


def _written_options(row: FeedRow) -> Iterator[tuple[str, str]]:
    for text in (row.attributes.get("options", ""), row.fields.get("title", "")):
        for found in _WRITTEN_OPTION.finditer(text):
            yield found[1].strip().lower(), found[2].strip()
