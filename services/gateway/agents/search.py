"""`search_catalog`: the gateway's search in the terms of UCP."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from services.common.problems import InvalidRequest, NotFound
from services.contracts.gateway import SearchRequest, SearchResponse, SearchTerm
from services.contracts.products import Product, ScoredProduct
from services.contracts.retriever import NO_MATCH_BELOW
from services.contracts.search import GROUP
from services.contracts.ucp_answers import UcpMessage, UcpPagination, UcpProduct, UcpSearchAnswer
from services.contracts.ucp_requests import MAX_LIMIT, UcpSearchRequest
from services.gateway.agents.cleaning import MAX_TITLE, clean
from services.gateway.agents.extension import INPUTS
from services.gateway.agents.filters import Check, Narrowing, narrowing, passes
from services.gateway.agents.identifiers import meant_id
from services.gateway.agents.negotiation import Negotiated
from services.gateway.agents.options import axes_of, product_options
from services.gateway.agents.products import Shower, group_of
from services.gateway.agents.reader import Reader, Searched
from services.gateway.agents.refusals import NoResource, UcpRefused, in_ucps_names
from services.gateway.searching.understanding import UNDERSTANDING

MAX_LISTED_DESCRIPTION = 400
"""Characters of a description in a list; `get_product` returns more."""
MAX_VARIANTS = 10

_AS_WRITTEN = (
    "The query was searched as written: limits in its words, such as a price or a colour to avoid, "
    "were not applied. Check each product, or send `filters`."
)
_NO_INPUT = "Send a `query`, `filters`, `image`, or `references`."


def _not_agreed(names: Sequence[str]) -> str:
    listed = ", ".join(f"`{name}`" for name in names)
    return f"{listed}: ignored, because your profile does not have the extension visual_search."


def _ignored(names: Sequence[str]) -> list[UcpMessage]:
    if not names:
        return []
    return [UcpMessage(type="warning", code="extension_ignored", content=_not_agreed(names))]


@dataclass(frozen=True, slots=True)
class CatalogSearch:
    """Answers `search_catalog`."""

    reader: Reader
    shower: Shower

    async def answer(self, request: UcpSearchRequest, agreed: Negotiated) -> UcpSearchAnswer:
        """Raises UcpRefused without any input, NoResource, and what the search path raises."""
        if request.pagination.cursor is not None:
            request = UcpSearchRequest(pagination=request.pagination)
        ignored = [] if agreed.ours else [name for name in INPUTS if getattr(request, name)]
        if ignored:
            unset: dict[str, object] = {"image": None, "references": [], "weights": None}
            request = request.model_copy(update=unset)
        if not request.has_input:
            raise UcpRefused(_not_agreed(ignored) if ignored else _NO_INPUT)
        narrowed = await narrowing(request.filters, request.context, self.reader)
        if narrowed.nothing_fits:
            page = UcpPagination(has_next_page=False, total_count=0)
            return UcpSearchAnswer(
                ucp=agreed.envelope,
                products=[],
                pagination=page,
                messages=[*_ignored(ignored), *narrowed.messages] or None,
            )
        picture = await self.reader.picture(request.image) if request.image else None
        search = _search_request(request, narrowed, picture)
        try:
            searched = await self.reader.searched(search)
        except NotFound as error:
            raise NoResource("not_found", error.detail) from error
        except InvalidRequest as error:
            errors = in_ucps_names(error.errors or [], pictures=0 if picture is None else 1)
            raise UcpRefused(error.detail, errors=errors or None) from error
        answer = searched.answer
        products, hidden = await self.shown(searched)
        weak = answer.confidence < NO_MATCH_BELOW and request.says_words
        messages = [
            *_ignored(ignored),
            *narrowed.messages,
            *_messages(answer, hidden, weak=weak),
        ]
        return UcpSearchAnswer(
            ucp=agreed.envelope,
            products=products,
            pagination=UcpPagination(
                cursor=answer.cursor,
                has_next_page=answer.cursor is not None,
                total_count=answer.found,
            ),
            messages=messages or None,
            picture_id=picture,
        )

    async def shown(self, searched: Searched) -> tuple[list[UcpProduct], int]:
        """The results as products with their variants, and the number of those without a price."""
        results, filters = searched.answer.results, searched.filters
        shower = replace(self.shower, max_description=MAX_LISTED_DESCRIPTION)
        if any(one.currency is None for one in results) or (filters and filters.price):
            shower = replace(shower, currency=(await self.reader.summary()).currency)
        priced = [one for one in results if shower.has_price(one)]
        groups = [one.attributes[GROUP] for one in priced if one.attributes.get(GROUP)]
        members = await self.reader.members(groups)
        kept = None
        if groups and searched.excluded:
            kept = await self.reader.without(searched.excluded, groups)

        def check(one: Product) -> bool:
            return (kept is None or one.product_id in kept) and passes(one, filters, shower)

        # A feed may have the parent of a group as a product with the group's id: one is enough.
        best = {group_of(one): one for one in reversed(priced)}
        products = [
            _with_variants(one, members.get(group_of(one), [one]), check, shower)
            for one in priced
            if best[group_of(one)] is one
        ]
        return products, len(results) - len(priced)


def _with_variants(
    best: ScoredProduct, everyone: Sequence[Product], check: Check, shower: Shower
) -> UcpProduct:
    """A found product: the found variant first, then the others that pass the filters."""
    others = [
        one for one in everyone if one.product_id != best.product_id and shower.has_price(one)
    ]
    everyone = [best, *others]
    axes = axes_of(everyone)
    passing = [one for one in others if check(one)]
    return shower.product(
        everyone,
        [best, *passing[: MAX_VARIANTS - 1]],
        axes=axes,
        options=product_options(everyone, axes),
    )


def _search_request(
    request: UcpSearchRequest, narrowed: Narrowing, picture: str | None
) -> SearchRequest:
    k = min(request.pagination.limit, MAX_LIMIT)
    if request.pagination.cursor is not None:
        return SearchRequest(cursor=request.pagination.cursor, k=k)
    terms = [] if picture is None else [SearchTerm(picture_id=picture)]
    terms += [
        SearchTerm(
            product_id=None if one.id is None else meant_id(one.id),
            text=one.text,
            picture_id=one.picture_id,
            weight=one.weight,
        )
        for one in request.references
    ]
    if not request.query and terms and not any(one.weight > 0 for one in terms):
        raise UcpRefused("Send a query, or at least one reference with a weight above 0.")
    return SearchRequest(
        query=request.query,
        terms=terms,
        weights=request.weights,
        filters=narrowed.for_search(),
        # A picture or a product alone asks for the nearest there is.
        cutoff="auto" if request.says_words else "off",
        k=k,
    )


def _messages(answer: SearchResponse, hidden: int, *, weak: bool) -> list[UcpMessage]:
    found: list[UcpMessage] = []

    def add(code: str, content: str) -> None:
        found.append(UcpMessage(type="info", code=code, content=content))

    if UNDERSTANDING in answer.degraded:
        found.append(UcpMessage(type="warning", code="query_not_understood", content=_AS_WRITTEN))
    if weak:
        add(
            "no_good_match",
            "The catalogue has no good match. Try other words, or fewer filters; do not present "
            "weak results as matches.",
        )
    if answer.corrected_query:
        add("query_corrected", f"Searched for: {clean(answer.corrected_query, MAX_TITLE)}")
    if hidden:
        add("price_missing", f"{hidden} products without a price are not shown.")
    return found
