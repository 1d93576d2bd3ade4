"""Keeps the online store a copy of the offline one while the writer runs.

Used by one thread at a time; `trouble` and `work` may be read from any.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from services.contracts.catalogue import HEAD_VIEW
from services.pipeline.catalogue.ledger import Entries, Entry, Ledger, Published, apply
from services.pipeline.catalogue.lock import only_writer
from services.pipeline.catalogue.offline_store import OfflineStore
from services.pipeline.catalogue.online_store import OnlineStore, store_errors_are_ours
from services.pipeline.catalogue.rebuilding import Rebuilder, Rebuilt, is_current
from services.pipeline.catalogue.redis_keys import Pulse
from services.pipeline.catalogue.stores import Stores, put_back
from services.pipeline.errors import (
    Busy,
    NothingPublished,
    PipelineError,
    RegistryTorn,
    StoresDiffer,
)

logger = logging.getLogger(__name__)

LOCK_WAIT_S = 2.0


class StoreKeeper:
    """Opens both stores when first needed, and repairs the online one."""

    def __init__(self, folder: Path, *, timeout_s: float) -> None:
        self._folder = folder
        self._timeout_s = timeout_s
        self.offline = OfflineStore(folder / "offline")
        self.ledger = Ledger(self.offline)
        self._stores: Stores | None = None
        self._pulse: Pulse | None = None
        self._entries: Entries | None = None
        self._entries_of: Published | None = None
        self.trouble: PipelineError | None = None
        """Why nothing can be changed now; None when it can, as far as is known."""
        self.refusal: PipelineError | None = None
        """Why a store that can be read takes no writes, until it does. A sweep may make room."""
        self.work: str | None = None
        """Repair in progress, if any."""

    @contextmanager
    def writing(self, wait_s: float = LOCK_WAIT_S) -> Iterator[Stores]:
        """Both stores, the online one repaired, for their only writer. Raises PipelineError."""
        with only_writer(self._folder / "offline", wait_s=wait_s):
            # Before the definitions of a newer release are replaced by ours.
            self.ledger.refresh()
            stores = self._open()
            self._mend(stores)
            yield stores

    def check(self) -> None:
        """Restore what Redis lost, and note in `trouble` what cannot be restored."""
        refused = self.refusal or not isinstance(self.trouble, NothingPublished | None)
        try:
            # Without the lock, so that a command never meets it held for a mere look.
            if not self._seems_whole():
                with self.writing(wait_s=0):
                    pass
            self.refusal = _refusal(self._open()) if refused else None
        except Busy:
            pass  # who writes mends first, too
        except (PipelineError, OSError) as error:
            self.note(error)
        else:
            self.trouble = None if self.ledger.head() is not None else NothingPublished()

    def _seems_whole(self) -> bool:
        """True if Redis has the published head, and shows no sign of lost keys."""
        stores = self._stores
        if stores is None:
            return False
        self.ledger.refresh()
        with store_errors_are_ours():
            pulse = stores.online.keys.pulse()
        if self._pulse is None or pulse.may_have_lost_keys(self._pulse):
            return False
        try:
            return is_current(stores.online, self.ledger)
        except StoresDiffer:
            return False  # so it looks if a load is published between the two reads

    def note(self, error: PipelineError | OSError) -> None:
        """Remember why nothing can be changed."""
        if isinstance(error, RegistryTorn):
            self._stores = None  # opened again, and registered again, by the next check
        if isinstance(error, OSError):
            error = _unusable(error)
        if self.trouble is None or str(self.trouble) != str(error):
            logger.warning("the catalogue cannot be changed: %s", error)
        self.trouble = error

    def entries(self) -> Entries:
        """Every product of the served version. Raises NothingPublished, StoreIncomplete."""
        published = self.ledger.served()
        if self._entries is None or self._entries_of != published:
            self._entries = self.ledger.entries(published.head)
            self._entries_of = published
        return self._entries

    def wrote(self, published: Published, changed: list[Entry]) -> None:
        """Carry on with what was just committed, without reading it again."""
        before = self.ledger.head()
        self.ledger.refresh()
        if self._entries is not None and self._entries_of == before:
            apply(self._entries, changed)
            self._entries_of = published
        else:
            self._entries = None

    def _mend(self, stores: Stores) -> None:
        self.ledger.refresh()
        stores.clock.has_seen(self.ledger.latest_timestamp())
        with store_errors_are_ours():
            pulse = stores.online.keys.pulse()
        before, self._pulse = self._pulse, None
        try:
            rebuilt = put_back(stores.online, stores.offline, self.ledger, self._tell)
        finally:
            self.work = None
        lost = before is None or pulse.may_have_lost_keys(before)
        if rebuilt is None and lost and self.ledger.head() is not None:
            rebuilt = self.rebuild(stores)
        if rebuilt is not None:
            with store_errors_are_ours():
                pulse = stores.online.keys.pulse()
        self._pulse = pulse

    def rebuild(self, stores: Stores) -> Rebuilt:
        """Put back each row that Redis lost, also when its head is there."""
        try:
            rebuilt = Rebuilder(stores.online, stores.offline, self.ledger).rebuild(self._tell)
        finally:
            self.work = None
        if rebuilt.rows:
            logger.warning("Redis had lost rows; put back: %s", rebuilt)
        return rebuilt

    def _tell(self, done: Rebuilt) -> None:
        self.work = f"putting back what Redis lost, so far {done}"

    def _open(self) -> Stores:
        """The stores, their definitions registered."""
        if self._stores is None:
            self.offline.sync_folders()
            online = OnlineStore(self._folder, timeout_s=self._timeout_s)
            if online.apply():
                self.offline.complete(HEAD_VIEW)
            self._stores = Stores(online, self.offline)
        return self._stores


def _refusal(stores: Stores) -> PipelineError | None:
    """Why a change could not be stored now, though both stores can be read; None if it could."""
    try:
        stores.offline.check_writable()
        with store_errors_are_ours():
            stores.online.keys.check_writable()
    except OSError as error:
        return _unusable(error)
    except PipelineError as error:
        return error
    return None


def _unusable(error: OSError) -> PipelineError:
    name = f"{error.filename}: " if error.filename else ""
    return PipelineError(f"the offline store cannot be used: {name}{error.strerror}")
