"""`lookup_catalog` and `get_product`: products by the identifiers of a buyer or a shop."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from services.contracts.products import Product
from services.contracts.search import GROUP
from services.contracts.ucp_answers import (
    UcpInput,
    UcpLookupAnswer,
    UcpMessage,
    UcpProduct,
    UcpProductAnswer,
)
from services.contracts.ucp_requests import UcpLookupRequest, UcpProductRequest
from services.gateway.agents.filters import Narrowing, narrowing
from services.gateway.agents.identifiers import meant_id
from services.gateway.agents.negotiation import Negotiated
from services.gateway.agents.options import (
    axes_of,
    choice_of,
    chosen,
    fits,
    product_options,
    relaxed,
    selected_options,
)
from services.gateway.agents.products import Shower, group_of, is_available
from services.gateway.agents.reader import Reader
from services.gateway.agents.refusals import NoResource
from services.gateway.agents.search import MAX_LISTED_DESCRIPTION

_MAX_VARIANTS = 50
_Match = Literal["exact", "featured"]


@dataclass(slots=True)
class _Found:
    """The variants of one UCP product that identifiers led to."""

    inputs: dict[str, list[UcpInput]] = field(default_factory=dict)
    """By the variant's id."""
    variants: dict[str, Product] = field(default_factory=dict)

    def add(self, variant: Product, identifier: str, match: _Match) -> None:
        self.variants[variant.product_id] = variant
        inputs = self.inputs.setdefault(variant.product_id, [])
        inputs.append(UcpInput(id=identifier, match=match))


@dataclass(frozen=True, slots=True)
class CatalogLookup:
    """Answers `lookup_catalog` and `get_product`."""

    reader: Reader
    shower: Shower

    async def answer(self, request: UcpLookupRequest, agreed: Negotiated) -> UcpLookupAnswer:
        """Unknown identifiers are named in messages."""
        narrowed = await narrowing(request.filters, request.context, self.reader)
        shower = replace(await self._shower(), max_description=MAX_LISTED_DESCRIPTION)
        ids = list(dict.fromkeys(request.ids))
        found, unshown = await self._resolved(ids, narrowed, shower)
        members = await self.reader.members(
            [name for name, one in found.items() if any(map(_grouped, one.variants.values()))]
        )
        products = []
        for name, one in found.items():
            shown = list(one.variants.values())
            everyone = [it for it in members.get(name, shown) if shower.has_price(it)]
            axes = axes_of(everyone)
            products.append(
                shower.product(
                    everyone,
                    shown,
                    axes=axes,
                    options=product_options(everyone, axes),
                    inputs=one.inputs,
                )
            )
        shown_ids = {
            it.id for one in found.values() for inputs in one.inputs.values() for it in inputs
        }
        missing = [unshown.get(one, _info("not_found", one)) for one in ids if one not in shown_ids]
        return UcpLookupAnswer(
            ucp=agreed.envelope,
            products=products,
            messages=[*narrowed.messages, *missing] or None,
        )

    async def _resolved(
        self, ids: Sequence[str], narrowed: Narrowing, shower: Shower
    ) -> tuple[dict[str, _Found], dict[str, UcpMessage]]:
        """The found variants by UCP product, and why an identifier led to none of them."""
        found: dict[str, _Found] = {}
        unshown: dict[str, UcpMessage] = {}
        check = narrowed.check(shower)

        def add(variant: Product, identifier: str, match: _Match) -> None:
            if not shower.has_price(variant):
                unshown.setdefault(
                    identifier, _info("price_missing", f"Not shown, without a price: {identifier}")
                )
            elif not check(variant):
                unshown[identifier] = _info(
                    "filtered_out", f"Not shown, excluded by filters: {identifier}"
                )
            else:
                found.setdefault(group_of(variant), _Found()).add(variant, identifier, match)

        variants = await self.reader.products(ids)
        for identifier, variant in variants.items():
            # A variant may have the id of its group, as some feeds have it.
            whole = _grouped(variant) and group_of(variant) == meant_id(identifier)
            add(variant, identifier, "featured" if whole else "exact")
        groups = await self.reader.members([one for one in ids if one not in variants])
        for identifier, members in groups.items():
            priced = [it for it in members if shower.has_price(it)]
            passing = [it for it in priced if check(it)]
            add(_featured(passing or priced or members), identifier, "featured")
        others = [one for one in ids if one not in variants and one not in groups]
        for identifier, products in (await self.reader.identified(others)).items():
            for product in products:
                add(product, identifier, "exact")
        return found, unshown

    async def product(self, request: UcpProductRequest, agreed: Negotiated) -> UcpProductAnswer:
        """Raises NoResource if there is no such product, or no variant that passes the filters."""
        narrowed = await narrowing(request.filters, request.context, self.reader)
        shower = await self._shower()
        named = await self.reader.product(request.id)
        group = group_of(named) if named else meant_id(request.id)
        members = (await self.reader.members([group])).get(group, [])
        everyone: list[Product] = list(members)
        if named is not None and (_grouped(named) or not members):
            everyone = [named, *(one for one in members if one.product_id != named.product_id)]
        everyone = [one for one in everyone if shower.has_price(one)]
        if not everyone:
            raise NoResource("not_found", f"Product not found: {request.id}")
        # An id that a variant, or a parent that is no variant, shares with its group leaves the
        # choice to the buyer.
        variant = everyone[0] if named in everyone and group != meant_id(request.id) else None
        product = _detail(request, variant, everyone, narrowed, shower)
        if product is None:
            raise NoResource(
                "not_found", f"No variant of this product passes the filters: {request.id}"
            )
        return UcpProductAnswer(
            ucp=agreed.envelope, product=product, messages=narrowed.messages or None
        )

    async def _shower(self) -> Shower:
        return replace(self.shower, currency=(await self.reader.summary()).currency)


def _info(code: str, content: str) -> UcpMessage:
    return UcpMessage(type="info", code=code, content=content)


def _grouped(product: Product) -> bool:
    return bool(product.attributes.get(GROUP))


def _detail(
    request: UcpProductRequest,
    variant: Product | None,
    everyone: Sequence[Product],
    narrowed: Narrowing,
    shower: Shower,
) -> UcpProduct | None:
    """The product with the variants that fit the choice; None if the filters leave none.

    variant: the one that was asked for, if it was a variant.
    """
    axes = axes_of(everyone)
    featured = variant or _featured(everyone)
    wanted = chosen(request.selected, axes)
    # The id of a variant decides the whole choice; without any, the featured variant does.
    choice = (
        choice_of(featured, axes)
        if variant is not None or not wanted
        else relaxed(wanted, everyone, request.preferences)
    )
    fitting = [one for one in everyone if fits(one, choice)]
    first = featured if featured in fitting else _featured(fitting)
    shown = [first, *(one for one in fitting if one is not first)]
    shown = list(filter(narrowed.check(shower), shown))[:_MAX_VARIANTS]
    if not shown:
        return None
    return shower.product(
        everyone,
        shown,
        axes=axes,
        options=product_options(everyone, axes, choice),
        selected=selected_options(choice, everyone, axes) if axes else None,
    )


def _featured(variants: Sequence[Product]) -> Product:
    """The first variant that can be bought, otherwise the first."""
    return next((one for one in variants if is_available(one) is not False), variants[0])
