"""The Parquet parts of one moment, for a reader that works longer than it may hold the lock.

Parts never change under their names, so hard links are enough: they are made under the writers'
lock in milliseconds, and stay readable when a compaction or a sweep removes the parts.
"""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from services.pipeline.catalogue.lock import LOCK_WAIT_S, only_writer
from services.pipeline.catalogue.offline_store import OfflineStore
from services.pipeline.catalogue.schemas import SCHEMAS
from services.pipeline.errors import Busy

_PREFIX = ".snapshot-"


@contextmanager
def snapshot(offline: Path, wait_s: float = LOCK_WAIT_S) -> Iterator[OfflineStore]:
    """The parts of now, without the lock while they are read. Raises Busy, OSError.

    offline: the folder of Parquet parts; without one, the snapshot is empty.
    """
    if not offline.is_dir():
        yield OfflineStore(offline)
        return
    with snapshot_folder(offline) as folder:
        with only_writer(offline, wait_s=wait_s):
            link_parts(OfflineStore(offline), folder)
        yield OfflineStore(folder)


@contextmanager
def snapshot_folder(offline: Path) -> Iterator[Path]:
    """A new folder for links, removed at the end. Its lock shows that its process lives."""
    folder = offline / f"{_PREFIX}{uuid.uuid4().hex[:12]}"
    with only_writer(folder, wait_s=1):
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def link_parts(offline: OfflineStore, folder: Path) -> None:
    """Link every part into `folder/<view>`; for who holds the lock of the offline store."""
    for view in SCHEMAS:
        (folder / view).mkdir(parents=True)
        for part in offline.parts(view):
            (folder / view / part.name).hardlink_to(part)


def remove_abandoned(offline: Path) -> None:
    """Remove the snapshots of processes that were killed."""
    for folder in offline.glob(f"{_PREFIX}*"):
        with suppress(Busy), only_writer(folder):
            shutil.rmtree(folder, ignore_errors=True)
