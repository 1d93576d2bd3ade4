"""Background work of the writer: folds changes, merges parts, and sweeps, between its rounds.

Each `step` takes a fraction of a second, so that a change waits for one step at most. Used by the
writer's thread alone.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta

from services.pipeline.catalogue.compaction import merge_small, small_parts
from services.pipeline.catalogue.ledger import Entry, Published
from services.pipeline.catalogue.schemas import SCHEMAS
from services.pipeline.catalogue.store_work import places_of
from services.pipeline.catalogue.stores import Stores
from services.pipeline.catalogue.sweeping import Sweep, read_since, reader_grace, worth_folding
from services.pipeline.errors import PipelineError
from services.pipeline.settings import PipelineSettings
from services.writer.keeper import StoreKeeper

logger = logging.getLogger(__name__)

FOLD_AT = 64
"""Changes since the last fold."""

MERGE_AT = 32
"""Parts of a view."""

REST_S = 5.0
"""Time without a change, after which what was written is tidied up."""

_RARE_PAUSE_S = 3_600.0


class Housekeeper:
    """Decides what is due, and does it step by step."""

    def __init__(
        self,
        keeper: StoreKeeper,
        pipeline: PipelineSettings,
        pause_s: float,
    ) -> None:
        """pause_s: shortest time between two sweeps; superseded rows stay at least as long."""
        self._keeper = keeper
        self._pipeline = pipeline
        self._pause_s = pause_s
        self._written = 1
        """Rows written since the last sweep; a start counts, since the process before may have
        left something."""
        self._last_change = self._last_sweep = time.monotonic()
        self._sweep: Sweep | None = None
        self._steps: Iterator[None] = iter(())
        self._leaves_some = False
        self._just_merged = False
        """True after a merge, until the next step of a sweep. Merges and sweeps alternate."""
        self._after: Published | None = None
        """The state that the sweep knows of."""

    def look(self) -> None:
        """Give up a sweep that does not know what another process published.

        Under the lock, before anything is written: what this writer adds would hide it.
        """
        if self._sweep is not None and self._keeper.ledger.head() != self._after:
            self._abandon()

    def wrote(self, published: Published, entries: Sequence[Entry]) -> None:
        """A change was committed by this writer."""
        self._written += len(entries)
        self._last_change = time.monotonic()
        self._sweep_knows(published, entries)

    @property
    def is_sweeping(self) -> bool:
        """True if a sweep has begun and waits for its next step."""
        return self._sweep is not None

    def due(self) -> bool:
        """True if a step is worth the lock. Cheap."""
        head = self._keeper.ledger.head()
        if head is None or self._keeper.trouble is not None:
            return False
        return self._next(head) is not None

    def step(self, stores: Stores) -> None:
        """Do one step under the lock. Errors are logged; the catalogue serves on."""
        try:
            self.look()
            head = self._keeper.ledger.head()
            work = None if head is None else self._next(head)
            if head is not None and work is not None:
                work(stores, head)
        except (PipelineError, OSError) as error:
            logger.warning("the stores were not tidied up: %s", error)
            self._abandon()

    def _next(self, published: Published) -> Callable[[Stores, Published], None] | None:
        """The most urgent step that is due."""
        if worth_folding(published.head, FOLD_AT):
            return self._fold
        # A sweep merges small parts too, so merges never keep it from beginning.
        if self._sweep is None and self._sweep_due(published):
            return self._begin
        if self._crowded() and (self._sweep is None or not self._just_merged):
            return self._merge
        return None if self._sweep is None else self._go_on

    def _fold(self, stores: Stores, published: Published) -> None:
        changed = self._keeper.ledger.changed(published.head)
        folded = stores.publisher_of(published.head).fold(published.head, changed)
        self._keeper.wrote(folded, [])
        self._sweep_knows(folded, [])

    def _sweep_knows(self, published: Published, entries: Sequence[Entry]) -> None:
        """A sweep that is going on keeps also what was just committed."""
        if self._sweep is not None:
            self._sweep.keep(published.head, entries)
            self._after = published

    def _crowded(self) -> bool:
        return any(len(small_parts(self._keeper.offline, view)) >= MERGE_AT for view in SCHEMAS)

    def _merge(self, stores: Stores, published: Published) -> None:
        since = read_since(published, self._grace_of(published))
        for view in SCHEMAS:
            merge_small(stores.offline, view, since)
        self._just_merged = True
        self._keeper.ledger.refresh()

    def _sweep_due(self, published: Published) -> bool:
        if not self._written:
            return False
        products = published.head.products
        now = time.monotonic()
        if self._written >= max(5_000, products / 4):
            return now - self._last_sweep > self._pause_s
        if now - self._last_change < min(REST_S, self._pause_s):
            return False
        often = self._written >= products / 1_000
        return now - self._last_sweep > (self._pause_s if often else _RARE_PAUSE_S)

    def _begin(self, stores: Stores, published: Published) -> None:
        folds = worth_folding(published.head, 1)
        if folds:
            self._fold(stores, published)
        places = places_of(stores, self._keeper.ledger, self._pipeline)
        self._sweep = Sweep(places, self._grace_of(published))
        self._steps = self._sweep.steps()
        self._after = self._keeper.ledger.head()
        self._written = 0
        # Rows superseded within the grace period wait for a later sweep.
        grace_s = self._grace_of(published).total_seconds()
        recently = time.monotonic() - self._last_change < grace_s
        self._leaves_some = folds or recently

    def _go_on(self, _: Stores, __: Published) -> None:
        self._just_merged = False
        for _step in self._steps:
            return
        assert self._sweep is not None  # noqa: S101 - `step` looks
        logger.info("swept: %s", "; ".join(self._sweep.swept.lines()))
        self._abandon()
        self._keeper.ledger.refresh()
        self._written -= not self._leaves_some

    def _abandon(self) -> None:
        """No sweep is going on, and there is something left for the next."""
        self._sweep = None
        self._written += 1
        self._last_sweep = time.monotonic()

    def _grace_of(self, published: Published) -> timedelta:
        return reader_grace(published.head, self._pause_s)
