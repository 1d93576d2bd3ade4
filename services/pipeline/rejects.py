"""The rows that were not loaded, or not in full, as CSV: the reason, and what stood in the feed."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from services.pipeline.validation import Reject

HEADER = ("reject_row", "reject_product_id", "reject_reason")


class RejectsFile:
    """Takes its name when closed, also by an error; a file of an earlier run is replaced."""

    def __init__(self, path: Path, columns: Sequence[str]) -> None:
        """columns: of the feed, written after our own."""
        self.path = path
        self.count = 0
        self.notes = 0
        path.parent.mkdir(parents=True, exist_ok=True)
        self._draft = path.with_name(f".{path.name}.draft")
        # What was no UTF-8 in the feed goes out as the same bytes.
        self._file = self._draft.open("w", encoding="utf-8", errors="surrogateescape", newline="")
        self._writer = csv.writer(self._file)
        self._writer.writerow([*HEADER, *columns])

    def add(self, reject: Reject, values: Sequence[str]) -> None:
        """values: of the row, as in the feed."""
        self.count += 1
        self._writer.writerow([reject.row, reject.product_id, reject.reason, *values])

    def note(self, row: Reject, values: Sequence[str]) -> None:
        """Of a row that was loaded, but not with all that it names."""
        self.notes += 1
        reason = f"loaded all the same: {row.reason}"
        self._writer.writerow([row.row, row.product_id, reason, *values])

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
