"""Filters of UCP: for the search path, and for products that were found by their ids."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

from services.common.field_values import folded, folded_path, is_within, values_in
from services.contracts.products import Product
from services.contracts.search import BRAND, CATEGORY, COLOR, GROUP, Filters, PriceRange
from services.contracts.ucp_answers import UcpMessage
from services.contracts.ucp_requests import UcpContext, UcpFilters
from services.gateway.agents.money import currency_code, from_minor, to_minor
from services.gateway.agents.products import Shower, category_paths, is_available
from services.gateway.agents.reader import Reader

Check = Callable[[Product], bool]


@dataclass(frozen=True, slots=True)
class Narrowing:
    """A request's filters in the terms of this shop."""

    given: UcpFilters
    currency: str | None = None
    """Currency of the price filter; None without such a filter, or if it is ignored."""
    messages: list[UcpMessage] = field(default_factory=list)

    @property
    def nothing_fits(self) -> bool:
        """True if no price can be within the bounds."""
        price = self.given.price if self.currency else None
        return price is not None and price.max is not None and (price.min or 0) > price.max

    def for_search(self) -> Filters | None:
        """None without a filter."""
        given, price = self.given, self.given.price if self.currency else None
        bounds = None
        if price is not None and self.currency and not (price.min is None and price.max is None):
            bounds = PriceRange(
                min=None if price.min is None else from_minor(price.min, self.currency),
                max=None if price.max is None else from_minor(price.max, self.currency),
                currency=self.currency,
            )
        if not (given.given or bounds):
            return None
        return Filters(
            category=given.categories,
            brand=given.brands,
            color=given.colors,
            in_stock=given.available,
            price=bounds,
            attributes=given.attributes,
        )

    def check(self, shower: Shower) -> Check:
        """True for a product that passes all filters, as the search path would decide."""
        if self.nothing_fits:
            return lambda _: False
        return partial(passes, filters=self.for_search(), shower=shower)


def passes(product: Product, filters: Filters | None, shower: Shower) -> bool:
    """True if a product passes the filters of a search. shower: knows the main currency."""
    if filters is None:
        return True
    return (
        _one_below(product, filters.category)
        and _one_of(product.brand, filters.brand)
        and (filters.color is None or _has(product, COLOR, filters.color))
        and (filters.in_stock is None or is_available(product) is filters.in_stock)
        and all(_has(product, name, some) for name, some in filters.attributes.items())
        and (filters.price is None or _price_passes(product, filters.price, shower))
    )


def _has(product: Product, name: str, wanted: Sequence[str]) -> bool:
    if name == CATEGORY:
        return _one_below(product, wanted)
    value = product.brand if name == BRAND else product.attributes.get(name)
    return value is not None and any(
        _one_of(one, wanted) for one in (value, *values_in(name, value))
    )


def _price_passes(product: Product, bounds: PriceRange, shower: Shower) -> bool:
    price = shower.price(product, product.price)
    if price is None or price.currency != (currency_code(bounds.currency) or shower.currency):
        return False
    low, high = (
        None if one is None else to_minor(one, price.currency) for one in (bounds.min, bounds.max)
    )
    return (low is None or price.amount >= low) and (high is None or price.amount <= high)


async def narrowing(filters: UcpFilters, context: UcpContext, reader: Reader) -> Narrowing:
    """The filters, with messages about those that are ignored."""
    messages = [_ignored(name, "$.filters") for name in filters.unknown[:8]]
    if filters.attributes:
        known = {*(await reader.summary()).facets.fields, GROUP}
        unknown = sorted(filters.attributes.keys() - known)
        messages += [_ignored(name, f"$.filters.attributes.{name}") for name in unknown]
        held = {name: some for name, some in filters.attributes.items() if name in known}
        filters = filters.model_copy(update={"attributes": held})
    if filters.price is None:
        return Narrowing(filters, messages=messages)
    main = (await reader.summary()).currency
    currency = currency_code(context.currency) if context.currency else main
    if currency is not None and (currency == main or await reader.sells_in(currency)):
        return Narrowing(filters, currency, messages)
    messages.append(
        UcpMessage(
            type="warning",
            code="price_filter_ignored",
            content="The price filter was ignored: no price is in its currency. "
            + (f"Send amounts in {main}, with `context.currency`." if main else ""),
            path="$.filters.price",
        )
    )
    return Narrowing(filters, messages=messages)


def _ignored(name: str, path: str) -> UcpMessage:
    return UcpMessage(
        type="warning",
        code="filter_ignored",
        content=f"The filter `{name[:64]}` is unknown here and was ignored.",
        path=path,
    )


def _one_of(value: str | None, wanted: Sequence[str] | None) -> bool:
    if wanted is None:
        return True
    return value is not None and folded(value) in {folded(one) for one in wanted}


def _one_below(product: Product, wanted: Sequence[str] | None) -> bool:
    if wanted is None:
        return True
    above = [folded_path(one) for one in wanted]
    paths = map(folded_path, category_paths(product))
    return any(is_within(path, one) for path in paths for one in above)
