"""Waiting until a stored change is searchable, for `?wait=searchable`."""

from __future__ import annotations

import asyncio

from services.common.awaited import waiting_for
from services.common.client import ServiceClient
from services.common.context import deadline, own_deadline
from services.common.problems import ChangeNotServed, ServiceError
from services.contracts.retriever import CatalogueInfo
from services.contracts.writer import ProductChange

_ANSWER_S = 0.1
"""Time kept to answer the caller."""
_RETRY_S = 0.1


async def until_searchable(retriever: ServiceClient, change: ProductChange) -> ProductChange:
    """The answer to a stored change, once searches show it or the time is over. Never raises:
    the change is made, so its answer must not look like a refusal."""
    trouble = "The time is over"
    while (left_s := _time_left_s()) > 0:
        try:
            async with own_deadline(left_s):
                with waiting_for(change.change):
                    await retriever.get("/catalogue", CatalogueInfo)
        except ChangeNotServed:
            pass  # the retriever waited as long as one call may take
        except ServiceError as error:
            trouble = error.detail.rstrip(".")
            await asyncio.sleep(min(_RETRY_S, left_s))
        else:
            return change.model_copy(update={"status": "searchable"})
    detail = (
        f"Stored, not searchable yet. {trouble}. The change is kept, so do not send it again; "
        "read with `X-Catalogue-Change` to wait for it."
    )
    return change.model_copy(update={"detail": detail})


def _time_left_s() -> float:
    due = deadline.get()
    return 0.0 if due is None else due.remaining_s() - _ANSWER_S
