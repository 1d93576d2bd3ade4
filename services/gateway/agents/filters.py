"""Filters of UCP: for the search path, and for products that were found by their ids."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from services.contracts.products import MORE_CATEGORIES, Product
from services.contracts.search import COLOR, Filters, PriceRange
from services.contracts.ucp_answers import UcpMessage
from services.contracts.ucp_requests import UcpContext, UcpFilters
from services.gateway.agents.money import currency_code, from_minor
from services.gateway.agents.products import Shower, is_available
from services.gateway.agents.reader import Reader


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

    def passes(self, product: Product, shower: Shower) -> bool:
        """True if a product passes all filters, as the search path would decide."""
        given, attributes = self.given, product.attributes
        return (
            _one_below(_paths(product), given.categories)
            and _one_of(product.brand, given.brands)
            and _one_of(attributes.get(COLOR), given.colors)
            and (given.available is None or is_available(product) is given.available)
            and all(_one_of(attributes.get(name), some) for name, some in given.attributes.items())
            and self._price_passes(product, shower)
        )

    def _price_passes(self, product: Product, shower: Shower) -> bool:
        bounds = self.given.price if self.currency else None
        if bounds is None or (bounds.min is None and bounds.max is None):
            return True
        price = shower.price(product, product.price)
        if price is None or price.currency != self.currency:
            return False
        at_least = bounds.min is None or price.amount >= bounds.min
        return at_least and (bounds.max is None or price.amount <= bounds.max)


async def narrowing(filters: UcpFilters, context: UcpContext, reader: Reader) -> Narrowing:
    """The filters, with messages about those that are ignored."""
    messages = [
        UcpMessage(
            type="warning",
            code="filter_ignored",
            content=f"The filter `{name[:64]}` is unknown here and was ignored.",
            path="$.filters",
        )
        for name in filters.unknown[:8]
    ]
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


def _folded(text: str) -> str:
    return " ".join(text.split()).casefold()


def _path(text: str) -> str:
    return " > ".join(part.strip() for part in _folded(text).split(">"))


def _paths(product: Product) -> list[str]:
    more = product.attributes.get(MORE_CATEGORIES, "").split("\n")
    return [_path(path) for path in (product.category or "", *more) if path]


def _one_of(value: str | None, wanted: Sequence[str] | None) -> bool:
    if wanted is None:
        return True
    return value is not None and _folded(value) in {_folded(one) for one in wanted}


def _one_below(paths: Sequence[str], wanted: Sequence[str] | None) -> bool:
    if wanted is None:
        return True
    above = [_path(one) for one in wanted]
    return any(path == one or path.startswith(f"{one} > ") for path in paths for one in above)
