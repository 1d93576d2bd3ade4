"""`load`: from a product feed to a published catalogue."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Sequence
from pathlib import Path

from services.contracts.catalogue import CatalogueHead
from services.pipeline.catalogue.carried import changes_to_carry, stored_products
from services.pipeline.catalogue.changes import check_model
from services.pipeline.catalogue.feature_writer import FeatureWriter, Survey
from services.pipeline.catalogue.ledger import Entry
from services.pipeline.catalogue.product import CatalogueProduct, ProductVectors
from services.pipeline.catalogue.publication import Publication
from services.pipeline.catalogue.store_work import sweep_stores
from services.pipeline.catalogue.stores import Stores, open_stores
from services.pipeline.catalogue.synonyms import synonyms_beside
from services.pipeline.encoding.embedding import Embedder, needs_no_encoder
from services.pipeline.encoding.encoder_client import EncoderClient
from services.pipeline.errors import FeedUnusable, NothingToLoad, PipelineError
from services.pipeline.feeds import Feed
from services.pipeline.feeds.ready_vectors import check_vectors_model
from services.pipeline.feeds.rejects import RejectsFile
from services.pipeline.intake import Batch, Intake, batches
from services.pipeline.judging.gate import Gate
from services.pipeline.judging.golden import Golden
from services.pipeline.judging.shrinking import check_rejects, check_size
from services.pipeline.pictures.media import MediaStore, UnusablePicture
from services.pipeline.pictures.pictures import Pictures
from services.pipeline.progress import Progress
from services.pipeline.settings import PipelineSettings
from services.pipeline.summary import Counts, LoadReport, LoadSummary, Tally

logger = logging.getLogger(__name__)


def load(
    feed: Feed,
    settings: PipelineSettings,
    rejects_path: Path | None = None,
    *,
    live: bool = False,
    undo_changes: bool = False,
    golden: Golden | None = None,
    force: bool = False,
    report_path: Path | None = None,
) -> LoadSummary:
    """Publish the feed as the catalogue, or, with `live`, add its products to the served one.

    The served catalogue keeps its live changes, unless `undo_changes`.

    golden: queries on which a version must not be worse than the served one. force: publish
    a version that is worse, or lost many products. report_path: for a `LoadReport` in JSON.

    Raises PipelineError; the next run reuses everything stored until then.
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
                force=force,
            )
            run.tally.attribute_columns = feed.attribute_columns

            def report(publication: Publication | None, error: str | None = None) -> None:
                if report_path is not None:
                    LoadReport.of(
                        feed,
                        run.counts,
                        run.tally,
                        rejects_path,
                        time.monotonic() - started,
                        publication=publication,
                        error=error,
                    ).write(report_path)

            try:
                publication = run.load(feed, rows)
            except PipelineError as error:
                report(None, str(error))
                raise
            report(publication)
            if publication.is_new and not live:
                _tidy(stores, settings)
        return LoadSummary(
            run.counts,
            run.tally,
            rejects_path,
            publication,
            time.monotonic() - started,
            live,
            gate.verdict,
            gate.warning,
        )


def _tidy(stores: Stores, settings: PipelineSettings) -> None:
    """Remove what the new version and the one before do not need; the load succeeded anyway."""
    try:
        sweep_stores(stores, settings)
    except (PipelineError, OSError) as error:
        logger.warning("older versions were not removed: %s", error)


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
        force: bool,
    ) -> None:
        self._live = live
        self._force = force
        self._undo_changes = undo_changes
        self._gate = gate
        self.counts = Counts()
        self.tally = Tally(rejects.rejected, rejects.details)
        self._settings = settings
        self._stores = stores
        self._rejects = rejects
        self._runner = runner
        self._entries: list[Entry] = []
        self._media = MediaStore.of(settings)

    def load(self, feed: Feed, rows: int) -> Publication:
        """rows: number of rows in the feed."""
        self._media.clear_drafts()
        self._stores.offline.clear_drafts()
        encoder = EncoderClient.of(self._settings)
        try:
            return self._load(feed, rows, encoder)
        finally:
            self._runner.run(encoder.aclose())

    def _load(self, feed: Feed, total: int, encoder: EncoderClient) -> Publication:
        # Errors in the file are reported before the work begins.
        synonyms = None if self._live else synonyms_beside(feed.path, self._settings)
        model = self._runner.run(encoder.model())
        check_vectors_model(feed, model)
        if self._live:
            check_model(self._stores.head(), model)
        self._stores.offline.begin_load()
        writer = FeatureWriter(
            self._stores,
            model.model,
            listed=self._stores.listed(),
            search_parquet=not self._live,
        )
        embedder = Embedder(encoder, model, self._media, self._settings)
        pictures = Pictures(self._media, self._settings)
        intake = Intake(feed, model, pictures, self._rejects, self._runner)
        try:
            with Progress(total) as progress:
                for rows in batches(feed.rows(), self._settings.batch_products):
                    self.counts.rows += len(rows)
                    batch = intake.checked(rows)
                    products = intake.products(batch)
                    self._store(products, batch, writer, embedder, intake)
                    progress.advance(len(rows))
        finally:
            self._runner.run(pictures.aclose())
        if not self._entries:
            raise NothingToLoad(
                f"{feed.path}: not one of {self.counts.rows} rows can be loaded"
                + (f"; see {self._rejects.path}" if self._rejects.count else "")
            )
        publisher = self._stores.publisher(model.model, model.dimension)
        if self._live:
            change = publisher.change(self._entries)
            publication = Publication(change.head, is_new=True)
        else:
            publication = publisher.publish(
                self._entries,
                synonyms=synonyms,
                undo_changes=self._undo_changes,
                carried=self._carried(model.model, writer, embedder),
                approve=self._approve,
            )
        self._stores.offline.end_load()
        return publication

    def _carried(
        self, model_id: str, writer: FeatureWriter, embedder: Embedder
    ) -> list[Entry] | None:
        """Live changes to the same file, stored for this model."""
        if self._undo_changes:
            return None
        served = changes_to_carry(self._stores, model_id, self._entries)
        if served is None:
            return None
        served_model, changed = served
        if served_model == model_id:
            return changed
        carried = [entry for entry in changed if not entry[1]]
        products = stored_products(self._stores, changed, self._media, model_id)
        size = self._settings.batch_products
        for start in range(0, len(products), size):
            some = products[start : start + size]
            _, _, refused = self._written(some, writer, embedder)
            # A picture that is damaged by now is given up, and the product is found by its words.
            without = [one.without_picture(model_id) for one in some if one.product_id in refused]
            self._written(without, writer, embedder)
            stored = [one for one in some if one.product_id not in refused]
            carried += [one.entry for one in (*stored, *without)]
        return sorted(carried)

    def _approve(
        self, head: CatalogueHead, entries: Sequence[Entry], served: CatalogueHead | None
    ) -> None:
        """Raises GateClosed."""
        if not self._force:
            rejects = self._rejects
            check_rejects(self.counts.rows, rejects.faults, rejects.rejected, self._settings)
            check_size(len(entries), served, self._settings)
        self._gate.approve(head, entries, served)

    def _store(
        self,
        products: Sequence[CatalogueProduct],
        batch: Batch,
        writer: FeatureWriter,
        embedder: Embedder,
        intake: Intake,
    ) -> None:
        if not products:
            return
        survey, encoded, refused = self._written(products, writer, embedder)
        for product in products:
            if product.product_id not in refused:
                self._count(product)
        self.counts.unchanged += survey.unchanged
        brought = sum(needs_no_encoder(one) for one in survey.encode if one.product_id in encoded)
        self.counts.ready += brought
        self.counts.encoded += len(encoded) - brought
        self.counts.restored += len(survey.push_vectors) + len(survey.copy)
        without = [
            intake.without_picture(batch[one.row], refused[one.product_id])
            for one in survey.encode
            if one.product_id in refused
        ]
        self._store(without, batch, writer, embedder, intake)

    def _written(
        self, products: Sequence[CatalogueProduct], writer: FeatureWriter, embedder: Embedder
    ) -> tuple[Survey, dict[str, ProductVectors], dict[str, UnusablePicture]]:
        """Store the products, except those whose picture the encoder refuses.

        Returns what there was to do, and vectors and refusals by product id.
        """
        survey = writer.survey(products)
        vectors = self._runner.run(embedder.embed(survey.encode))
        encoded: dict[str, ProductVectors] = {}
        refused: dict[str, UnusablePicture] = {}
        for product, outcome in zip(survey.encode, vectors, strict=True):
            if isinstance(outcome, UnusablePicture):
                refused[product.product_id] = outcome
            else:
                encoded[product.product_id] = outcome
        writer.write(survey, encoded)
        return survey, encoded, refused

    def _count(self, product: CatalogueProduct) -> None:
        self._entries.append(product.entry)
        self.counts.loaded += 1
        if product.price is not None:
            self.tally.currencies[product.currency] += 1
        if product.picture is None:
            if product.image_url:
                self.counts.by_link += 1
                ready = product.vectors
                self.counts.unfetched += ready is None or ready.image is None
            else:
                self.counts.without_picture += 1
