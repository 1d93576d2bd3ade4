"""One round of the writer: from changes as they were asked for to one committed change row."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol, TypeVar

import pyarrow as pa

from services.common.problems import ServiceError, UnreadableImage
from services.contracts.catalogue import CONTENT_KEY, METADATA_VIEW, PRODUCT_KEY, CatalogueHead
from services.contracts.encoder import ModelInfo
from services.pipeline.catalogue.changes import check_model
from services.pipeline.catalogue.feature_writer import FeatureWriter, Survey
from services.pipeline.catalogue.ledger import Published
from services.pipeline.catalogue.product import CatalogueProduct, ProductVectors
from services.pipeline.catalogue.schemas import SCHEMAS, TIMESTAMP
from services.pipeline.catalogue.stores import Stores
from services.pipeline.encoding.embedding import Embedder
from services.pipeline.encoding.encoder_client import EncoderClient
from services.pipeline.errors import NotYetOnline, PipelineError, StoreIncomplete
from services.pipeline.pictures.media import MediaStore, UnusablePicture
from services.pipeline.settings import PipelineSettings
from services.writer.batch_log import BatchLog
from services.writer.change import COMMIT_MARGIN_S, Batch, Change, drop_late, problem_of
from services.writer.keeper import StoreKeeper
from services.writer.linked_pictures import take_pictures
from services.writer.merging import Row, check_match, patched_product
from services.writer.reading import ReadProduct, read_product

logger = logging.getLogger(__name__)

T = TypeVar("T")

_LAST_MOMENT_S = COMMIT_MARGIN_S / 3
"""Time that a change needs from the renaming of its parts to its answer."""


class OnThread(Protocol):
    """Runs work on the writer's thread."""

    def __call__(self, work: Callable[[], T]) -> Awaitable[T]: ...


class Round:
    """The lock is held as long as it lives."""

    def __init__(
        self,
        stores: Stores,
        keeper: StoreKeeper,
        encoder: EncoderClient,
        media: MediaStore,
        pipeline: PipelineSettings,
        on_thread: OnThread,
        picture_wait_s: float,
        batch_log: BatchLog,
    ) -> None:
        self._stores = stores
        self._keeper = keeper
        self._encoder = encoder
        self._media = media
        self._pipeline = pipeline
        self._on_thread = on_thread
        self._picture_wait_s = picture_wait_s
        self._batch_log = batch_log
        self._head: CatalogueHead = keeper.ledger.served().head
        self._writer: FeatureWriter | None = None

    async def prepare(self, batch: Batch) -> None:
        """Work out what each change stores, encode, and write the rows that no version lists yet.

        A faulty change gets its error, and leaves the batch. Raises
        PipelineError, OSError.
        """
        rows = await self._on_thread(lambda: self._current_rows(batch))
        # Pictures are decoded here: not for the event loop, and not for the thread of the stores.
        read = await asyncio.to_thread(self._read, batch, rows)
        await self._complete(batch, read)
        products = [one.product for one in batch.values() if one.product is not None]
        keeping = {one.product_id for one in batch.values() if one.keeps_vectors}
        survey = await self._on_thread(lambda: self._features().survey(products, keeping))
        encoded = await self._encoded(batch, survey.encode)
        drop_late(batch)
        await self._on_thread(lambda: self._write_rows(survey, encoded, batch))

    async def store(self, batch: Batch) -> Published:
        """Commit the changes of a batch as one. Raises TooLate, StoreIncomplete, PipelineError,
        OSError; nothing is committed then."""
        return await self._on_thread(lambda: self._commit(list(batch.values())))

    def _commit(self, changes: Sequence[Change]) -> Published:
        last = min(change.deadline.at for change in changes) - _LAST_MOMENT_S
        entries = [change.entry for change in changes]
        marks = [change.mark for change in changes if change.mark is not None]
        publisher = self._stores.publisher_of(self._head)

        def still_wanted(published: Published) -> bool:
            self._batch_log.plan(published, marks)
            return time.monotonic() < last

        def stored(published: Published) -> None:
            for change in changes:
                change.stored = published
            self._batch_log.done(published, marks)

        try:
            published = publisher.change(entries, still_wanted, stored)
        except NotYetOnline as error:
            # It is stored, so it counts; the next look puts it online.
            logger.warning("%s", error)
            self._keeper.note(error)
            self._keeper.ledger.refresh()
            published = self._keeper.ledger.served()
        self._keeper.wrote(published, entries)
        return published

    def _current_rows(self, batch: Batch) -> dict[str, Row]:
        """Stored rows of the products of each change that depends on them."""
        asked = [one for one in batch.values() if one.needs_stored]
        if not asked:
            return {}
        entries = self._keeper.entries()
        ids = [one.product_id for one in asked if one.product_id in entries]
        columns = {PRODUCT_KEY: ids, CONTENT_KEY: [entries[one][1] for one in ids]}
        schema = SCHEMAS[METADATA_VIEW]
        table = pa.table(
            {
                field.name: pa.array(columns[field.name], field.type)
                if field.name in columns
                else pa.nulls(len(ids), field.type)
                for field in schema
                if field.name != TIMESTAMP
            }
        )
        rows = self._stores.online.rows(METADATA_VIEW, table)
        if not all(rows):
            self._keeper.rebuild(self._stores)
            rows = self._stores.online.rows(METADATA_VIEW, table)
        if not all(rows):
            raise StoreIncomplete("Redis does not keep what is written to it")
        return dict(zip(ids, rows, strict=True))

    def _read(self, batch: Batch, rows: dict[str, Row]) -> dict[str, ReadProduct]:
        """Check each change. Returns the products whose picture may still be a link."""
        model_id = self._head.model_id
        found: dict[str, ReadProduct] = {}
        for change in list(batch.values()):
            product_id = change.product_id
            row = rows.get(product_id)
            try:
                check_match(change, row)
                if change.given is not None:
                    found[product_id] = read_product(product_id, change.given, self._media)
                elif change.patch is not None:
                    vectors = self._keeper.entries()[product_id][0] if row is not None else ""
                    patched = patched_product(
                        product_id, change.patch, row, vectors, self._media, model_id
                    )
                    if isinstance(patched, ReadProduct):
                        found[product_id] = patched
                    else:
                        change.product, change.keeps_vectors = patched, True
            except ServiceError as error:
                batch.pop(product_id).refuse(error)
        return found

    async def _complete(self, batch: Batch, read: dict[str, ReadProduct]) -> None:
        """Find further pictures, and download linked ones in half of the time left at most."""
        if not read:
            return
        left_s = min(batch[product_id].deadline.remaining_s() for product_id in read)
        taken = await take_pictures(
            [one.product for one in read.values()],
            self._media,
            self._pipeline,
            max(0.0, min(self._picture_wait_s, left_s / 2)),
        )
        for (product_id, one), (first, *more) in zip(read.items(), taken, strict=True):
            batch[product_id].product = CatalogueProduct.of(
                one.product, one.picture or first, self._head.model_id, more
            )

    async def _encoded(
        self, batch: Batch, products: Sequence[CatalogueProduct]
    ) -> dict[str, ProductVectors]:
        encoded: dict[str, ProductVectors] = {}
        if not products:
            return encoded
        waiting = [batch[one.product_id] for one in products]
        try:
            async with asyncio.timeout(max(one.deadline.remaining_s() for one in waiting)):
                outcomes = await self._embedded(products)
        except TimeoutError:
            return encoded  # who waited for it is late by now
        except PipelineError as error:
            # The others need no encoder.
            for change in waiting:
                batch.pop(change.product_id).refuse(problem_of(error))
            return encoded
        for product, outcome in zip(products, outcomes, strict=True):
            if isinstance(outcome, UnusablePicture):
                refused = UnreadableImage(f"The picture can't be used: {outcome}.")
                batch.pop(product.product_id).refuse(refused)
            else:
                encoded[product.product_id] = outcome
        return encoded

    async def _embedded(
        self, products: Sequence[CatalogueProduct]
    ) -> list[ProductVectors | UnusablePicture]:
        model: ModelInfo = await self._encoder.model()
        check_model(self._head, model)
        embedder = Embedder(self._encoder, model, self._media, self._pipeline)
        return await embedder.embed(products)

    def _write_rows(self, survey: Survey, encoded: dict[str, ProductVectors], batch: Batch) -> None:
        survey.describe = [one for one in survey.describe if one.product_id in batch]
        kept = {name: vectors for name, vectors in encoded.items() if name in batch}
        self._features().write(survey, kept)

    def _features(self) -> FeatureWriter:
        if self._writer is None:
            self._writer = FeatureWriter(
                self._stores,
                self._head.model_id,
                listed=self._keeper.entries(),
                search_parquet=False,
            )
        return self._writer
