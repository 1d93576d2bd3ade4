"""Changes in the order they came, many to a write: what queued while the last one was written.

One task writes, with Feast and Parquet on a thread of their own. A caller gets its answer when the
catalogue's head tells of its change, so what was answered is not lost.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from typing import Self, TypeVar

from services.common.client import ServiceClient
from services.common.problems import (
    DependencyUnavailable,
    ModelMismatch,
    NotReady,
    Overloaded,
    ServiceError,
    UnreadableImage,
)
from services.contracts.catalogue import CatalogueHead
from services.contracts.encoder import ModelInfo
from services.contracts.writer import ProductInput
from services.pipeline.catalogue.changes import check_model
from services.pipeline.catalogue.feature_writer import FeatureWriter, Survey
from services.pipeline.catalogue.lock import only_writer
from services.pipeline.catalogue.offline_store import OfflineStore
from services.pipeline.catalogue.online_store import OnlineStore
from services.pipeline.catalogue.product import CatalogueProduct, ProductVectors
from services.pipeline.catalogue.publication import Entry
from services.pipeline.catalogue.stores import Stores, published_head
from services.pipeline.encoding.embedding import Embedder
from services.pipeline.encoding.encoder_client import EncoderClient
from services.pipeline.errors import NothingToLoad, PipelineError, WrongModel
from services.pipeline.pictures.media import MediaStore, UnusablePicture
from services.pipeline.settings import PipelineSettings
from services.writer.reading import read_product
from services.writer.settings import WriterSettings

logger = logging.getLogger(__name__)

T = TypeVar("T")


@dataclass(slots=True)
class _Change:
    """One product to put in, or, without `given`, to take out."""

    product_id: str
    given: ProductInput | None
    answer: asyncio.Future[CatalogueHead]
    product: CatalogueProduct | None = None


_Batch = dict[str, _Change]
"""What is written together, by product: two changes to one product never are."""


class LiveWriter:
    """Puts products in and takes them out; `async with` starts and ends its work."""

    def __init__(
        self, settings: WriterSettings, pipeline: PipelineSettings, encoder: ServiceClient
    ) -> None:
        self._settings = settings
        self._pipeline = pipeline
        self._encoder = EncoderClient(encoder, wait_s=settings.encoder_wait_s)
        self._media = MediaStore(
            pipeline.media_dir,
            max_bytes=pipeline.max_image_bytes,
            max_pixels=pipeline.max_image_pixels,
        )
        self._offline = pipeline.feature_store / "offline"
        self._online: OnlineStore | None = None
        self._queue: asyncio.Queue[_Change] = asyncio.Queue(settings.max_queue)
        self._held: _Change | None = None
        """Taken from the queue, and left to the next batch."""
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="writer")
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._run())
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
        self._thread.shutdown()

    @property
    def alive(self) -> bool:
        return self._task is None or not self._task.done()

    async def put(self, product_id: str, given: ProductInput) -> CatalogueHead:
        """Raises InvalidRequest, UnreadableImage, ModelMismatch, NotReady, Overloaded,
        DependencyUnavailable; nothing of the change is served then."""
        return await self._queued(product_id, given)

    async def delete(self, product_id: str) -> CatalogueHead:
        """One that is not there changes nothing. Raises as `put` does."""
        return await self._queued(product_id, None)

    async def head(self) -> CatalogueHead:
        """What is served. Raises NotReady, DependencyUnavailable."""
        try:
            return await self._on_thread(self._published)
        except PipelineError as error:
            raise _problem(error) from error

    async def _queued(self, product_id: str, given: ProductInput | None) -> CatalogueHead:
        change = _Change(product_id, given, asyncio.get_running_loop().create_future())
        try:
            self._queue.put_nowait(change)
        except asyncio.QueueFull:
            raise Overloaded(f"{self._settings.max_queue} changes are waiting already.") from None
        return await change.answer

    async def _run(self) -> None:
        while True:
            batch = await self._next()
            try:
                _settle(batch, await self._written(batch) if batch else None)
            except (ServiceError, PipelineError) as error:
                problem = error if isinstance(error, ServiceError) else _problem(error)
                logger.warning("a change was not made", extra={"reason": problem.detail})
                _settle(batch, problem)
            except asyncio.CancelledError:
                _settle(batch, NotReady("The writer is being stopped."))
                raise
            except Exception:  # the boundary: the next batch must find the task alive
                logger.exception("a change broke the writer's round")
                _settle(batch, ServiceError("The change could not be made."))

    async def _next(self) -> _Batch:
        """What has queued, in order, up to the second change of any product."""
        first, self._held = self._held or await self._queue.get(), None
        batch = {first.product_id: first}
        while len(batch) < self._settings.max_batch and not self._queue.empty():
            change = self._queue.get_nowait()
            if change.product_id in batch:
                self._held = change
                break
            batch[change.product_id] = change
        # Who has left by now is not waited for, and the change is not made.
        return {key: change for key, change in batch.items() if not change.answer.done()}

    async def _written(self, batch: _Batch) -> CatalogueHead | None:
        """The head that tells of the batch; what alone is wrong is answered and taken out of it."""
        model = await self._encoder.model()
        with only_writer(self._offline):
            await self._read(batch, model)
            return await self._write(batch, model) if batch else None

    async def _read(self, batch: _Batch, model: ModelInfo) -> None:
        for change in list(batch.values()):
            if change.given is not None:
                try:
                    change.product = await asyncio.to_thread(
                        read_product, change.product_id, change.given, self._media, model.model
                    )
                except ServiceError as error:
                    _settle({change.product_id: batch.pop(change.product_id)}, error)

    async def _write(self, batch: _Batch, model: ModelInfo) -> CatalogueHead | None:
        products = [one.product for one in batch.values() if one.product is not None]
        online = await self._on_thread(self._open)
        stores = Stores(online, OfflineStore(self._offline))
        writer = FeatureWriter(stores, model.model, search_parquet=False)

        def survey() -> Survey:
            check_model(stores.head(), model)
            return writer.survey(products)

        found = await self._on_thread(survey)
        encoded = await self._encoded(batch, found.encode, model)
        if not batch:
            return None

        def write() -> CatalogueHead:
            writer.write(found, encoded)
            publisher = stores.publisher(model.model, model.dimension)
            return publisher.change([_entry(change) for change in batch.values()])

        return await self._on_thread(write)

    async def _encoded(
        self, batch: _Batch, products: Sequence[CatalogueProduct], model: ModelInfo
    ) -> dict[str, ProductVectors]:
        embedder = Embedder(
            self._encoder,
            model,
            self._media,
            text_batch=self._pipeline.text_batch,
            image_batch=self._pipeline.image_batch,
            requests_in_flight=self._pipeline.requests_in_flight,
        )
        encoded: dict[str, ProductVectors] = {}
        outcomes = await embedder.embed(products)
        for product, outcome in zip(products, outcomes, strict=True):
            if isinstance(outcome, UnusablePicture):
                refused = UnreadableImage(f"The picture can't be used: {outcome}.")
                _settle({product.product_id: batch.pop(product.product_id)}, refused)
            else:
                encoded[product.product_id] = outcome
        return encoded

    def _open(self) -> OnlineStore:
        """The store, its definitions registered. Runs on the writer's thread."""
        if self._online is None:
            online = OnlineStore(self._pipeline.feature_store)
            online.apply()
            self._online = online
        return self._online

    def _published(self) -> CatalogueHead:
        return published_head(self._open())

    async def _on_thread(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)


def _entry(change: _Change) -> Entry:
    product = change.product
    if product is None:
        return change.product_id, "", ""
    return product.product_id, product.vector_fingerprint, product.metadata_fingerprint


def _settle(batch: _Batch, outcome: CatalogueHead | ServiceError | None) -> None:
    """Answer every caller who is still there; None only where nobody is left in the batch."""
    for change in batch.values():
        if change.answer.done():
            continue
        if isinstance(outcome, ServiceError):
            change.answer.set_exception(outcome)
        elif outcome is not None:
            change.answer.set_result(outcome)


def _problem(error: PipelineError) -> ServiceError:
    """The same in the words of our contract."""
    detail = f"{str(error)[:1].upper()}{str(error)[1:]}."
    if isinstance(error, WrongModel):
        return ModelMismatch(detail)
    if isinstance(error, NothingToLoad):
        return NotReady(detail)
    return DependencyUnavailable(detail)
