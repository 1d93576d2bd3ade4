"""Feast's offline store: one folder of Parquet parts for each view, each written once.

A part appears under its name only when it is whole and on the disk: it is written as a draft,
synced, renamed, and its folder is synced. So a run that is killed, or a machine that loses its
power, leaves nothing that a reader could take for data. No name is used twice.
"""

from __future__ import annotations

import os
import shutil
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from services.common.durable_files import rename_durably, sync_folder, write_durably
from services.contracts.catalogue import (
    CONTENT_KEY,
    FINGERPRINT,
    HEAD_VIEW,
    MODEL_KEY,
    PRODUCT_KEY,
)
from services.pipeline.catalogue.schemas import SCHEMAS, TIMESTAMP
from services.pipeline.errors import OfflineDamaged, TooLate

_SMALL_BYTES = 256_000

_LOAD_KEPT_S = 86_400.0
"""Age from which an unfinished load is not expected to be repeated."""


@dataclass(frozen=True, slots=True)
class StoredRow:
    """Place of a row in the parts."""

    part: str
    position: int
    fingerprint: str
    timestamp: datetime


class OfflineIndex:
    """Rows of one view's parts, without the vectors."""

    def __init__(self) -> None:
        self.latest: dict[str, StoredRow] = {}
        """By product id, the row that `feast materialize` would take."""
        self.by_fingerprint: dict[str, StoredRow] = {}
        """Any row of that content, of whichever product."""

    def add(self, product_id: str, row: StoredRow) -> None:
        before = self.latest.get(product_id)
        if before is None or before.timestamp < row.timestamp:
            self.latest[product_id] = row
        self.by_fingerprint[row.fingerprint] = row


class OfflineStore:
    """`<feature store>/offline`; for one writer at a time."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        # Beside the views' folders: whoever reads those must never meet a half-written part.
        self._drafts = folder / ".drafts"
        self._loads = folder / ".loads"
        self.batches = folder / ".batches"
        """The writer's log of batches with an idempotency key."""
        self._load: str | None = None

    def write(self, view: str, table: pa.Table) -> None:
        """Add a part with these rows, of the view's schema. Raises OSError: nothing is added."""
        self.commit([(view, table)])

    def commit(
        self,
        tables: Sequence[tuple[str, pa.Table]],
        still_wanted: Callable[[], bool] = lambda: True,
    ) -> None:
        """Add a part for each (view, rows), in this order; the last one decides that all count.

        still_wanted: asked once, when all is on the disk except the names. Raises TooLate when it
        is not, OSError when the disk is full or read-only; the last part is not there then.
        """
        drafts = [(self._draft(table), self._new_part(view)) for view, table in tables]
        try:
            if not still_wanted():
                raise TooLate("the time for this change has passed; nothing of it is stored")
            for draft, part in drafts:
                rename_durably(draft, part)
        finally:
            for draft, _ in drafts:
                draft.unlink(missing_ok=True)

    def replace(self, view: str, old: Sequence[Path], table: pa.Table) -> None:
        """Put one part in place of several. A kill in the middle leaves rows twice, never none."""
        # The last part of a view stays even without rows: `feast materialize` needs one.
        if table.num_rows or len(old) == len(list(self.parts(view))):
            self.write(view, table)
        for part in old:
            part.unlink(missing_ok=True)

    def begin_load(self) -> None:
        """Mark the parts written from now on: a sweep spares them until `end_load`.

        So a load that is killed, or not published, encodes nothing again when it is repeated.
        """
        self._load = uuid.uuid4().hex[:8]
        write_durably(self._loads / self._load, b"")

    def end_load(self) -> None:
        """A version is published: what earlier loads left behind is no longer wanted."""
        self._load = None
        for marker in self._loads.glob("*"):
            marker.unlink(missing_ok=True)

    def unfinished_loads(self) -> set[str]:
        """Marks of loads that began less than a day ago and did not end."""
        oldest = time.time() - _LOAD_KEPT_S
        return {one.name for one in self._loads.glob("*") if one.stat().st_mtime > oldest}

    def load_of(self, part: Path) -> str | None:
        """The mark of the load that wrote a part."""
        marked = part.stem.split("-load-")
        return marked[1] if len(marked) == 2 else None

    def keys(self, view: str, key: str) -> set[str]:
        """Values of a join key in the view's parts."""
        return {
            value for part in self.parts(view) for value in read_part(part, [key])[key].to_pylist()
        }

    def small_parts(self, view: str) -> list[Path]:
        """Parts that a few changes wrote, of all but loads; also while others remove parts."""
        small: list[Path] = []
        for part in self.parts(view):
            with suppress(FileNotFoundError):
                if self.load_of(part) is None and part.stat().st_size < _SMALL_BYTES:
                    small.append(part)
        return small

    def _new_part(self, view: str) -> Path:
        name = f"part-{datetime.now(UTC):%Y%m%dT%H%M%S}-{uuid.uuid4().hex[:12]}"
        if self._load is not None:
            name += f"-load-{self._load}"
        return self.folder / view / f"{name}.parquet"

    def _draft(self, table: pa.Table) -> Path:
        """These rows in a file outside of the views' folders, on the disk."""
        self._drafts.mkdir(parents=True, exist_ok=True)
        draft = self._drafts / f"{uuid.uuid4().hex}.parquet"
        try:
            with draft.open("wb") as out:
                pq.write_table(table, out, compression="zstd")
                out.flush()
                os.fsync(out.fileno())
        except BaseException:
            with suppress(OSError):
                draft.unlink(missing_ok=True)
            raise
        return draft

    def check_writable(self) -> None:
        """Raises OSError when the disk is full or read-only."""
        # A load may clear drafts meanwhile.
        self._draft(SCHEMAS[HEAD_VIEW].empty_table()).unlink(missing_ok=True)

    def ensure(self, view: str) -> None:
        """Give a view a part without rows where it has none: `feast materialize` needs one."""
        if not any(self.parts(view)):
            self.write(view, SCHEMAS[view].empty_table())

    def complete(self, view: str) -> None:
        """Give older parts the columns that the view has had since; `feast materialize` needs all.

        Reads every part: for small views.
        """
        for part in self.parts(view):
            table = read_part(part)
            if not set(table.column_names).issuperset(SCHEMAS[view].names):
                rename_durably(self._draft(completed(table, view)), part)

    def index(self, view: str, model_id: str | None = None) -> OfflineIndex:
        """Index of `product_vectors` (rows of that model only) or `product_metadata`."""
        index = OfflineIndex()
        columns = [PRODUCT_KEY, FINGERPRINT, TIMESTAMP, *([MODEL_KEY] if model_id else [])]
        for part in self.parts(view):
            table = read_part(part, columns)
            positions = range(table.num_rows)
            if model_id is not None:
                ours = pc.equal(table[MODEL_KEY], model_id)
                positions = pc.indices_nonzero(ours).to_pylist()
                table = table.filter(ours)
            for position, product_id, fingerprint, timestamp in zip(
                positions,
                *(table[name].to_pylist() for name in (PRODUCT_KEY, FINGERPRINT, TIMESTAMP)),
                strict=True,
            ):
                index.add(product_id, StoredRow(part.name, position, fingerprint, timestamp))
        return index

    def read(self, view: str, rows: Sequence[StoredRow]) -> pa.Table:
        """These rows, in this order, whole."""
        by_part: dict[str, list[int]] = {}
        for number, row in enumerate(rows):
            by_part.setdefault(row.part, []).append(number)
        tables: list[pa.Table] = []
        order: list[int] = []
        for part, numbers in by_part.items():
            places = [rows[number].position for number in numbers]
            tables.append(whole_rows(self.folder / view / part, view, places))
            order.extend(numbers)
        whole = pa.concat_tables(tables)
        return whole.take(sorted(range(len(order)), key=order.__getitem__))

    def sync_folders(self) -> None:
        """Bring the names of the views' folders to the disk.

        A process that was killed may have made one, and those after it find it there.
        """
        for folder in (self.folder, self.folder.parent):
            sync_folder(folder)

    def forget_batches(self) -> None:
        """An earlier state will be served: lines that it may lack must not count as stored."""
        if self.batches.exists():
            shutil.rmtree(self.batches)
            sync_folder(self.folder)

    def clear_drafts(self) -> None:
        """Remove what a run that was killed left half-written; for the only writer."""
        shutil.rmtree(self._drafts, ignore_errors=True)

    def parts(self, view: str) -> Iterator[Path]:
        """The view's parts, oldest first."""
        yield from sorted((self.folder / view).glob("*.parquet"))


def completed(table: pa.Table, view: str) -> pa.Table:
    """The rows of a part, with the columns that the view did not have when it was written."""
    for field in SCHEMAS[view]:
        if field.name not in table.column_names:
            table = table.append_column(field, pa.nulls(len(table), field.type))
    return table.select(SCHEMAS[view].names)


def whole_rows(part: Path, view: str, places: Sequence[int]) -> pa.Table:
    """These rows of products in a part, with all columns of the view."""
    table = read_part(part)
    if CONTENT_KEY not in table.column_names:
        # Written when rows were keyed by product alone.
        table = table.append_column(CONTENT_KEY, table[FINGERPRINT])
    return table.select(SCHEMAS[view].names).take(places)


def read_part(part: Path, columns: Sequence[str] | None = None) -> pa.Table:
    """Raises OfflineDamaged when the file is cut short or its bytes are damaged."""
    try:
        return pq.read_table(part, columns=columns, partitioning=None)
    except (pa.ArrowException, EOFError) as error:
        reason = str(error).partition("\n")[0]
        raise OfflineDamaged(
            f"{part} is damaged ({reason}). Restore it from a backup, or move it away and run "
            "`python -m services.pipeline verify`"
        ) from error
