"""Rows of `catalogue_change`: which products a live change touched, under a number of its own."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa

from services.contracts.catalogue import (
    CHANGE_VIEW,
    FOLDED,
    CatalogueHead,
    change_id,
)
from services.pipeline.catalogue.ledger import Entry, entries_table
from services.pipeline.catalogue.online_store import EventClock, OnlineStore
from services.pipeline.catalogue.schemas import SCHEMAS

PRODUCTS_PER_CHANGE = 500


class ChangeRows:
    """Numbers changes and makes their rows."""

    def __init__(self, online: OnlineStore, clock: EventClock) -> None:
        self._online = online
        self._clock = clock

    def following(
        self, head: CatalogueHead, entries: Sequence[Entry]
    ) -> tuple[CatalogueHead, pa.Table]:
        """The head that names these changes after its own, and their rows."""
        changes = [SCHEMAS[CHANGE_VIEW].empty_table()]
        for start in range(0, len(entries), PRODUCTS_PER_CHANGE):
            head = head.model_copy(update={"sequence": head.sequence + 1})
            changes.append(self._row(head, entries[start : start + PRODUCTS_PER_CHANGE]))
        return head, pa.concat_tables(changes)

    def folded(
        self, head: CatalogueHead, entries: Sequence[Entry], base: int
    ) -> tuple[CatalogueHead, pa.Table]:
        """The head with these changes alone, numbered after `base`, and their rows."""
        new = head.model_copy(update={"base": base, "sequence": base})
        new, table = self.following(new, entries)
        return new.model_copy(update={FOLDED: new.sequence}), table

    def unused(self, version: str, number: int) -> int:
        """A number above this one whose change of that version does not exist.

        So a retriever that has all changes of the version up to `number` sees a gap before the new
        base, and reads the version again.
        """
        if number == 0:
            return 0
        while True:
            number += 1
            if self._online.change_timestamp(change_id(version, number)) is None:
                return number

    def _row(self, head: CatalogueHead, entries: Sequence[Entry]) -> pa.Table:
        key = change_id(head.version, head.sequence)
        # A run that ended before its head was written may have left one here.
        self._clock.has_seen(self._online.change_timestamp(key))
        return entries_table(CHANGE_VIEW, key, entries, self._clock.tick())
