"""Both feature stores behind one lock, the served head, and the publisher that changes it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from services.contracts.catalogue import HEAD_VIEW, CatalogueHead
from services.pipeline.catalogue.lock import only_writer
from services.pipeline.catalogue.offline_store import OfflineStore
from services.pipeline.catalogue.online_store import EventClock, OnlineStore
from services.pipeline.catalogue.publication import Publisher
from services.pipeline.errors import NothingToLoad


@dataclass(frozen=True, slots=True)
class Stores:
    """The online and the offline store, with the clock that times everything written to them."""

    online: OnlineStore
    offline: OfflineStore
    clock: EventClock = field(default_factory=EventClock)

    def head(self) -> CatalogueHead:
        """The head that is served. Raises NothingToLoad, DependencyAway."""
        return published_head(self.online)

    def publisher(self, model_id: str, dimension: int) -> Publisher:
        """A publisher of catalogues of this model."""
        return Publisher(
            self.online, self.offline, self.clock, model_id=model_id, dimension=dimension
        )

    def publisher_of(self, head: CatalogueHead) -> Publisher:
        """A publisher of changes to this catalogue."""
        return self.publisher(head.model_id, head.dimension)


def published_head(online: OnlineStore) -> CatalogueHead:
    """The head that is served, for a reader without the lock. Raises NothingToLoad."""
    head, _ = online.head()
    if head is None:
        raise NothingToLoad("no catalogue is published yet; load one first")
    return head


@contextmanager
def open_stores(folder: Path) -> Iterator[Stores]:
    """Open both stores for their only writer, and bring them up to Feast's definitions.

    folder: holds `feature_store.yaml`.  Raises DependencyAway, and Busy while another writes.
    """
    online, offline = OnlineStore(folder), OfflineStore(folder / "offline")
    with only_writer(folder / "offline"):
        if online.apply():
            offline.complete(HEAD_VIEW)
        yield Stores(online, offline)
