"""Progress display: a bar on a terminal, otherwise a line every few seconds."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import Self, TextIO

from tqdm import tqdm

_LINE_EVERY_S = 5.0


class Progress:
    """Counts rows towards a total, on standard error."""

    def __init__(self, total: int, *, out: TextIO | None = None) -> None:
        self._total = total
        self._out = sys.stderr if out is None else out
        self._done = 0
        self._started = self._told = time.monotonic()
        self._bar = (
            tqdm(total=total, unit="row", file=self._out, dynamic_ncols=True)
            if self._out.isatty()
            else None
        )

    def advance(self, rows: int) -> None:
        self._done += rows
        if self._bar is not None:
            self._bar.update(rows)
            return
        now = time.monotonic()
        if now - self._told >= _LINE_EVERY_S:
            self._told = now
            rate = self._done / (now - self._started)
            print(
                f"{self._done} of {self._total} rows, {rate:.0f} a second",
                file=self._out,
                flush=True,
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._bar is not None:
            self._bar.close()
