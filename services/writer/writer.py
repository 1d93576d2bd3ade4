"""Changes in the order they came, many to a write: those that queued during the last write.

One task writes, with Feast and Parquet on a thread of their own. A change is answered when its
catalogue head is on the disk; one that is refused is never applied later. Between writes the same
task puts back what Redis lost.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from typing import Self, TypeVar

from services.common.client import ServiceClient
from services.common.context import Deadline, deadline
from services.common.problems import (
    DependencyUnavailable,
    NotReady,
    Overloaded,
    ServiceError,
)
from services.contracts.synonyms import Synonym
from services.pipeline.catalogue.ledger import Entry, Published
from services.pipeline.catalogue.stores import Stores
from services.pipeline.encoding.encoder_client import EncoderClient
from services.pipeline.errors import NothingPublished, PipelineError, StoreIncomplete, TooLate
from services.pipeline.pictures.media import MediaStore
from services.pipeline.settings import PipelineSettings
from services.writer.batch_log import BatchLog, StoredLine, moment_us
from services.writer.change import (
    Batch,
    Change,
    answer_of,
    drop_late,
    problem_of,
    refuse_all,
)
from services.writer.housekeeping import Housekeeper
from services.writer.keeper import LOCK_WAIT_S, StoreKeeper
from services.writer.round import Round
from services.writer.settings import WriterSettings
from services.writer.waiting import MAX_BULK, WaitingChanges

logger = logging.getLogger(__name__)

CHECK_S = 1.0
"""Time between two looks whether Redis still has what Parquet has."""
CHECK_IN_TROUBLE_S = 0.3
_STEP_PAUSE_S = 0.02
"""Time between two steps of a sweep, so that it takes a part of a core and no more."""

DEFAULT_DEADLINE_MS = 10_000

T = TypeVar("T")


class LiveWriter:
    """Puts products in and takes them out; `async with` starts and ends its work."""

    def __init__(
        self, settings: WriterSettings, pipeline: PipelineSettings, encoder: ServiceClient
    ) -> None:
        self._settings = settings
        self._pipeline = pipeline
        self._encoder = EncoderClient(encoder, wait_s=settings.encoder_wait_s)
        self._media = MediaStore.of(pipeline)
        self._keeper = StoreKeeper(
            pipeline.feature_store, timeout_s=settings.store_timeout_ms / 1000
        )
        self._housekeeper = Housekeeper(self._keeper, pipeline, settings.sweep_pause_s)
        self._batch_log = BatchLog(self._keeper.offline.batches)
        self._waiting = WaitingChanges()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="writer")
        self._one_at_a_time = asyncio.Lock()
        self._task: asyncio.Task[None] | None = None
        self._checked = asyncio.Event()
        self._checked_at = 0.0

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._run())
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
        refuse_all(
            self._waiting.drain(), NotReady("The writer is stopping; the change is not made.")
        )
        self._thread.shutdown()

    @property
    def alive(self) -> bool:
        return self._task is None or not self._task.done()

    @property
    def trouble(self) -> ServiceError | None:
        """Why no change can be made now; from memory, so it answers at once."""
        work = self._keeper.work
        if work is not None:
            return NotReady(f"The writer is {work}. Try again shortly.")
        trouble = self._keeper.trouble or self._keeper.refusal
        return None if trouble is None else problem_of(trouble)

    @property
    def checked(self) -> bool:
        """True if the stores were checked since the start."""
        return self._checked.is_set()

    async def make(self, change: Change) -> Published:
        """Store a change. Raises InvalidRequest, UnreadableImage, NotFound, PreconditionFailed,
        ModelMismatch, NotReady, Overloaded, DependencyUnavailable, DeadlineExceeded; the change is
        not made then, now or later."""
        if self._waiting.single >= self._settings.max_queue:
            raise Overloaded(f"{self._settings.max_queue} changes are waiting already.")
        self._check_trouble()
        self._waiting.add([change])
        return await answer_of(change)

    def enqueue(self, changes: list[Change]) -> None:
        """Let changes of a batch wait for their turn; `answer_of` each says what becomes of it.

        Raises NotReady, Overloaded, DependencyUnavailable; then none is made, now or later.
        """
        if self._waiting.bulk + len(changes) > MAX_BULK:
            raise Overloaded(f"{self._waiting.bulk} changes of batches are waiting already.")
        self._check_trouble()
        self._waiting.add(changes, bulk=True)

    async def stored_lines(self, key: str) -> dict[int, StoredLine]:
        """By number: lines of that batch that are stored already. Raises OSError."""
        # Until then, plans that a crash cut off are not settled.
        await self._checked.wait()
        stored = await self._on_thread(lambda: self._batch_log.stored(key))
        if not stored:  # probably a new batch
            await self._on_thread(self._batch_log.forget_old)
        head = self._keeper.ledger.head()
        # If the whole folder was copied back, later lines are no longer there.
        latest_us = 0 if head is None else moment_us(head)
        return {number: line for number, line in stored.items() if line.moment_us <= latest_us}

    def _check_trouble(self) -> None:
        trouble = self.trouble
        # A catalogue may have been loaded since the last look.
        if trouble is not None and not isinstance(self._keeper.trouble, NothingPublished):
            raise trouble

    async def _run(self) -> None:
        while True:
            batch: Batch = {}
            try:
                batch = await self._next()
                if batch:
                    await self._write(batch)
                else:
                    await self._check()
            except asyncio.CancelledError:
                refuse_all(batch.values(), NotReady("The writer is being stopped."))
                raise
            except Exception:  # the boundary: the next batch must find the task alive
                logger.exception("an unexpected error broke the writer's round")
                refuse_all(batch.values(), ServiceError("The change could not be made."))
                await asyncio.sleep(CHECK_IN_TROUBLE_S)

    async def relate(self, added: Sequence[Synonym]) -> Published:
        """Replace the added synonyms of the served catalogue. Raises ServiceError."""
        try:
            async with self._stores() as stores:
                return await self._on_thread(
                    lambda: stores.publisher_of(stores.head()).relate(added)
                )
        except (PipelineError, OSError) as error:
            raise problem_of(error) from error

    async def _next(self) -> Batch:
        """Queued changes, in order, up to the second change of any product.

        Empty if nothing came before the next check of the stores is due.
        """
        pause = CHECK_IN_TROUBLE_S if self._keeper.trouble or self._keeper.refusal else CHECK_S
        if self._housekeeper.is_sweeping:
            pause = _STEP_PAUSE_S
        if not self._checked.is_set() or not await self._waiting.some(pause):
            return {}
        return self._waiting.take()

    async def _check(self) -> None:
        now = time.monotonic()
        if not self._checked.is_set() or now - self._checked_at >= CHECK_IN_TROUBLE_S:
            self._checked_at = now
            await self._on_thread(self._keeper.check)
            if not self._checked.is_set():
                await self._on_thread(self._settle_batches)
            self._checked.set()
        with suppress(PipelineError, OSError):  # the next check says what is wrong
            if await self._on_thread(self._housekeeper.due):
                async with self._stores(wait_s=0) as stores:
                    await self._on_thread(lambda: self._housekeeper.step(stores))

    def _settle_batches(self) -> None:
        """Before the first change, so that every head of a process that crashed is still there."""
        ledger = self._keeper.ledger
        with suppress(PipelineError, OSError):  # whatever it is, changes meet it too
            ledger.refresh()
            self._batch_log.settle({moment_us(one) for one in ledger.history()})
            self._batch_log.forget_old()

    async def _write(self, batch: Batch) -> None:
        """Write a batch and answer each of its callers."""
        try:
            await self._written(batch)
        except (ServiceError, PipelineError, OSError) as error:
            if isinstance(error, ServiceError):
                problem = error
            else:
                if _is_lasting(error):
                    self._keeper.note(error)
                problem = problem_of(error)
            logger.warning("changes were not made", extra={"reason": problem.detail})
            refuse_all(batch.values(), problem)

    async def _written(self, batch: Batch) -> None:
        async with self._stores() as stores:
            await self._on_thread(self._housekeeper.look)
            one = Round(
                stores,
                self._keeper,
                self._encoder,
                self._media,
                self._pipeline,
                self._on_thread,
                self._settings.picture_wait_s,
                self._batch_log,
            )
            await one.prepare(batch)
            if not batch:
                return
            try:
                published = await one.store(batch)
            except StoreIncomplete:
                # Redis lost rows that nobody has read since.
                await self._on_thread(lambda: self._keeper.rebuild(stores))
                published = await one.store(batch)
            except TooLate:
                drop_late(batch)
                if not batch:
                    return
                published = await one.store(batch)
            for change in batch.values():
                change.settle(published)
            entries = [change.entry for change in batch.values()]
            await self._on_thread(lambda: self._tidy(stores, published, entries))

    def _tidy(self, stores: Stores, published: Published, entries: list[Entry]) -> None:
        """One step of what is due, also when changes never pause."""
        self._housekeeper.wrote(published, entries)
        if self._housekeeper.due():
            self._housekeeper.step(stores)

    @asynccontextmanager
    async def _stores(self, wait_s: float = LOCK_WAIT_S) -> AsyncIterator[Stores]:
        """The stores behind their lock, both steps on the thread."""
        async with self._one_at_a_time:
            writing = self._keeper.writing(wait_s)
            stores = await self._on_thread(writing.__enter__)
            try:
                yield stores
            finally:
                await self._on_thread(lambda: writing.__exit__(None, None, None))

    async def _on_thread(self, work: Callable[[], T]) -> T:
        """Cancelled, it ends with the work: a commit under way must not look refused."""
        working = asyncio.get_running_loop().run_in_executor(self._thread, work)
        try:
            return await asyncio.shield(working)
        except asyncio.CancelledError:
            await asyncio.wait([working])
            raise


def own_time() -> Deadline:
    """Remaining time of the request's deadline."""
    return deadline.get() or Deadline.after_ms(DEFAULT_DEADLINE_MS)


def _is_lasting(error: PipelineError | OSError) -> bool:
    """True if the next change would meet it too: a full disk, or unavailable Redis."""
    return isinstance(error, OSError) or isinstance(problem_of(error), DependencyUnavailable)
