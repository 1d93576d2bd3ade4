"""Commits the rows of `catalogue_head`: what is served from then on.

The head's Parquet part is the commit: from then on a change counts, whatever happens to Redis.
"""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa

from services.contracts.catalogue import CATALOGUE, HEAD_VIEW, PREVIOUS, CatalogueHead
from services.pipeline.catalogue.offline_store import OfflineStore
from services.pipeline.catalogue.online_store import EventClock, OnlineStore
from services.pipeline.catalogue.schemas import head_table
from services.pipeline.errors import DependencyAway, NotYetOnline


class Heads:
    """Writes heads to Parquet first, then to Redis."""

    def __init__(self, online: OnlineStore, offline: OfflineStore, clock: EventClock) -> None:
        self._online = online
        self._offline = offline
        self._clock = clock

    def flip(self, head: CatalogueHead, published: CatalogueHead | None) -> None:
        """Store what is served as the version before, then serve another."""
        rows = []
        if published is not None:
            _, timestamp = self._online.head(PREVIOUS)
            self._clock.has_seen(timestamp)
            rows.append(head_table(published, PREVIOUS, self._clock.tick()))
        rows.append(head_table(head, CATALOGUE, self._clock.tick()))
        self._offline.commit([(HEAD_VIEW, pa.concat_tables(rows))])
        self.show(rows, head)

    def show(self, rows: Sequence[pa.Table], head: CatalogueHead) -> None:
        """Bring committed heads online. Raises NotYetOnline when Redis does not take them."""
        try:
            for row in rows:
                self._online.write(HEAD_VIEW, row)
            shown = self._online.head()[0] == head
        except DependencyAway as error:
            raise NotYetOnline(f"{_stored(head)}: {error}") from error
        if not shown:
            raise NotYetOnline(f"{_stored(head)}: its head is not there when read back")


def _stored(head: CatalogueHead) -> str:
    return (
        f"version {head.version} up to change {head.sequence} is stored, and is served as soon as "
        "Redis takes it"
    )
