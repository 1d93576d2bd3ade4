"""The query log as Parquet: a folder of parts, each of one day (UTC) and named for its entries.

The names show how far the log was exported, so a run continues where the previous one ended, even
if that one was killed.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from services.contracts.query_log import LoggedMean, LoggedSearch
from services.pipeline.errors import OfflineDamaged
from services.pipeline.queries.entries import Entry, EntryId

_TEXT = pa.dictionary(pa.int32(), pa.string())
_NAME = re.compile(r"^queries-(\d+)-(\d+)_(\d+)-(\d+)\.parquet$")

SCHEMA = pa.schema(
    [
        ("at", pa.timestamp("ms", tz="UTC")),
        ("kind", _TEXT),
        ("query", pa.string()),
        ("hashed", pa.bool_()),
        ("confidence", pa.float32()),
        ("found", pa.int32()),
        ("filtered", pa.bool_()),
        ("best", _TEXT),
        ("strength", _TEXT),
        ("rewritten", _TEXT),
        ("degraded", pa.list_(pa.string())),
        ("model", _TEXT),
        ("catalogue", _TEXT),
        ("took_ms", pa.float32()),
        ("queries", pa.int32()),
        ("vector", pa.string()),
    ]
)
"""Rows of both kinds of entry; `queries` and `vector` are of a mean, and null for a search."""


def last_exported(folder: Path) -> EntryId | None:
    """The newest entry that is in a part."""
    ends = [end for _, end in map(_range, _parts(folder))]
    return max(ends, default=None)


def write_part(folder: Path, entries: Sequence[Entry]) -> Path:
    """entries: of one day, at least one. Whole or not at all; the folder must be there."""
    first, last = entries[0].id, entries[-1].id
    name = f"queries-{first.ms:013d}-{first.number}_{last.ms:013d}-{last.number}.parquet"
    draft = folder / f".{name}.draft"
    rows = [_row(entry.id, entry.content) for entry in entries if entry.content is not None]
    with draft.open("wb") as out:
        pq.write_table(pa.Table.from_pylist(rows, SCHEMA), out, compression="zstd")
        out.flush()
        os.fsync(out.fileno())
    return draft.replace(folder / name)


def remove_older(folder: Path, than: datetime) -> int:
    """Remove parts that begin before; how many. So nothing stays longer, if up to a day less."""
    gone = [path for path in _parts(folder) if _when(_range(path)[0]) < than]
    for path in gone:
        path.unlink()
    return len(gone)


def read_since(folder: Path, since: datetime) -> pa.Table:
    """Rows of the entries since then, the oldest first. Raises OfflineDamaged."""
    tables = [_read(path) for path in _parts(folder) if _when(_range(path)[1]) >= since]
    table = pa.concat_tables(tables) if tables else SCHEMA.empty_table()
    return table.filter(
        pa.compute.greater_equal(table["at"], pa.scalar(since, SCHEMA.field("at").type))
    )


def _read(path: Path) -> pa.Table:
    try:
        return pq.read_table(path, schema=SCHEMA, partitioning=None)
    except (pa.ArrowException, EOFError) as error:
        raise OfflineDamaged(
            f"{path} is damaged. Restore it from a backup, or remove it: its searches are then "
            "missing in reports"
        ) from error


def day_of(entry: Entry) -> datetime:
    """The beginning of its day."""
    return _when(entry.id).replace(hour=0, minute=0, second=0, microsecond=0)


def _row(id_: EntryId, content: LoggedSearch | LoggedMean) -> Mapping[str, Any]:
    return {"at": _when(id_), **content.model_dump()}


def _when(id_: EntryId) -> datetime:
    return datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=id_.ms)


def _parts(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob("queries-*.parquet") if _NAME.match(path.name))


def _range(path: Path) -> tuple[EntryId, EntryId]:
    name = _NAME.match(path.name)
    assert name is not None  # noqa: S101 - looked at in `_parts`
    first, first_number, last, last_number = map(int, name.groups())
    return EntryId(first, first_number), EntryId(last, last_number)
