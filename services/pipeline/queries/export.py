"""`queries export`: what came to the query log since the last time, as Parquet."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from services.contracts.query_log import STREAM
from services.pipeline.catalogue.lock import only_writer
from services.pipeline.queries.entries import Entry, entries_after
from services.pipeline.queries.query_store import day_of, last_exported, remove_older, write_part

ENTRIES_PER_PART = 50_000


@dataclass(slots=True)
class Exported:
    """The result of a run."""

    entries: int = 0
    unreadable: int = 0
    removed: int = 0
    """Parts that were kept long enough."""

    def __str__(self) -> str:
        text = f"{self.entries} entries of the query log exported"
        if self.unreadable:
            text += f"; {self.unreadable} entries of another version skipped"
        return text + (f"; {self.removed} expired parts deleted" if self.removed else "")


def export(
    url: str, folder: Path, kept_days: int, now: datetime | None = None, stream: str = STREAM
) -> Exported:
    """url: of Redis. Raises DependencyAway, and Busy while another run exports."""
    done = Exported()
    # Queries are private: only the owner may read the folder.
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with only_writer(folder):
        batch: list[Entry] = []
        for entry in entries_after(url, last_exported(folder), stream):
            if batch and (len(batch) == ENTRIES_PER_PART or day_of(entry) != day_of(batch[0])):
                _write(folder, batch, done)
                batch = []
            batch.append(entry)
        if batch:
            _write(folder, batch, done)
        oldest = (now or datetime.now(UTC)) - timedelta(days=kept_days)
        done.removed = remove_older(folder, oldest)
    return done


def _write(folder: Path, batch: list[Entry], done: Exported) -> None:
    write_part(folder, batch)
    unreadable = sum(entry.content is None for entry in batch)
    done.entries += len(batch) - unreadable
    done.unreadable += unreadable
