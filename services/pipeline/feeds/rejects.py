"""The rows that were not loaded, or not in full, as CSV: the reason, and what stood in the feed."""

from __future__ import annotations

import csv
from pathlib import Path
from types import TracebackType
from typing import Self

from services.pipeline.feeds import Feed, FeedRow
from services.pipeline.feeds.validation import Reject

HEADER = ("reject_row", "reject_product_id", "reject_column", "reject_reason")


class RejectsFile:
    """Takes its name when closed, also by an error; a file of an earlier run is replaced."""

    def __init__(self, path: Path, feed: Feed) -> None:
        """feed: whose columns are written after our own."""
        self.path = path
        self._feed = feed
        self.count = 0
        self.notes = 0
        path.parent.mkdir(parents=True, exist_ok=True)
        self._draft = path.with_name(f".{path.name}.draft")
        # What was no UTF-8 in the feed goes out as the same bytes.
        self._file = self._draft.open("w", encoding="utf-8", errors="surrogateescape", newline="")
        self._writer = csv.writer(self._file)
        self._writer.writerow([*HEADER, *feed.columns])

    def add(self, reject: Reject, row: FeedRow) -> None:
        self.count += 1
        self._write(reject, row, reject.reason)

    def note(self, reject: Reject, row: FeedRow) -> None:
        """Of a row that was loaded, but not with all that it names."""
        self.notes += 1
        self._write(reject, row, f"loaded all the same: {reject.reason}")

    def _write(self, reject: Reject, row: FeedRow, reason: str) -> None:
        column = self._feed.column(row, reject.column) if reject.column else ""
        self._writer.writerow([reject.row, reject.product_id, column, reason, *row.values])

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
