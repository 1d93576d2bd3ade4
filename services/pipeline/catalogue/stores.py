"""Both feature stores behind one lock, the served head, and the publisher that changes it."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from services.contracts.catalogue import HEAD_VIEW, CatalogueHead
from services.pipeline.catalogue.ledger import Entries, Ledger
from services.pipeline.catalogue.lock import LOCK_WAIT_S, only_writer
from services.pipeline.catalogue.offline_store import OfflineStore
from services.pipeline.catalogue.online_store import EventClock, OnlineStore
from services.pipeline.catalogue.publication import Publisher
from services.pipeline.catalogue.rebuilding import Note, Rebuilder, Rebuilt, is_current
from services.pipeline.errors import NothingPublished, OfflineDamaged

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Stores:
    """The online and the offline store, with the clock that times everything written to them."""

    online: OnlineStore
    offline: OfflineStore
    clock: EventClock = field(default_factory=EventClock)
    trust_online: bool = True
    """False: what is online is not in Parquet, so it is written again."""

    def head(self) -> CatalogueHead:
        """The head that is served. Raises NothingPublished, DependencyAway."""
        return published_head(self.online)

    def ledger(self) -> Ledger:
        """The published state, read from Parquet now. Raises OfflineDamaged."""
        ledger = Ledger(self.offline)
        ledger.refresh()
        return ledger

    def listed(self) -> Entries:
        """Products of the served version as Parquet has it; none if there is no version.

        Raises StoreIncomplete, OfflineDamaged.
        """
        ledger = self.ledger()
        published = ledger.head()
        return {} if published is None else ledger.entries(published.head)

    def publisher(self, model_id: str, dimension: int) -> Publisher:
        """A publisher of catalogues of this model."""
        return Publisher(
            self.online,
            self.offline,
            self.clock,
            model_id=model_id,
            dimension=dimension,
            trust_online=self.trust_online,
        )

    def publisher_of(self, head: CatalogueHead) -> Publisher:
        """A publisher of changes to this catalogue."""
        return self.publisher(head.model_id, head.dimension)


def published_head(online: OnlineStore) -> CatalogueHead:
    """The head that is served, for a reader without the lock. Raises NothingPublished."""
    head, _ = online.head()
    if head is None:
        raise NothingPublished
    return head


@contextmanager
def open_stores(folder: Path, *, mend: bool = True) -> Iterator[Stores]:
    """Open both stores for their only writer, and bring them up to Feast's definitions.

    folder: holds `feature_store.yaml`.  mend: restores lost Redis rows first.  Raises
    DependencyAway, StoresDiffer, OfflineDamaged, NewerFormat, Busy.
    """
    online, offline = OnlineStore(folder), OfflineStore(folder / "offline")
    with only_writer(folder / "offline", wait_s=LOCK_WAIT_S):
        offline.sync_folders()
        stores = Stores(online, offline)
        # Before the definitions of a newer release are replaced by ours.
        with suppress(OfflineDamaged):  # whoever needs the part reports it
            stores.ledger()
        if online.apply():
            offline.complete(HEAD_VIEW)
        if not mend:
            yield stores
            return
        ledger = stores.ledger()
        stores.clock.has_seen(ledger.latest_timestamp())
        if ledger.head() is None:
            nothing_online = online.head()[0] is None
            stores = Stores(online, offline, stores.clock, trust_online=nothing_online)
        else:
            put_back(online, offline, ledger)
        yield stores


def put_back(
    online: OnlineStore, offline: OfflineStore, ledger: Ledger, note: Note = lambda _: None
) -> Rebuilt | None:
    """Rebuild the online store if it lost its head. Returns None when it has it.

    Raises StoresDiffer, StoreIncomplete, OfflineDamaged, DependencyAway.
    """
    if is_current(online, ledger):
        return None
    rebuilt = Rebuilder(online, offline, ledger).rebuild(note)
    logger.warning("the online store had lost its catalogue; put back: %s", rebuilt)
    return rebuilt
