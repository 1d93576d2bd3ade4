"""`rollback`: serve again the version that was served before."""

from __future__ import annotations

from services.contracts.catalogue import PREVIOUS, CatalogueHead
from services.pipeline.errors import NothingToLoad
from services.pipeline.online_store import EventClock
from services.pipeline.publication import Publisher
from services.pipeline.settings import PipelineSettings
from services.pipeline.stores import open_stores


def roll_back(settings: PipelineSettings) -> CatalogueHead:
    """Flip the head to the version before, its rows checked first. Run twice, it undoes itself.

    Raises NothingToLoad when there is none, StoreIncomplete when it is not whole, DependencyAway,
    Busy.
    """
    with open_stores(settings.feature_store) as (online, offline):
        head, _ = online.head(PREVIOUS)
        if head is None:
            raise NothingToLoad("there is no earlier version to go back to")
        publisher = Publisher(
            online,
            offline,
            EventClock(),
            model_id=head.model_id,
            dimension=head.dimension,
        )
        return publisher.restore(head).head
