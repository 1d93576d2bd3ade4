"""Both stores of features, opened by their only writer and brought up to the definitions."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from services.contracts.catalogue import HEAD_VIEW
from services.pipeline.lock import only_writer
from services.pipeline.offline_store import OfflineStore
from services.pipeline.online_store import OnlineStore


@contextmanager
def open_stores(folder: Path) -> Iterator[tuple[OnlineStore, OfflineStore]]:
    """folder: holds `feature_store.yaml`.  Raises DependencyAway, and Busy while another writes."""
    online, offline = OnlineStore(folder), OfflineStore(folder / "offline")
    with only_writer(folder / "offline"):
        if online.apply():
            offline.complete(HEAD_VIEW)
        yield online, offline
