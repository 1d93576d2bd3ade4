"""Options of a product: the attributes in which its variants differ, and a buyer's choice."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from services.common.field_values import folded
from services.common.identifier_names import is_identifier
from services.contracts.products import Product
from services.contracts.search import COLOR
from services.contracts.ucp_answers import UcpOption, UcpOptionValue, UcpProductOption
from services.contracts.ucp_requests import UcpSelected
from services.gateway.agents.cleaning import MAX_VALUE, clean
from services.gateway.agents.products import OWN_ATTRIBUTES, Axes, is_available

_FIRST = (COLOR, "size")
_MAX_LABEL = 80
_MAX_AXES = 8

Choice = Mapping[str, str]
"""Values by the names of attributes."""


def axes_of(variants: Sequence[Product]) -> Axes:
    """Attributes that each variant has, and not all alike; color and size first."""
    if len(variants) < 2:
        return ()
    names = set.intersection(*(set(one.attributes) for one in variants)) - OWN_ATTRIBUTES
    axes = [
        name
        for name in names
        if not is_identifier(name)
        and _folded(name)
        and all(_is_label(one.attributes[name]) for one in variants)
        and len({_folded(one.attributes[name]) for one in variants}) > 1
    ]
    return sorted(axes, key=lambda name: (name not in _FIRST, name))[:_MAX_AXES]


def _is_label(value: str) -> bool:
    return len(value) <= _MAX_LABEL and "://" not in value and bool(_folded(value))


def choice_of(product: Product, axes: Axes) -> dict[str, str]:
    return {name: product.attributes[name] for name in axes}


def chosen(selected: Iterable[UcpSelected], axes: Axes) -> dict[str, str]:
    """A buyer's choice; options that the product does not have are left out."""
    by_name = {clean(name, MAX_VALUE).casefold(): name for name in axes}
    return {
        by_name[one.name.casefold()]: one.label
        for one in selected
        if one.name.casefold() in by_name
    }


def fits(product: Product, choice: Choice) -> bool:
    return all(
        _folded(product.attributes.get(name, "")) == _folded(wanted)
        for name, wanted in choice.items()
    )


def relaxed(
    choice: Choice, variants: Sequence[Product], preferences: Sequence[str]
) -> dict[str, str]:
    """The choice without options, the least important first, until a variant fits it."""
    order = [name.casefold() for name in preferences]
    names = sorted(
        choice,
        key=lambda name: order.index(name.casefold()) if name.casefold() in order else len(order),
    )
    while not any(fits(one, {name: choice[name] for name in names}) for one in variants):
        names.pop()
    return {name: choice[name] for name in names}


def selected_options(choice: Choice, variants: Sequence[Product], axes: Axes) -> list[UcpOption]:
    """The choice in the catalogue's spelling, in the order of the options."""
    best = next((one for one in variants if fits(one, choice)), None)
    return [
        UcpOption(name=clean(name, MAX_VALUE), label=clean(best.attributes[name], MAX_VALUE))
        for name in axes
        if best is not None and name in choice
    ]


def product_options(
    variants: Sequence[Product], axes: Axes, choice: Choice | None = None
) -> list[UcpProductOption] | None:
    """All values of each option; with a choice, also which of them go with the rest of it."""
    forms = {name: [_folded(one.attributes[name]) for one in variants] for name in axes}
    wanted = {name: _folded(label) for name, label in (choice or {}).items()}
    sold = [is_available(one) is not False for one in variants]
    options = []
    for name in axes:
        labels: dict[str, str] = {}
        for one, value in zip(variants, forms[name], strict=True):
            labels.setdefault(value, clean(one.attributes[name], MAX_VALUE))
        if choice is None:
            values = [UcpOptionValue(label=label) for label in labels.values()]
        else:
            rest = [(forms[other], label) for other, label in wanted.items() if other != name]
            fitting = [
                number
                for number in range(len(variants))
                if all(column[number] == label for column, label in rest)
            ]
            exists = {forms[name][number] for number in fitting}
            available = {forms[name][number] for number in fitting if sold[number]}
            values = [
                UcpOptionValue(label=label, exists=value in exists, available=value in available)
                for value, label in labels.items()
            ]
        options.append(UcpProductOption(name=clean(name, MAX_VALUE), values=values))
    return options or None


@lru_cache(maxsize=4_096)
def _folded(label: str) -> str:
    """The form in which two spellings of one value are the same."""
    return folded(clean(label, MAX_VALUE))
