"""`load`: from a product feed to a published catalogue."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import TypeVar

from services.common.client import ServiceClient
from services.pipeline.catalogue.changes import check_model
from services.pipeline.catalogue.feature_writer import FeatureWriter
from services.pipeline.catalogue.product import CatalogueProduct, ProductVectors
from services.pipeline.catalogue.publication import Manifest, Publication
from services.pipeline.catalogue.stores import Stores, open_stores
from services.pipeline.encoding.embedding import Embedder, needs_no_encoder
from services.pipeline.encoding.encoder_client import EncoderClient
from services.pipeline.errors import FeedUnusable, NothingToLoad
from services.pipeline.feeds import Feed, FeedRow
from services.pipeline.feeds.ready_vectors import check_vectors_model
from services.pipeline.feeds.rejects import RejectsFile
from services.pipeline.feeds.validation import FeedProduct, Reject, RowValidator
from services.pipeline.judging.gate import Gate
from services.pipeline.judging.golden import Golden
from services.pipeline.pictures.media import MediaStore, UnusablePicture
from services.pipeline.pictures.pictures import Pictures
from services.pipeline.progress import Progress
from services.pipeline.settings import PipelineSettings
from services.pipeline.summary import Counts, LoadSummary

T = TypeVar("T")


def load(
    feed: Feed,
    settings: PipelineSettings,
    rejects_path: Path | None = None,
    *,
    live: bool = False,
    undo_changes: bool = False,
    golden: Golden | None = None,
    force: bool = False,
) -> LoadSummary:
    """Make the feed the catalogue, or, `live`, put its products into the one that is served.

    A catalogue that is served already keeps its live changes, unless `undo_changes`.

    golden: queries by which a version must be no worse than the one that is served. force: publish
    also what is.

    Raises PipelineError; what was stored until then is found again by the next run.
    """
    started = time.monotonic()
    offline_folder = settings.feature_store / "offline"
    rejects_path = rejects_path or settings.rejects_path or offline_folder / "rejects.csv"
    if rejects_path.resolve() == feed.path.resolve():
        raise FeedUnusable(f"{feed.path}: the rejects can't be written over the feed itself")
    rows = feed.count()
    if not rows:
        raise NothingToLoad(f"{feed.path}: there is a header, but no product below it")
    with (
        open_stores(settings.feature_store) as stores,
        RejectsFile(rejects_path, feed) as rejects,
    ):
        with asyncio.Runner() as runner:
            gate = Gate(stores.online, settings, golden=golden, force=force)
            run = _Load(
                settings,
                stores,
                rejects,
                runner,
                gate,
                live=live,
                undo_changes=undo_changes,
            )
            publication = run.load(feed, rows)
        return LoadSummary(
            run.counts,
            rejects.count,
            rejects.notes,
            rejects_path,
            publication,
            time.monotonic() - started,
            live,
            gate.verdict,
        )


class _Load:
    """One run: a batch of rows at a time, from the feed to both stores."""

    def __init__(
        self,
        settings: PipelineSettings,
        stores: Stores,
        rejects: RejectsFile,
        runner: asyncio.Runner,
        gate: Gate,
        *,
        live: bool,
        undo_changes: bool,
    ) -> None:
        self._live = live
        self._undo_changes = undo_changes
        self._gate = gate
        self.counts = Counts()
        self._settings = settings
        self._stores = stores
        self._rejects = rejects
        self._runner = runner
        self._manifest = Manifest()
        self._media = MediaStore(
            settings.media_dir,
            max_bytes=settings.max_image_bytes,
            max_pixels=settings.max_image_pixels,
        )

    def load(self, feed: Feed, rows: int) -> Publication:
        """rows: how many the feed has."""
        self._media.clear_drafts()
        self._stores.offline.clear_drafts()
        service = ServiceClient(
            "encoder", self._settings.encoder_url, timeout_s=self._settings.encoder_timeout_s
        )
        try:
            encoder = EncoderClient(service, wait_s=self._settings.encoder_wait_s)
            return self._load(feed, rows, encoder)
        finally:
            self._runner.run(service.aclose())

    def _load(self, feed: Feed, total: int, encoder: EncoderClient) -> Publication:
        model = self._runner.run(encoder.model())
        check_vectors_model(feed, model)
        if self._live:
            check_model(self._stores.head(), model)
        writer = FeatureWriter(self._stores, model.model, search_parquet=not self._live)
        embedder = Embedder(
            encoder,
            model,
            self._media,
            text_batch=self._settings.text_batch,
            image_batch=self._settings.image_batch,
            requests_in_flight=self._settings.requests_in_flight,
        )
        validator = RowValidator(feed.folder, currency=feed.currency, dimension=model.dimension)
        pictures = Pictures(self._media, self._settings)
        try:
            with Progress(total) as progress:
                for rows in _batches(feed.rows(), self._settings.batch_products):
                    products = self._products(rows, validator, pictures, model.model)
                    self._store(products, {row.number: row for row in rows}, writer, embedder)
                    progress.advance(len(rows))
        finally:
            self._runner.run(pictures.aclose())
        if not self._manifest.entries:
            raise NothingToLoad(
                f"{feed.path}: not one of {self.counts.rows} rows can be loaded"
                + (f"; see {self._rejects.path}" if self._rejects.count else "")
            )
        publisher = self._stores.publisher(model.model, model.dimension)
        if self._live:
            return Publication(publisher.change(self._manifest.entries).head, is_new=True)
        return publisher.publish(
            self._manifest, undo_changes=self._undo_changes, approve=self._gate.approve
        )

    def _products(
        self,
        rows: Sequence[FeedRow],
        validator: RowValidator,
        pictures: Pictures,
        model_id: str,
    ) -> list[CatalogueProduct]:
        """Those of the rows that may be loaded, their pictures in the media store."""
        self.counts.rows += len(rows)
        checked: list[tuple[FeedRow, FeedProduct]] = []
        for row in rows:
            result = validator.check(row)
            if isinstance(result, Reject):
                self._rejects.add(result, row)
            else:
                checked.append((row, result))
        products: list[CatalogueProduct] = []
        taken = self._runner.run(pictures.take([product for _, product in checked]))
        for (row, product), picture in zip(checked, taken, strict=True):
            if not isinstance(picture, UnusablePicture):
                products.append(CatalogueProduct.of(product, picture, model_id))
            elif product.picture_link:
                # Its host may be away for an hour: no reason to take the product out of the shop.
                self._rejects.note(_of_picture(product.product_id, row, picture), row)
                products.append(CatalogueProduct.of(product, None, model_id))
            else:
                self._reject_picture(product.product_id, row, picture)
        return products

    def _store(
        self,
        products: Sequence[CatalogueProduct],
        rows: dict[int, FeedRow],
        writer: FeatureWriter,
        embedder: Embedder,
    ) -> None:
        if not products:
            return
        survey = writer.survey(products)
        vectors = self._runner.run(embedder.embed(survey.encode))
        encoded: dict[str, ProductVectors] = {}
        refused: set[str] = set()
        for product, outcome in zip(survey.encode, vectors, strict=True):
            if isinstance(outcome, UnusablePicture):
                refused.add(product.product_id)
                self._reject_picture(product.product_id, rows[product.row], outcome)
            else:
                encoded[product.product_id] = outcome
        writer.write(survey, encoded)
        for product in products:
            if product.product_id not in refused:
                self._count(product)
        self.counts.unchanged += survey.unchanged
        brought = sum(needs_no_encoder(one) for one in survey.encode if one.product_id in encoded)
        self.counts.ready += brought
        self.counts.encoded += len(encoded) - brought
        self.counts.restored += len(survey.push_vectors) + len(survey.copy)

    def _count(self, product: CatalogueProduct) -> None:
        self._manifest.add(product)
        self.counts.loaded += 1
        if product.picture is None:
            if product.image_url:
                self.counts.by_link += 1
            else:
                self.counts.without_picture += 1

    def _reject_picture(self, product_id: str, row: FeedRow, reason: Exception) -> None:
        self._rejects.add(_of_picture(product_id, row, reason), row)


def _of_picture(product_id: str, row: FeedRow, reason: Exception) -> Reject:
    name = repr(row.fields.get("image", ""))
    return Reject(row.number, product_id, f"picture {name}: {reason}", "image")


def _batches(values: Iterable[T], size: int) -> Iterator[list[T]]:
    iterator = iter(values)
    while batch := list(islice(iterator, size)):
        yield batch
