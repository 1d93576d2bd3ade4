"""State of the gateway: everything that lives as long as the app runs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Depends
from starlette.types import ASGIApp

from services.common.places import Places
from services.common.state import state_dependency
from services.contracts.batches import MAX_BATCHES
from services.gateway.admission.gate import Quotas
from services.gateway.agents.shop import Shop
from services.gateway.metrics import GatewayMetrics
from services.gateway.query_log.past_queries import PastQueries
from services.gateway.searching.search import Search
from services.gateway.searching.services import ReadinessProbe, Services
from services.gateway.settings import GatewaySettings
from services.gateway.smaller_pictures import SmallerPictures


@dataclass(frozen=True, slots=True)
class GatewayState:
    """Made in the app's lifespan."""

    settings: GatewaySettings
    metrics: GatewayMetrics
    quotas: Quotas
    services: Services
    search: Search
    readiness: ReadinessProbe
    smaller_pictures: SmallerPictures
    past_queries: PastQueries | None
    """None if no log holds queries in plain words."""
    batches: Places = field(default_factory=lambda: Places(MAX_BATCHES, "batches of changes"))
    shop: Shop | None = None
    """None if agents are not served."""
    mcp: ASGIApp | None = None


State = Annotated[GatewayState, Depends(state_dependency(GatewayState))]
