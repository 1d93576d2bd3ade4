"""Reads of the catalogue for agents, by the same search path as every other caller."""

from __future__ import annotations

import asyncio
import base64
import binascii
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass

from services.common.problems import InvalidRequest, NotFound, PayloadTooLarge, UnreadableImage
from services.contracts.gateway import SearchRequest, SearchResponse
from services.contracts.products import Product, ScoredProduct
from services.contracts.retriever import (
    MAX_K,
    Exclusion,
    RetrievalBatchRequest,
    RetrievalBatchResponse,
    RetrievalRequest,
)
from services.contracts.search import EVERY_FACET, GROUP, Facets, Filters, PriceRange
from services.gateway.agents.identifiers import has_identifier, meant_id
from services.gateway.agents.money import currency_code
from services.gateway.agents.refusals import NoResource
from services.gateway.metrics import GatewayMetrics
from services.gateway.searching.answers import search_json
from services.gateway.searching.encoding import encode_picture
from services.gateway.searching.picture_formats import looks_like_a_picture
from services.gateway.searching.picture_ids import EncodedPicture, picture_id
from services.gateway.searching.search import Search
from services.gateway.searching.services import Services, product_path
from services.gateway.searching.timings import Timings

SUMMARY_KEPT_S = 60.0
MAX_ID = 128
_MOST_OF_ONE_SKU = 5
_FACET_VALUES = 50
_DATA_LINK = re.compile(r"^data:image/[a-z]+;base64,")


@dataclass(frozen=True, slots=True)
class Summary:
    """The catalogue as a whole."""

    products: int
    version: str
    facets: Facets
    at: float

    @property
    def currency(self) -> str | None:
        """Currency of most products; None if the catalogue names none."""
        return currency_code(self.facets.price.currency if self.facets.price else None)


@dataclass(frozen=True, slots=True)
class Searched:
    """An answer, and the filters that it was found with."""

    answer: SearchResponse
    filters: Filters | None
    """Filters of the request or of its cursor, and the limits that the query names."""
    excluded: list[str]
    """Words that the query excludes."""


def _usable(groups: Sequence[str]) -> list[str]:
    """Those that may be filtered by, each once."""
    return [name for name in dict.fromkeys(groups) if 0 < len(meant_id(name)) <= MAX_ID]


class Reader:
    """Searches and reads products."""

    def __init__(
        self,
        search: Search,
        services: Services,
        metrics: GatewayMetrics,
        *,
        picture_ttl_s: int,
        max_image_bytes: int,
    ) -> None:
        self._search = search
        self._services = services
        self._metrics = metrics
        self._picture_ttl_s = picture_ttl_s
        self._max_image_bytes = max_image_bytes
        self._summary: Summary | None = None
        self._summing = asyncio.Lock()
        self._currencies: dict[tuple[str, str], bool] = {}

    async def searched(self, request: SearchRequest) -> Searched:
        """Raises what the search path raises."""
        timings = Timings(self._metrics)
        outcome = await self._search.one(request, timings)
        answer = SearchResponse.model_validate_json(search_json(outcome, timings))
        search = outcome.asked.search
        return Searched(answer, search.filters, [one.text for one in search.exclusions])

    async def found(self, request: SearchRequest) -> SearchResponse:
        """Raises what the search path raises."""
        return (await self.searched(request)).answer

    async def _batch(self, requests: Sequence[SearchRequest]) -> list[SearchResponse]:
        if not requests:
            return []
        timings = Timings(self._metrics)
        # Nobody searched for these words: they belong into no report and no suggestion.
        outcomes = await self._search.batch(requests, timings, report=False)
        return [SearchResponse.model_validate_json(search_json(one, timings)) for one in outcomes]

    async def product(self, product_id: str) -> Product | None:
        """None if there is none of this id, as answers show ids."""
        product_id = meant_id(product_id)
        if len(product_id) > MAX_ID:
            return None
        try:
            return await self._services.retriever.get(product_path(product_id), Product)
        except (NotFound, InvalidRequest):
            return None

    async def products(self, ids: Sequence[str]) -> dict[str, Product]:
        """Those that exist, by id."""
        found = await asyncio.gather(*map(self.product, ids))
        return {name: one for name, one in zip(ids, found, strict=True) if one is not None}

    async def members(self, groups: Sequence[str]) -> dict[str, list[Product]]:
        """The variants of each group, in order of id, 100 at most; without unknown groups."""
        asked = _usable(groups)
        answers = await self._batch(
            [
                SearchRequest(
                    filters=Filters(attributes={GROUP: [meant_id(name)]}),
                    k=MAX_K,
                    group_variants=False,
                )
                for name in asked
            ]
        )
        return {
            name: list(answer.results)
            for name, answer in zip(asked, answers, strict=True)
            if answer.results
        }

    async def without(self, words: Sequence[str], groups: Sequence[str]) -> set[str]:
        """Ids of the variants of these groups, at most 50, that do not have the words."""
        searches = [
            RetrievalRequest(
                filters=Filters(attributes={GROUP: [meant_id(name)]}),
                exclusions=[Exclusion(text=one) for one in words],
                k=MAX_K,
                group_variants=False,
            )
            for name in _usable(groups)
        ]
        if not searches:
            return set()
        found = await self._services.retriever.post(
            "/search/batch", RetrievalBatchRequest(searches=searches), RetrievalBatchResponse
        )
        return {one.product_id for answer in found.answers for one in answer.results}

    async def identified(self, identifiers: Sequence[str]) -> dict[str, list[ScoredProduct]]:
        """The products whose SKU or barcode is exactly one of these, by identifier."""
        asked = [one for one in identifiers if len(one) <= MAX_ID and one.strip()]
        answers = await self._batch(
            [
                SearchRequest(
                    query=one,
                    mode="words",
                    rewrite=False,
                    interpret=False,
                    cutoff="off",
                    k=_MOST_OF_ONE_SKU,
                    group_variants=False,
                )
                for one in asked
            ]
        )
        return {
            one: having
            for one, answer in zip(asked, answers, strict=True)
            if (having := [hit for hit in answer.results if has_identifier(hit.attributes, one)])
        }

    async def summary(self) -> Summary:
        """The catalogue as it was at most a minute ago."""
        async with self._summing:
            held = self._summary
            if held is None or time.monotonic() - held.at > SUMMARY_KEPT_S:
                answer = await self.found(
                    SearchRequest(
                        k=1,
                        group_variants=False,
                        facets=[EVERY_FACET, "price"],
                        facet_values=_FACET_VALUES,
                    )
                )
                facets = answer.facets or Facets(fields={})
                held = Summary(answer.found, answer.catalogue_version, facets, time.monotonic())
                self._summary = held
                self._currencies = {}
            return held

    async def sells_in(self, currency: str) -> bool:
        """True if any product is priced in this currency."""
        summary = await self.summary()
        if currency == summary.currency:
            return True
        key = (summary.version, currency)
        if key not in self._currencies:
            filters = Filters(price=PriceRange(min=0, currency=currency))
            answer = await self.found(SearchRequest(k=1, filters=filters))
            self._currencies[key] = answer.found > 0
        return self._currencies[key]

    async def picture(self, text: str) -> str:
        """The picture id of a picture in base64, or in a `data:` link with it.

        Raises NoResource for what is no picture, PayloadTooLarge.
        """
        try:
            image = base64.b64decode(_DATA_LINK.sub("", text, count=1), validate=True)
        except (binascii.Error, ValueError) as error:
            raise NoResource(
                "unreadable_image", "The image is not base64.", recoverable=True
            ) from error
        if len(image) > self._max_image_bytes:
            raise PayloadTooLarge(f"The picture is larger than {self._max_image_bytes} bytes.")
        if not looks_like_a_picture(image):
            raise NoResource(
                "unreadable_image",
                "The image is no JPEG, PNG, WebP or AVIF picture.",
                recoverable=True,
            )
        timings = Timings(self._metrics)
        try:
            vector, model = await encode_picture(self._services.encoder, image, None, timings)
        except UnreadableImage as error:
            raise NoResource("unreadable_image", error.detail, recoverable=True) from error
        expires_at = int(time.time()) + self._picture_ttl_s
        return picture_id(EncodedPicture(vector, model, expires_at))
