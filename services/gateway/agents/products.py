"""A product of the catalogue as UCP shows it: a product with its variants."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from services.common.field_values import says_yes
from services.contracts.products import (
    LIST_PRICE,
    MORE_CATEGORIES,
    MORE_IMAGES,
    Product,
    ScoredProduct,
)
from services.contracts.search import GROUP, IN_STOCK
from services.contracts.ucp_answers import (
    UcpAvailability,
    UcpBarcode,
    UcpCategory,
    UcpDescription,
    UcpInput,
    UcpMedia,
    UcpOption,
    UcpPrice,
    UcpPriceRange,
    UcpProduct,
    UcpProductOption,
    UcpVariant,
)
from services.contracts.ucp_requests import MAX_MINOR_UNITS
from services.gateway.agents.cleaning import (
    MAX_DESCRIPTION,
    MAX_TITLE,
    MAX_VALUE,
    clean,
    web_address,
)
from services.gateway.agents.identifiers import barcodes_of, shown_id, sku_of
from services.gateway.agents.money import currency_code, to_minor

MAX_ATTRIBUTES = 24
MAX_MEDIA = 9
OWN_ATTRIBUTES = frozenset({GROUP, IN_STOCK, LIST_PRICE, MORE_CATEGORIES, MORE_IMAGES})
"""Attributes that have members of their own in UCP, or none."""

Axes = Sequence[str]
"""Names of the attributes in which the variants of a product differ."""


def group_of(product: Product) -> str:
    """Id of the UCP product that a variant belongs to: its group's, otherwise its own."""
    return product.attributes.get(GROUP) or product.product_id


def category_paths(product: Product) -> list[str]:
    """Every category that it is in, its main one first."""
    more = product.attributes.get(MORE_CATEGORIES, "").split("\n")
    return [path for path in (product.category or "", *more) if path]


def is_available(product: Product) -> bool | None:
    """None if the catalogue does not say."""
    text = product.attributes.get(IN_STOCK)
    return None if text is None else says_yes(text)


@dataclass(frozen=True, slots=True)
class Shower:
    """Shows products in one market."""

    public_url: str
    """URL of the gateway, for links to its pictures; without a slash at its end."""
    currency: str | None
    """Currency of prices that name none."""
    max_description: int = MAX_DESCRIPTION

    def price(self, product: Product, amount: float | None) -> UcpPrice | None:
        """None without an amount or a currency: UCP has no price without."""
        currency = currency_code(product.currency) or self.currency
        if amount is None or currency is None:
            return None
        minor = to_minor(amount, currency)
        return UcpPrice(amount=minor, currency=currency) if minor <= MAX_MINOR_UNITS else None

    def has_price(self, product: Product) -> bool:
        return self.price(product, product.price) is not None

    def variant(
        self,
        product: Product,
        axes: Axes = (),
        inputs: list[UcpInput] | None = None,
    ) -> UcpVariant:
        """Raises ValueError for a product without a price."""
        price = self.price(product, product.price)
        if price is None:
            raise ValueError("a variant needs a price")
        available = is_available(product)
        barcodes = [
            UcpBarcode(type=kind, value=clean(value, MAX_VALUE))
            for kind, value in barcodes_of(product.attributes)
        ]
        sku = sku_of(product.attributes)
        return UcpVariant(
            id=shown_id(product.product_id),
            sku=clean(sku, MAX_VALUE) if sku else None,
            barcodes=barcodes or None,
            title=_title(product),
            description=self._description(product),
            url=web_address(product.product_url),
            categories=_categories(product),
            price=price,
            list_price=self.price(product, product.list_price),
            availability=None
            if available is None
            else UcpAvailability(
                available=available, status="in_stock" if available else "out_of_stock"
            ),
            options=[
                UcpOption(name=clean(name, MAX_VALUE), label=clean(value, MAX_VALUE))
                for name in axes
                if (value := product.attributes.get(name))
            ]
            or None,
            media=self._media(product),
            metadata=_metadata(product),
            inputs=inputs,
        )

    def product(
        self,
        everyone: Sequence[Product],
        shown: Sequence[Product],
        *,
        axes: Axes = (),
        options: list[UcpProductOption] | None = None,
        selected: list[UcpOption] | None = None,
        inputs: Mapping[str, list[UcpInput]] = MappingProxyType({}),
    ) -> UcpProduct:
        """everyone: all variants of the product, for its range of prices. shown: the variants of
        the answer, the best first. All have a price. inputs: by the ids of variants."""
        variants = [self.variant(one, axes, inputs.get(one.product_id)) for one in shown]
        best, currency = variants[0], shown[0].currency or self.currency
        prices = [price for one in everyone if (price := self.price(one, one.price))]
        lists = [price for one in everyone if (price := self.price(one, one.list_price))]
        return UcpProduct(
            id=shown_id(group_of(shown[0])),
            title=best.title,
            description=best.description,
            url=best.url,
            categories=best.categories,
            price_range=_range(prices, currency),
            list_price_range=_range(lists, currency) if lists else None,
            media=best.media,
            options=options,
            selected=selected,
            variants=variants,
        )

    def _description(self, product: Product) -> UcpDescription:
        return UcpDescription(plain=clean(product.description, self.max_description))

    def _media(self, product: Product) -> list[UcpMedia] | None:
        """All pictures, the one that matched the query first."""
        matched = product.matched_image if isinstance(product, ScoredProduct) else None
        more = product.attributes.get(MORE_IMAGES, "").split()
        addresses = [one for one in (matched, product.image_url, *more) if one]
        urls = [
            url
            for one in dict.fromkeys(addresses)
            if (url := web_address(self.public_url + one if one.startswith("/images/") else one))
        ]
        return [UcpMedia(url=url, alt_text=_title(product)) for url in urls[:MAX_MEDIA]] or None


def _range(prices: Sequence[UcpPrice], currency: str | None) -> UcpPriceRange:
    """Range of the prices in one currency, because others cannot be compared."""
    code = currency_code(currency)
    same = [price for price in prices if price.currency == code] or list(prices[:1])
    return UcpPriceRange(
        min=min(same, key=lambda one: one.amount), max=max(same, key=lambda one: one.amount)
    )


def _title(product: Product) -> str:
    return clean(product.title, MAX_TITLE) or shown_id(product.product_id)


def _categories(product: Product) -> list[UcpCategory] | None:
    paths = [clean(path, MAX_VALUE) for path in category_paths(product)]
    return [UcpCategory(value=path) for path in dict.fromkeys(paths) if path] or None


def _metadata(product: Product) -> dict[str, Any] | None:
    """Brand, attributes and score, for which UCP has no member."""
    attributes = {
        clean(name, MAX_VALUE): clean(value, MAX_VALUE)
        for name, value in list(product.attributes.items())[:MAX_ATTRIBUTES]
        if name not in OWN_ATTRIBUTES and value
    }
    found: dict[str, Any] = {}
    if product.brand:
        found["brand"] = clean(product.brand, MAX_VALUE)
    if attributes:
        found["attributes"] = attributes
    if isinstance(product, ScoredProduct) and product.score:
        found |= {"score": round(product.score, 4), "strength": product.strength}
    return found or None
