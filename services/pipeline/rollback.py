"""`rollback`: serve again the version that was served before."""

from __future__ import annotations

from services.contracts.catalogue import PREVIOUS, CatalogueHead
from services.pipeline.errors import NothingToLoad
from services.pipeline.lock import only_writer
from services.pipeline.offline_store import OfflineStore
from services.pipeline.online_store import EventClock, OnlineStore
from services.pipeline.publication import Publisher
from services.pipeline.settings import PipelineSettings


def roll_back(settings: PipelineSettings) -> CatalogueHead:
    """Flip the head to the version before, its rows checked first. Run twice, it undoes itself.

    Raises NothingToLoad when there is none, StoreIncomplete when it is not whole, DependencyAway,
    Busy.
    """
    online = OnlineStore(settings.feature_store)
    offline = settings.feature_store / "offline"
    with only_writer(offline):
        online.apply()
        head, _ = online.head(PREVIOUS)
        if head is None:
            raise NothingToLoad("there is no earlier version to go back to")
        publisher = Publisher(
            online,
            OfflineStore(offline),
            EventClock(),
            model_id=head.model_id,
            dimension=head.dimension,
        )
        return publisher.restore(head).head
