"""The shop as agents see it: the three operations of UCP over one catalogue."""

from __future__ import annotations

from dataclasses import dataclass

from services.gateway.agents.lookup import CatalogLookup
from services.gateway.agents.negotiation import Negotiation, read_platforms
from services.gateway.agents.products import Shower
from services.gateway.agents.reader import Reader
from services.gateway.agents.search import CatalogSearch
from services.gateway.metrics import GatewayMetrics
from services.gateway.searching.search import Search
from services.gateway.searching.services import Services
from services.gateway.settings import GatewaySettings


@dataclass(frozen=True, slots=True)
class Shop:
    """The operations that agents may use."""

    public_url: str
    """URL of the gateway, without a slash at its end."""
    negotiation: Negotiation
    reader: Reader
    search: CatalogSearch
    lookup: CatalogLookup


def open_shop(
    settings: GatewaySettings, services: Services, search: Search, metrics: GatewayMetrics
) -> Shop | None:
    """None if agents are not served. Raises ValueError for a registry that cannot be read."""
    if settings.agents_url is None:
        return None
    public_url = str(settings.agents_url).rstrip("/")
    platforms = settings.agents_platforms
    reader = Reader(
        search,
        services,
        metrics,
        picture_ttl_s=settings.picture_ttl_s,
        max_image_bytes=settings.max_image_bytes,
    )
    shower = Shower(public_url, currency=None)
    return Shop(
        public_url=public_url,
        negotiation=Negotiation(public_url, read_platforms(platforms) if platforms else None),
        reader=reader,
        search=CatalogSearch(reader, shower),
        lookup=CatalogLookup(reader, shower),
    )
