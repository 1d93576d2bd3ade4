"""Follows the published version: a new one is loaded beside the old one, then swapped in at once.
Changes to the version that is served are applied to what is in memory, from its own number on.

Whatever goes wrong, the catalogue in memory goes on serving; the follower says what is wrong, asks
again, and recovers by itself.
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from types import TracebackType
from typing import Protocol, Self, TypeVar

from services.contracts.catalogue import CatalogueHead
from services.contracts.ranking import BUILT_IN, Ranking
from services.contracts.synonyms import Synonyms
from services.retriever.catalogue.catalogue import Catalogue
from services.retriever.errors import (
    BrokenPublication,
    CatalogueError,
    ChangeMissing,
    NotEnoughMemory,
    StoreUnavailable,
)
from services.retriever.loading.head import PublishedHead
from services.retriever.loading.memory import give_back
from services.retriever.loading.progress import AWAITED_S, Progress
from services.retriever.metrics import RetrieverMetrics

logger = logging.getLogger(__name__)

MERGE_RETRY_S = 60.0
"""Time to the next attempt to merge when that was not possible."""

LOAD_RETRY_MAX_S = 15.0
"""A version that could not be loaded is tried again at the latest after this; another, at once."""

_RESULTS: dict[type[Exception], str] = {
    BrokenPublication: "broken",
    ChangeMissing: "broken",
    NotEnoughMemory: "no_memory",
}
"""Labels of failed loads."""

Answer = TypeVar("Answer")

_State = tuple[str, int, int, Ranking, Synonyms]
"""Version, base, sequence, ranking, synonyms: what is the same in two heads that answer alike."""


class CatalogueSource(Protocol):
    """Where catalogues come from; `CatalogueReader` is one. Its calls block."""

    def head(self) -> PublishedHead:
        """The published version; raises CatalogueError."""
        ...

    def load(self, head: CatalogueHead, *, serving: bool) -> Catalogue:
        """That version; raises CatalogueError. serving: searches are answered meanwhile."""
        ...

    def update(self, catalogue: Catalogue, head: CatalogueHead) -> Catalogue:
        """That catalogue with the changes and the ranking that it lacks; raises CatalogueError."""
        ...

    def merged(self, catalogue: Catalogue) -> Catalogue:
        """The same with all rows in one index; raises NotEnoughMemory, StoreUnavailable."""
        ...

    def stop(self) -> None:
        """Make a running `load` give up soon; called from another thread."""
        ...

    def close(self) -> None:
        """Let go of what it holds."""
        ...


@dataclass(frozen=True, slots=True)
class _FailedLoad:
    """A state of a version that could not be loaded, and when to try it again."""

    state: _State
    reason: str
    failures: int
    retry_at: float  # seconds on time.monotonic()


class Follower:
    """Holds the catalogue that is served. An asynchronous context manager: follows while open."""

    def __init__(
        self,
        source: CatalogueSource,
        metrics: RetrieverMetrics,
        *,
        poll_interval_s: float,
        max_backoff_s: float,
    ) -> None:
        self._source = source
        self._metrics = metrics
        self._poll_interval_s = poll_interval_s
        self._max_backoff_s = max(max_backoff_s, poll_interval_s)
        self._progress = Progress()
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="catalogue-reader")
        self._task: asyncio.Task[None] | None = None
        self._catalogue: Catalogue | None = None
        self._trouble: str | None = None
        self._store_trouble: str | None = None
        self._loading: str | None = None
        self._failed: _FailedLoad | None = None
        self._merge_at = 0.0
        self._updating_s = 0.0
        """Time that updates have taken since the last merge."""
        self._merging_s = 0.0
        """Time that the last merge took; before the first, the load, which takes longer."""
        self._replaced = False

    @property
    def catalogue(self) -> Catalogue | None:
        """The catalogue served now. Take it once a request: the next look may give another."""
        return self._catalogue

    async def serves(self, moment_us: int, timeout_s: float) -> bool:
        """Wait until `catalogue` has all that was published up to this moment.

        moment_us: microseconds since 1970.  Returns False if that takes longer than `timeout_s`.
        """
        return await self._progress.wait(moment_us, timeout_s)

    @property
    def trouble(self) -> str | None:
        """Why the published version is not the one served, as far as is known; None when it is."""
        return self._trouble

    @property
    def store_trouble(self) -> str | None:
        """Why the feature store cannot be read; None when it can."""
        return self._store_trouble

    @property
    def loading(self) -> str | None:
        """The version that is being loaded now."""
        return self._loading

    @property
    def alive(self) -> bool:
        """False when following has ended, which it never should while the service runs."""
        return self._task is not None and not self._task.done()

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._follow(), name="catalogue-follower")
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._source.stop()
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        # Its thread may be in the middle of a batch: waited for, but not on the loop.
        self._executor.submit(self._source.close)
        await asyncio.to_thread(self._executor.shutdown)

    async def _follow(self) -> None:
        failures = 0
        while True:
            try:
                self._settle(await self._look())
                failures = 0
            except StoreUnavailable as error:
                self._settle(str(error), store=str(error))
                failures += 1
            except CatalogueError as error:
                self._settle(str(error))
                failures = 0
            except Exception as error:
                # The boundary: any error is logged and reported, and following goes on.
                logger.exception("following the catalogue failed")
                self._settle(f"unexpected {type(error).__name__}, see the log")
                failures += 1
            await self._progress.pause(self._delay_s(failures))

    def _delay_s(self, failures: int) -> float:
        """Seconds to the next look, longer with every failure in a row, up to a bound."""
        interval, longest = self._poll_interval_s, self._max_backoff_s
        if self._progress.awaited:
            interval = min(interval, AWAITED_S)
            longest = min(longest, 8 * AWAITED_S)
        # The exponent is bounded too: 2.0 ** 1024 is an error, after a long night.
        delay = min(interval * 2.0 ** min(failures, 16), longest)
        # Replicas that lost the same Redis should not all come back to it at once.
        return delay * random.uniform(0.8, 1.0)

    async def _look(self) -> str | None:
        """Look once, and load what is new. Returns why the published version isn't served."""
        self._progress.looked()
        head = await self._in_reader(self._source.head)
        if self._replaced:
            # Now, not when it was replaced: the old one may have been searched until then.
            self._replaced = False
            await self._in_reader(give_back)
        if self._catalogue is not None and _state_of(head) == _state(self._catalogue):
            self._failed = None
            self._progress.reached(head.published_us)
            await self._merge(self._catalogue)
            return None
        served = self._catalogue
        if self._overdue and served is not None and _only_changed(served, head):
            # Changes that never rest must not pile up: each update takes longer than the last.
            await self._merge(served)
        failed = self._failed
        if failed is not None and failed.state == _state_of(head):
            if time.monotonic() < failed.retry_at:
                return failed.reason
        else:
            failed = None
        return await self._load(head, failed)

    async def _load(self, head: PublishedHead, failed: _FailedLoad | None) -> str | None:
        """Load a version and serve it. Returns why that wasn't possible."""
        started = time.monotonic()
        self._loading = head.version
        served = self._catalogue
        changes = served is not None and _only_changed(served, head)
        if not changes:
            logger.info("loading catalogue %s: %d products", head.version, head.products)
        try:
            catalogue = await self._in_reader(
                lambda: (
                    self._source.update(served, head)
                    if served is not None and changes
                    else self._source.load(head, serving=served is not None)
                )
            )
        except StoreUnavailable:
            # No fault of this version: as soon as the store is back it is tried again.
            self._metrics.loads.labels("unavailable").inc()
            raise
        except Exception as error:
            result = _RESULTS.get(type(error), "error")
            self._metrics.loads.labels(result).inc()
            reason = (
                str(error)
                if isinstance(error, CatalogueError)
                else f"unexpected {type(error).__name__} while loading {head.version!r}"
            )
            if not isinstance(error, CatalogueError):
                logger.exception("loading the catalogue failed")
            failures = 1 if failed is None else failed.failures + 1
            wait = min(self._poll_interval_s * 2.0 ** min(failures, 16), LOAD_RETRY_MAX_S)
            self._failed = _FailedLoad(_state_of(head), reason, failures, time.monotonic() + wait)
            return reason
        finally:
            self._loading = None
        seconds = time.monotonic() - started
        self._failed = None
        self._catalogue = catalogue  # the swap: one assignment
        if changes:
            self._updating_s += seconds
        else:
            self._replaced, self._updating_s, self._merging_s = True, 0.0, seconds
        self._progress.reached(head.published_us)
        self._metrics.loads.labels("ok").inc()
        self._metrics.load_seconds.observe(seconds)
        self._metrics.serving(catalogue.info)
        logger.info(
            "serving catalogue %s, change %d, read in %.3f s", head.version, head.sequence, seconds
        )
        return None

    @property
    def _overdue(self) -> bool:
        """True if updates have taken longer than a merge would."""
        return self._updating_s > self._merging_s

    async def _merge(self, catalogue: Catalogue) -> None:
        """Put changes that slow searches and updates down into the index.

        When nothing waits to be read, or once updates have taken longer than a merge: then both
        together take at most twice the time of the better of them.
        """
        index, started = catalogue.index, time.monotonic()
        worth = index.worth_merging or (self._overdue and not index.has_few_changes)
        if worth and started >= self._merge_at:
            try:
                self._catalogue = await self._in_reader(lambda: self._source.merged(catalogue))
                self._replaced = True
                self._updating_s, self._merging_s = 0.0, time.monotonic() - started
            except Exception as error:
                # The boundary: whatever it is, changes must go on being read.
                unexpected = not isinstance(error, CatalogueError)
                logger.warning(
                    "searches stay slower than they could be: %r", error, exc_info=unexpected
                )
                self._merge_at = time.monotonic() + MERGE_RETRY_S

    def _settle(self, trouble: str | None, *, store: str | None = None) -> None:
        """Remember how the last look went; log it when that is news."""
        if trouble != self._trouble:
            if trouble is None:
                logger.info("the published catalogue is served again")
            else:
                logger.warning("the published catalogue is not served: %s", trouble)
        self._trouble = trouble
        self._store_trouble = store
        self._metrics.stale.set(int(trouble is not None and self._catalogue is not None))

    async def _in_reader(self, call: Callable[[], Answer]) -> Answer:
        return await asyncio.get_running_loop().run_in_executor(self._executor, call)


def _state_of(head: CatalogueHead) -> _State:
    return head.version, head.base, head.sequence, head.ranking or BUILT_IN, head.synonyms


def _state(catalogue: Catalogue) -> _State:
    return (
        catalogue.info.version,
        catalogue.base,
        catalogue.sequence,
        catalogue.ranking,
        catalogue.published_synonyms,
    )


def _only_changed(catalogue: Catalogue, head: CatalogueHead) -> bool:
    """True if the head differs from the catalogue only by live changes or by the ranking."""
    if head.version != catalogue.info.version:
        return False
    # Since then folded, perhaps: the changes up to the new base are the ones that it lacks.
    at_least = head.sequence if head.base == catalogue.base else head.base
    return catalogue.base <= head.base and catalogue.sequence <= at_least
