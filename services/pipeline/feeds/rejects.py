"""Rows that were not loaded, or not in full, as CSV: the reason, and the values of the feed."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path
from types import TracebackType
from typing import Self

from services.pipeline.feeds.base import NOT_FOR_SALE, WITHOUT_WORDS, Feed, FeedRow, Note
from services.pipeline.feeds.validation import Reject

MEANT = frozenset({NOT_FOR_SALE, WITHOUT_WORDS})
"""Kinds of rejects that the feed itself intends."""

HEADER = ("reject_row", "reject_product_id", "reject_column", "reject_reason")


class RejectsFile:
    """Takes its name when closed, also by an error; a file of an earlier run is replaced."""

    def __init__(self, path: Path, feed: Feed) -> None:
        """feed: whose columns are written after our own."""
        self.path = path
        self._feed = feed
        self.rejected: Counter[str] = Counter()
        """Rows by kind of reason."""
        self.details: Counter[str] = Counter()
        """Details that products were loaded without, by kind."""
        path.parent.mkdir(parents=True, exist_ok=True)
        self._draft = path.with_name(f".{path.name}.draft")
        # Bytes that were wrong in the feed go out as the same bytes.
        self._file = self._draft.open("w", encoding="utf-8", errors="surrogateescape", newline="")
        self._writer = csv.writer(self._file)
        self._writer.writerow([*HEADER, *feed.columns])

    @property
    def count(self) -> int:
        """Number of rows rejected."""
        return self.rejected.total()

    @property
    def faults(self) -> int:
        """Number of rows rejected for something wrong with them; drafts are not."""
        return self.count - sum(self.rejected[kind] for kind in MEANT)

    def add(self, reject: Reject, row: FeedRow) -> None:
        self.rejected[reject.kind] += 1
        self._write(row, reject.product_id, reject.column, reject.reason)

    def note(self, note: Note, product_id: str, row: FeedRow) -> None:
        """Report a row that was loaded, but without a detail."""
        self.details[note.kind] += 1
        self._write(row, product_id, note.column, f"loaded all the same: {note.reason}")

    def _write(self, row: FeedRow, product_id: str, column: str, reason: str) -> None:
        named = self._feed.column(row, column) if column else ""
        self._writer.writerow([row.number, product_id, named, reason, *row.values])

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._file.close()
        self._draft.replace(self.path)
