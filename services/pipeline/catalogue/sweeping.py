"""Removes what no kept version needs: keys in Redis, rows in Parquet, pictures.

Redis first, then Parquet: a row that is online is always in Parquet too. The work is cut into
steps, so that a writer can make changes and merge parts between them; it reports the changes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from services.contracts.catalogue import METADATA_VIEW, CatalogueHead
from services.pipeline.catalogue.compaction import (
    LivePart,
    LiveRows,
    groups,
    merge,
    picture_urls,
    worth_merging,
)
from services.pipeline.catalogue.kept import KEY_COLUMNS, Kept, keep_rows
from services.pipeline.catalogue.ledger import Entry, Ledger, Published
from services.pipeline.catalogue.offline_store import OfflineStore
from services.pipeline.catalogue.online_store import OnlineStore, store_errors_are_ours
from services.pipeline.catalogue.redis_keys import in_batches
from services.pipeline.catalogue.schemas import SCHEMAS
from services.pipeline.catalogue.snapshots import remove_abandoned
from services.pipeline.pictures.unused import files_in, is_unused_download, is_unused_picture

PICTURE_GRACE_S = 3_600.0

_WRONG_CLOCK = timedelta(days=1)
_KEYS_PER_STEP = 2_000
_FILES_PER_STEP = 1_000


def reader_grace(head: CatalogueHead, least_s: float = 60.0) -> timedelta:
    """Time for which a retriever may be reading a version that is no longer served."""
    return timedelta(seconds=least_s + head.products / 1_000)


def read_since(published: Published | None, grace: timedelta) -> datetime:
    """Moment from which on a head that was served then may still be read.

    Where the clock was wrong once, all later timestamps are ahead of it, a microsecond apart: then
    the head before the served one is the only one that may be, else none would ever be removed.
    """
    now = datetime.now(UTC)
    if published is not None and published.timestamp > now + _WRONG_CLOCK:
        return published.timestamp
    return now - grace


def worth_folding(head: CatalogueHead, at_least: int) -> bool:
    """True if so many changes came since the last fold that folding pays.

    The rows of folded changes are written again by each fold, so more of them wait for more.
    """
    folded = max(0, head.folded - head.base)
    return head.sequence - max(head.base, head.folded) >= max(at_least, folded)


@dataclass(slots=True)
class Swept:
    """Counts of removed things, or of those that would be removed."""

    keys: Counter[str] = field(default_factory=Counter)
    """In Redis, by view."""
    rows: Counter[str] = field(default_factory=Counter)
    """In Parquet, by view."""
    parts: int = 0
    """Parts that were written again, or removed."""
    pictures: int = 0
    picture_bytes: int = 0
    downloads: int = 0

    def lines(self) -> Iterator[str]:
        """For a person."""
        yield f"Redis keys: {_counts(self.keys)}"
        yield f"Parquet rows: {_counts(self.rows)}; {self.parts} parts merged"
        yield f"pictures: {self.pictures}, {self.picture_bytes / 1e6:.1f} MB"
        yield f"download cache files: {self.downloads}"


@dataclass(frozen=True, slots=True)
class Places:
    """The state that a sweep uses."""

    online: OnlineStore
    offline: OfflineStore
    ledger: Ledger
    media: Path
    downloads: Path


class Sweep:
    """One pass over both stores and the pictures; for the only writer."""

    def __init__(
        self,
        places: Places,
        grace: timedelta,
        *,
        dry_run: bool = False,
        picture_grace_s: float = PICTURE_GRACE_S,
    ) -> None:
        """grace: time for which superseded rows stay, for retrievers that read them."""
        self._places = places
        self._since = read_since(places.ledger.head(), grace)
        self._dry_run = dry_run
        self._picture_grace_s = picture_grace_s
        self._kept = Kept()
        self._kept_keys: set[bytes] = set()
        self.swept = Swept()

    def keep(self, head: CatalogueHead, entries: Iterable[Entry]) -> None:
        """Keep also what was just committed."""
        added = Kept()
        added.add(head, entries)
        self._kept.update(added)
        for view, values in added.keys.items():
            self._kept_keys.update(self._places.online.keys.of(_columns(view, list(values))))

    def steps(self) -> Iterator[None]:
        """Do the work, a fraction of a second at a time.

        Raises StoreIncomplete when the served version, or the one before, is not whole in Parquet:
        then nothing may be removed. Raises DependencyAway, OfflineDamaged, OSError; what is done
        stays done, and the rest is left to the next sweep.
        """
        if not self._dry_run:
            remove_abandoned(self._places.offline.folder)
        yield from keep_rows(self._kept, self._places.ledger, self._since)
        yield from self._redis()
        used: set[str] = set()
        for view in SCHEMAS:
            yield from self._parquet(view, used)
        yield from self._pictures(used)

    def _redis(self) -> Iterator[None]:
        keys = self._places.online.keys
        for view, values in self._kept.keys.items():
            for some in in_batches(list(values), _KEYS_PER_STEP):
                self._kept_keys.update(keys.of(_columns(view, some)))
                yield
        with store_errors_are_ours():
            for found in in_batches(keys.all_raw(), _KEYS_PER_STEP):
                doomed = {}
                for key in found:
                    if key not in self._kept_keys and (view_of := self._view(key)):
                        doomed[key] = view_of
                if not self._dry_run:
                    keys.delete(doomed)
                self.swept.keys.update(doomed.values())
                yield

    def _view(self, key: bytes) -> str | None:
        """The view of a key; None if it is not one whose rows are ever removed."""
        names = set(self._places.online.keys.join_keys(key) or ())
        return next((view for view, own in KEY_COLUMNS.items() if set(own) == names), None)

    def _parquet(self, view: str, used: set[str]) -> Iterator[None]:
        offline = self._places.offline
        live = LiveRows(offline, view, self._kept, self._since)
        yield from live.read()
        if view == METADATA_VIEW:
            yield from self._named_pictures(live.parts, used)
        chosen = worth_merging(view, live.parts)
        self.swept.parts += len(chosen)
        for group in groups(view, chosen):
            if self._dry_run:
                self.swept.rows[view] += sum(one.rows - len(one.places) for one in group)
            else:
                now = [live.part(one.path) for one in group if one.path.exists()]
                self.swept.rows[view] += merge(offline, view, now)
            yield

    def _named_pictures(self, live: list[LivePart], used: set[str]) -> Iterator[None]:
        """Add the pictures of the needed rows, and of all rows of parts that are not in `live`."""
        known = {part.path: part for part in live}
        read: set[Path] = set()
        parts = list(self._places.offline.parts(METADATA_VIEW))
        while parts:
            for path in parts:
                # The rows of a part that was merged meanwhile are in one of the next round.
                with suppress(FileNotFoundError):
                    used |= picture_urls(known.get(path) or LivePart.whole(path))
                if path in known:
                    yield
            read.update(parts)
            parts = [one for one in self._places.offline.parts(METADATA_VIEW) if one not in read]

    def _pictures(self, used: set[str]) -> Iterator[None]:
        media = self._places.media
        gone: set[Path] = set()
        for some in in_batches(files_in(media), _FILES_PER_STEP):
            gone.update(one for one in some if is_unused_picture(one, used, self._picture_grace_s))
            yield
        for some in in_batches(files_in(self._places.downloads), _FILES_PER_STEP):
            unused = [one for one in some if is_unused_download(one, media, gone)]
            self.swept.downloads += len(unused)
            self._remove(unused)
            yield
        for some in in_batches(gone, _FILES_PER_STEP):
            # A change that stores one of them again makes it young.
            unused = [one for one in some if is_unused_picture(one, used, self._picture_grace_s)]
            self.swept.pictures += len(unused)
            self.swept.picture_bytes += sum(path.stat().st_size for path in unused)
            self._remove(unused)
            yield

    def _remove(self, paths: Iterable[Path]) -> None:
        for path in () if self._dry_run else paths:
            path.unlink(missing_ok=True)


def _columns(view: str, values: list[tuple[str, ...]]) -> dict[str, list[str]]:
    return {name: [one[n] for one in values] for n, name in enumerate(KEY_COLUMNS[view])}


def _counts(counts: Counter[str]) -> str:
    return ", ".join(f"{count} × {view}" for view, count in sorted(counts.items()) if count) or "0"
