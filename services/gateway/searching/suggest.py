"""Suggestions of the catalogue, which the retriever has."""

from __future__ import annotations

from urllib.parse import urlencode

from services.common.client import ServiceClient
from services.contracts.suggestions import Suggestions
from services.gateway.searching.refusals import refusals_are_faults
from services.gateway.searching.timings import Timings


async def suggestions(
    retriever: ServiceClient, typed: str, limit: int, timings: Timings
) -> Suggestions:
    """Raises what the retriever raises, except refusals."""
    query = urlencode({"q": typed, "limit": limit})
    with timings.stage("suggest"), refusals_are_faults("retriever"):
        return await retriever.get(f"/suggest?{query}", Suggestions)
