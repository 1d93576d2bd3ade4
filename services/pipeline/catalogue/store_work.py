"""Work of the store commands: each opens both stores as their only writer."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta

from services.pipeline.catalogue.ledger import Ledger
from services.pipeline.catalogue.online_store import store_errors_are_ours
from services.pipeline.catalogue.rebuilding import Rebuilder, Rebuilt, is_current
from services.pipeline.catalogue.stores import Stores, open_stores
from services.pipeline.catalogue.sweeping import (
    PICTURE_GRACE_S,
    Places,
    Sweep,
    Swept,
    reader_grace,
    worth_folding,
)
from services.pipeline.catalogue.verification import Report, verify
from services.pipeline.errors import StoresDiffer
from services.pipeline.settings import PipelineSettings

_NOTE_EVERY_S = 2.0


def rebuild(
    settings: PipelineSettings,
    note: Callable[[str], None],
    *,
    force: bool = False,
    everything: bool = False,
) -> str:
    """Fill the online store from the offline one. Returns what was done, in words.

    force: also when the online store is newer; its head is deleted then, and retrievers read the
    catalogue again. everything: write every row again. Raises NothingPublished, StoresDiffer,
    StoreIncomplete, OfflineDamaged, DependencyAway, Busy.
    """
    with open_stores(settings.feature_store, mend=False) as stores:
        ledger = stores.ledger()
        head = ledger.served().head
        stores.clock.has_seen(ledger.latest_timestamp())
        try:
            is_current(stores.online, ledger)
            differ = False
        except StoresDiffer:
            if not (force or everything):
                raise
            differ = True
        if everything:
            with store_errors_are_ours():
                stores.online.keys.delete(stores.online.keys.all())
        said = time.monotonic()

        def progress(done: Rebuilt) -> None:
            nonlocal said
            if time.monotonic() - said > _NOTE_EVERY_S:
                said = time.monotonic()
                note(f"put back so far: {done}")

        rebuilder = Rebuilder(stores.online, stores.offline, ledger)
        done = rebuilder.rebuild(progress, with_heads=not differ)
        if differ:
            changed = ledger.changed(head)
            head = stores.publisher_of(head).fold(head, changed, read_again=True).head
        return f"version {head.version}, change {head.sequence}: {done}"


def places_of(stores: Stores, ledger: Ledger, settings: PipelineSettings) -> Places:
    """The state that a sweep of these stores uses."""
    return Places(stores.online, stores.offline, ledger, settings.media_dir, settings.downloads)


def sweep(
    settings: PipelineSettings, *, dry_run: bool = False, grace_s: float | None = None
) -> Swept:
    """Fold the changes, merge the parts, and remove what no kept version needs.

    grace_s: time for which superseded rows stay for readers, and new pictures for products that
    are being stored. Raises NothingPublished, StoreIncomplete, OfflineDamaged, DependencyAway,
    Busy.
    """
    with open_stores(settings.feature_store) as stores:
        return sweep_stores(stores, settings, dry_run=dry_run, grace_s=grace_s)


def sweep_stores(
    stores: Stores,
    settings: PipelineSettings,
    *,
    dry_run: bool = False,
    grace_s: float | None = None,
) -> Swept:
    """The same for who holds the lock."""
    ledger = stores.ledger()
    head = ledger.served().head
    if not dry_run:
        stores.offline.clear_drafts()
        if worth_folding(head, at_least=1):
            stores.publisher_of(head).fold(head, ledger.changed(head))
            ledger.refresh()
    grace = reader_grace(head) if grace_s is None else timedelta(seconds=grace_s)
    work = Sweep(
        places_of(stores, ledger, settings),
        grace,
        dry_run=dry_run,
        picture_grace_s=PICTURE_GRACE_S if grace_s is None else grace_s,
    )
    for _ in work.steps():
        pass
    return work.swept


def verify_stores(settings: PipelineSettings) -> Report:
    """Compare both stores. Raises NothingPublished, DependencyAway, Busy."""
    with open_stores(settings.feature_store, mend=False) as stores:
        return verify(stores.online, stores.offline)
