"""Lists of objects in one value, as programming interfaces have variants, offers and attributes.

`"variants": [{"sku": …, "price": …}]` is Shopify's, `"offers": […]` is schema.org's, and
`"attributes": [{"name": "Color", "options": ["Red"]}]` WooCommerce's.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, MutableMapping, Sequence
from functools import lru_cache

from services.contracts.products import LIST_PRICE, MORE_IMAGES
from services.contracts.search import IN_STOCK
from services.pipeline.feeds.base import Note, joined, pictures_of, set_pictures
from services.pipeline.feeds.costs import is_cost
from services.pipeline.feeds.own_cells import as_text
from services.pipeline.feeds.own_columns import FIELD_COLUMNS, VARIANT_CODES, bare, named
from services.pipeline.feeds.own_offers import Offers
from services.pipeline.feeds.table import Object, compared, flat, text_of
from services.pipeline.feeds.variants import Variants

_VARIANTS = frozenset({"variants", "productvariants", "hasvariant", "offers", "prices"})
"""Without the marks in their names."""
_COLUMNS = {
    "price": (*FIELD_COLUMNS["price"], "low_price", "amount", "value"),
    "currency": FIELD_COLUMNS["currency"],
    "image": FIELD_COLUMNS["image"],
}
_OBJECTS = re.compile(r"\{|\[[\s\[]*\{")
"""The beginning of JSON with objects in it."""
_VALUES = ("value", "values", "options")
_OURS = frozenset({IN_STOCK, LIST_PRICE, MORE_IMAGES})
"""Attributes that have a meaning here; listed ones of these names say something else."""
_NO_OPTION = re.compile(
    r"(?:.*_)?@?(?:id|at|url|link|image|src|title|name|handle|key|slug|unit|currency|type)"
)
"""Members that name a variant or say something about it, and nothing that a shopper chooses."""
_NUMBERED = re.compile(r"option_?[0-9]")
"""Shopify's; the list `options` says the same with names."""


def take_lists(fields: MutableMapping[str, str], attributes: dict[str, str]) -> tuple[Note, ...]:
    """Give the product what its variants, offers and listed attributes say. Other lists stay.

    A price and a stock of the product itself count before those of its variants.
    """
    notes: tuple[Note, ...] = ()
    has_options = "options" in attributes
    for name in [name for name, value in attributes.items() if _OBJECTS.match(value)]:
        found = _loaded(attributes[name])
        objects = _objects(found)
        sold = [
            (one, offer)
            for one in objects
            if bare(name) in _VARIANTS and (offer := _offer(one)) is not None
        ]
        if any("price" in offered for _, (offered, _) in sold):
            del attributes[name]
            notes += _apply([offer for _, offer in sold], fields, attributes)
            variants = [one for one, _ in sold]
            attributes |= _differences(variants, attributes, has_options=has_options)
        elif objects and all(map(_is_attribute, objects)):
            del attributes[name]
            for one in objects:
                key = _name(one).strip().lower()
                values = next(text for each in _VALUES if (text := as_text(one.get(each))))
                if key and key not in _OURS and not is_cost(key):
                    attributes[key] = joined([attributes.get(key, ""), values])
        elif (shown := _without_costs(found)) != found:
            attributes[name] = text_of(shown)
    return notes


def _differences(
    objects: Sequence[Object], attributes: Mapping[str, str], *, has_options: bool
) -> dict[str, str]:
    """Texts in which variants differ, such as their flavours."""
    found: dict[str, list[str]] = {}
    for one in objects:
        known = _reader(tuple(map(compared, one))).known
        for key, value in _said(one):
            if not (
                _NO_OPTION.fullmatch(key)
                or is_cost(key)
                or key in attributes
                or key in known
                or (has_options and _NUMBERED.fullmatch(key))
            ):
                found.setdefault(key, []).append(value)
    return {key: joined(values) for key, values in found.items() if len(set(values)) > 1}


def _said(one: Object) -> Iterator[tuple[str, str]]:
    """Names and texts, those of `"selectedOptions": [{"name": "Size", "value": "S"}]` too."""
    for name, value in one.items():
        if isinstance(value, str):
            yield compared(name), value
        elif isinstance(value, list):
            for each in value:
                if isinstance(each, dict) and isinstance(said := each.get("value"), str):
                    yield compared(_name(each)), said


def _loaded(value: str) -> object:
    """None for what is no JSON."""
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return None


def _objects(found: object) -> Sequence[Object]:
    """Empty for anything but a list of objects and nulls."""
    listed = [one for one in found if one is not None] if isinstance(found, list) else []
    return listed if all(isinstance(one, dict) for one in listed) else []


def _without_costs(found: object) -> object:
    try:
        return _shown(found)
    except RecursionError:
        return found


def _shown(value: object) -> object:
    if isinstance(value, list):
        return [_shown(one) for one in value]
    if isinstance(value, dict):
        return {name: _shown(one) for name, one in value.items() if not is_cost(compared(name))}
    return value


def _name(one: Object) -> str:
    return str(one.get("name") or one.get("key") or "")


def _is_attribute(one: Object) -> bool:
    return bool(_name(one)) and any(as_text(one.get(each)) for each in _VALUES)


class _Reader:
    """Knows the members of objects by their names."""

    def __init__(self, names: tuple[str, ...]) -> None:
        self.fields = {field: named(names, field, other) for field, other in _COLUMNS.items()}
        self.codes = [name for name in names if bare(name) in VARIANT_CODES]
        self.offers = Offers(names, names)
        self.known = self.offers.names | {
            name for columns in self.fields.values() for _, name in columns
        }


_reader = lru_cache(maxsize=256)(_Reader)

_Offer = tuple[Mapping[str, str], Mapping[str, str]]


def _offer(one: Object) -> _Offer | None:
    """Fields and attributes; None for a variant that the shop does not offer."""
    said = {compared(name): text_of(value).strip() for name, value in flat(one).items()}
    reader = _reader(tuple(said))
    fields = {
        field: value
        for field, columns in reader.fields.items()
        if (value := next((said[name] for _, name in columns if said[name]), ""))
    }
    attributes = {name: said[name] for name in reader.offers.names if said[name]}
    if reader.offers.why_hidden(attributes):
        return None
    reader.offers.apply(fields, attributes)
    stock = {IN_STOCK: attributes[IN_STOCK]} if IN_STOCK in attributes else {}
    return fields, {name: said[name] for name in reader.codes if said[name]} | stock


def _apply(
    offers: Sequence[_Offer],
    fields: MutableMapping[str, str],
    attributes: MutableMapping[str, str],
) -> tuple[Note, ...]:
    """Prices in another currency than the first one's are not compared with it."""
    currency = next(one.get("currency", "") for one, _ in offers if "price" in one)
    variants = Variants()
    for offered, said in offers:
        is_priced = "price" not in fields and offered.get("currency", "") == currency
        stock = None if IN_STOCK in attributes else said.get(IN_STOCK, "")
        variants.add(
            {**({} if currency else fields), **offered} if is_priced else {},
            [(bare(name), value) for name, value in said.items() if name != IN_STOCK],
            [offered["image"]] if "image" in offered else [],
            stock,
        )
    pictures = pictures_of(fields, attributes)
    notes = variants.apply(fields, attributes, pictures)
    set_pictures(fields, attributes, pictures)
    return notes
