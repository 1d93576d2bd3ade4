"""Merges Parquet parts, and leaves out the rows that nothing needs any more.

A merged part is on the disk before the old ones are removed, so a kill in between leaves some rows
twice. Readers take the newest row of a key, and the next compaction removes the others.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import pyarrow as pa

from services.contracts.catalogue import (
    CATALOGUE_KEY,
    CHANGE_VIEW,
    HEAD_VIEW,
    METADATA_VIEW,
    SHARD_VIEW,
    VECTOR_VIEW,
)
from services.pipeline.catalogue.kept import KEY_COLUMNS, Kept
from services.pipeline.catalogue.named_pictures import COLUMNS, named_pictures
from services.pipeline.catalogue.needed_rows import part_keys
from services.pipeline.catalogue.offline_store import OfflineStore, completed, read_part, whole_rows
from services.pipeline.catalogue.schemas import SCHEMAS, TIMESTAMP
from services.pipeline.errors import OfflineDamaged

ROWS_PER_PART = {
    VECTOR_VIEW: 5_000,
    METADATA_VIEW: 20_000,
    SHARD_VIEW: 20,
    CHANGE_VIEW: 1_000,
    HEAD_VIEW: 10_000,
}
"""Most rows of a merged part: what one step reads, writes and holds in memory."""

_LIVE_SHARE = 0.7
"""A part of which less is needed is written again."""

_SMALL_SHARE = 0.5
"""A part with a smaller share of `ROWS_PER_PART` is merged with others."""


Key = tuple[Any, ...]
"""Values of a row's join keys; of a head also its timestamp."""


@dataclass(frozen=True, slots=True)
class LivePart:
    """A part, and the places of the rows in it that are needed."""

    path: Path
    rows: int
    places: list[int]

    @classmethod
    def whole(cls, path: Path) -> LivePart:
        """A part of which every row is needed."""
        rows = int(read_part(path, []).num_rows)
        return cls(path, rows, list(range(rows)))

    @property
    def is_wasteful(self) -> bool:
        return len(self.places) < _LIVE_SHARE * self.rows or not self.rows


class LiveRows:
    """The needed rows of a view's parts, each once; parts of unfinished loads are left out."""

    def __init__(self, offline: OfflineStore, view: str, kept: Kept, since: datetime) -> None:
        """since: heads that were served since then are needed."""
        self._offline = offline
        self._view = view
        self._kept = kept
        self._since = since
        self._newest: dict[Key, tuple[datetime, Path, int]] = {}
        self.parts: list[LivePart] = []
        """Result of `read`."""

    def read(self) -> Iterator[None]:
        """Read the keys of every part, a part a step; leave out parts that are merged meanwhile."""
        spared = self._offline.unfinished_loads()
        rows: dict[Path, int] = {}
        for path in self._offline.parts(self._view):
            if self._offline.load_of(path) in spared:
                continue
            with suppress(FileNotFoundError):
                rows[path] = self._read_part(path)
            yield
        if self._view == HEAD_VIEW:
            needed = _needed_heads(list(self._newest), self._since)
            self._newest = {key: self._newest[key] for key in needed}
        places: dict[Path, list[int]] = {path: [] for path in rows}
        for _, path, place in self._newest.values():
            places[path].append(place)
        self.parts = [LivePart(path, rows[path], sorted(places[path])) for path in rows]

    def _read_part(self, path: Path) -> int:
        keys, times = _keys(path, self._view)
        for place, (key, time) in enumerate(zip(keys, times, strict=True)):
            if self._wanted(key) and (key not in self._newest or self._newest[key][0] < time):
                self._newest[key] = (time, path, place)
        return len(keys)

    def part(self, path: Path) -> LivePart:
        """The part as it is needed now, also by what was committed since the rows were read."""
        keys, _ = _keys(path, self._view)
        places = [place for place, key in enumerate(keys) if self._needs(key, path, place)]
        return LivePart(path, len(keys), places)

    def _wanted(self, key: Key) -> bool:
        return self._view == HEAD_VIEW or key in self._kept.keys[self._view]

    def _needs(self, key: Key, path: Path, place: int) -> bool:
        newest = self._newest.get(key)
        if newest is not None:
            return newest[1:] == (path, place)
        return self._view != HEAD_VIEW and self._wanted(key)


def _keys(part: Path, view: str) -> tuple[list[Key], list[datetime]]:
    times = read_part(part, [TIMESTAMP])[TIMESTAMP].to_pylist()
    if view == HEAD_VIEW:
        names = read_part(part, [CATALOGUE_KEY])[CATALOGUE_KEY].to_pylist()
        return list(zip(names, times, strict=True)), times
    if view in (VECTOR_VIEW, METADATA_VIEW):
        table = part_keys(part, view)
    else:
        table = read_part(part, list(KEY_COLUMNS[view]))
    columns = (table[name].to_pylist() for name in KEY_COLUMNS[view])
    return list(zip(*columns, strict=True)), times


def _needed_heads(keys: Sequence[Key], since: datetime) -> list[Key]:
    """The latest head of each catalogue id, those since a moment, and the last one before it."""
    needed: list[Key] = []
    for name in dict.fromkeys(key[0] for key in keys):
        times = sorted(key[1] for key in keys if key[0] == name)
        recent = [time for time in times if time >= since]
        before = times[: len(times) - len(recent)]
        needed += [(name, time) for time in (*before[-1:], *recent)]
    return needed


def worth_merging(view: str, parts: Sequence[LivePart]) -> list[LivePart]:
    """Parts to write again: wasteful ones, and small ones if there are several."""
    most = _SMALL_SHARE * ROWS_PER_PART[view]
    small = [one for one in parts if one.rows < most]
    chosen = [one for one in parts if one.is_wasteful or (len(small) > 1 and one.rows < most)]
    # An empty part that is the view's only one stays.
    return [] if len(parts) == 1 and not parts[0].rows else chosen


def groups(view: str, parts: Sequence[LivePart]) -> Iterator[list[LivePart]]:
    """Parts that are written as one."""
    group: list[LivePart] = []
    for part in parts:
        held = sum(len(one.places) for one in group)
        if group and held + len(part.places) > ROWS_PER_PART[view]:
            yield group
            group = []
        group.append(part)
    if group:
        yield group


def merge(offline: OfflineStore, view: str, group: Sequence[LivePart]) -> int:
    """Write these parts as one, their needed rows only. Returns the number of rows left out."""
    tables = [SCHEMAS[view].empty_table()]
    tables += [_rows(one, view) for one in group if one.places]
    offline.replace(view, [one.path for one in group], pa.concat_tables(tables))
    return sum(one.rows - len(one.places) for one in group)


def _rows(part: LivePart, view: str) -> pa.Table:
    if view in (VECTOR_VIEW, METADATA_VIEW):
        return whole_rows(part.path, view, part.places)
    return completed(read_part(part.path), view).take(part.places)


def small_parts(offline: OfflineStore, view: str) -> list[Path]:
    """Parts that changes wrote, and of which a merge leaves fewer. Cheap."""
    most = _SMALL_SHARE * ROWS_PER_PART[view]
    return [part for part in offline.small_parts(view) if _rows_in(part) < most]


@lru_cache(maxsize=4_096)
def _rows_in(part: Path) -> int:
    """Number of rows, which never changes; 0 if the part is damaged: its merge reports it."""
    try:
        return int(read_part(part, []).num_rows)
    except OfflineDamaged:
        return 0


def merge_small(offline: OfflineStore, view: str, since: datetime) -> None:
    """Merge the parts that changes wrote, all rows kept; heads that nobody can be reading go.

    Cheap, because it reads nothing but these parts.
    """
    if view == HEAD_VIEW:
        live = LiveRows(offline, view, Kept(), since)
        for _ in live.read():
            pass
        chosen = live.parts
    else:
        chosen = [LivePart.whole(part) for part in small_parts(offline, view)]
    for group in groups(view, chosen):
        merge(offline, view, group)


def picture_urls(part: LivePart) -> set[str]:
    """Pictures that the needed rows of a part of `product_metadata` name."""
    if not part.places:
        return set()
    return named_pictures(read_part(part.path, COLUMNS).take(part.places))
