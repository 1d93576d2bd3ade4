"""The Parquet parts of one moment, for a reader that works longer than a writer may wait.

Parts never change under their names, so hard links are enough: they are made in milliseconds, and
stay readable when a compaction or a sweep removes the parts. A reader takes no writers' lock, since
a load holds that for its whole run.
"""

from __future__ import annotations

import shutil
import time
import uuid
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from services.contracts.catalogue import HEAD_VIEW
from services.pipeline.catalogue.lock import LOCK_WAIT_S, only_writer
from services.pipeline.catalogue.offline_store import OfflineStore
from services.pipeline.catalogue.schemas import SCHEMAS
from services.pipeline.errors import Busy

_PREFIX = ".snapshot-"
_KINDS = (f"{_PREFIX}*", ".backup-*")
"""Folders of links; an earlier release gave those of its backups the second name."""

_GATE = ".snapshots"
"""Its lock is held while a folder is made and locked, and while abandoned ones are removed."""

_ROWS = tuple(view for view in SCHEMAS if view != HEAD_VIEW)

_PAUSE_S = 0.01


@contextmanager
def snapshot(offline: Path, wait_s: float = LOCK_WAIT_S) -> Iterator[OfflineStore]:
    """The parts of now, while others write and sweep. Raises Busy, OSError.

    offline: the folder of Parquet parts; without one, the snapshot is empty.  wait_s: for a moment
    in which no part is removed.
    """
    if not offline.is_dir():
        yield OfflineStore(offline)
        return
    with snapshot_folder(offline) as folder:
        give_up = time.monotonic() + wait_s
        while not _link_moment(OfflineStore(offline), folder):
            if time.monotonic() >= give_up:
                raise Busy(f"the parts in {offline} are being rewritten; try again shortly")
            time.sleep(_PAUSE_S)
        yield OfflineStore(folder)


@contextmanager
def snapshot_folder(offline: Path) -> Iterator[Path]:
    """A new folder for links, removed at the end. Its lock shows that its process lives."""
    folder = offline / f"{_PREFIX}{uuid.uuid4().hex[:12]}"
    with ExitStack() as stack:
        with only_writer(offline / _GATE, wait_s=LOCK_WAIT_S):
            stack.enter_context(only_writer(folder))
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def link_parts(offline: OfflineStore, folder: Path) -> None:
    """Link every part into `folder/<view>`; for who holds the lock of the offline store."""
    for view in SCHEMAS:
        _link(offline.parts(view), folder / view)


def _link_moment(offline: OfflineStore, folder: Path) -> bool:
    """Link a head and all its rows without the lock. False if parts were removed meanwhile.

    A head is written after its rows, and a merged part before the old ones are removed. So the rows
    are listed again after the heads: that shows rows written since the first list, and merged
    parts that it missed. Heads are listed twice for the same reason.
    """
    for view in SCHEMAS:
        shutil.rmtree(folder / view, ignore_errors=True)
    try:
        first = {view: set(offline.parts(view)) for view in _ROWS}
        _link({*offline.parts(HEAD_VIEW), *offline.parts(HEAD_VIEW)}, folder / HEAD_VIEW)
        for view in _ROWS:
            _link(first[view], folder / view)
        second = {view: set(offline.parts(view)) for view in _ROWS}
        for view in _ROWS:
            if not first[view] <= second[view]:
                return False
            _link(second[view] - first[view], folder / view)
    except FileNotFoundError:
        return False
    return True


def _link(parts: Iterable[Path], folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for part in parts:
        (folder / part.name).hardlink_to(part)


def remove_abandoned(offline: Path) -> None:
    """Remove the links of processes that were killed."""
    with suppress(Busy), only_writer(offline / _GATE):
        for folder in (one for kind in _KINDS for one in offline.glob(kind)):
            # Its own process may remove it meanwhile.
            with suppress(Busy, FileNotFoundError), only_writer(folder):
                shutil.rmtree(folder, ignore_errors=True)
