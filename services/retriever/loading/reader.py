"""From the feature store to a catalogue in memory, with every row checked on the way.

A head names a version and how many shards list its products; the shards list the fingerprints that
the rows of that version carry. A row that is missing, or of another version, fails the whole load:
half a catalogue is never served. The same holds for changes: those that a catalogue in memory lacks
are read by their numbers, with the rows that they name, and applied together or not at all.
"""

from __future__ import annotations

import gc
import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import replace

import numpy as np
import pyarrow as pa

from services.contracts.catalogue import (
    CatalogueHead,
)
from services.contracts.ranking import BUILT_IN
from services.contracts.retriever import CatalogueInfo
from services.retriever.catalogue.catalogue import Catalogue
from services.retriever.catalogue.engine_fields import engine_fields, origin_of
from services.retriever.catalogue.moments import Moments
from services.retriever.catalogue.product_table import ProductTable
from services.retriever.catalogue.products import Products
from services.retriever.errors import (
    ChangeMissing,
    LoadStopped,
)
from services.retriever.index import (
    Changes,
    FurtherImages,
    IndexBuild,
    IndexChoice,
    LiveIndex,
    Origin,
)
from services.retriever.loading.aside import Aside
from services.retriever.loading.faults import Faults
from services.retriever.loading.head import PublishedHead, head_in
from services.retriever.loading.listing import (
    Listing,
    changed_listing,
    changes_of,
    listing_of,
    parts_of,
)
from services.retriever.loading.loaded import Loaded
from services.retriever.loading.memory import (
    OVERHEAD_BYTES,
    Look,
    check_fits,
    free_memory,
    image_bytes,
    needed_bytes,
)
from services.retriever.loading.parts import Features, Part, PartRead, Vectors
from services.retriever.loading.workers import Processes, Workers, here
from services.retriever.words import ENGLISH, Analyser, WordsBuild
from services.retriever.words.synonyms import SynonymTable

logger = logging.getLogger(__name__)

_PRODUCTS_A_PROGRESS_LINE = 20_000


class CatalogueReader:
    """Reads heads and catalogues. Blocks; for one thread, but `stop` may come from any."""

    def __init__(
        self,
        features: Features,
        *,
        batch: int,
        expected_model: str | None = None,
        filterable: Sequence[str] = (),
        choice: IndexChoice | None = None,
        analyser: Analyser = ENGLISH,
        processes: Processes | None = None,
        aside: Aside | None = None,
        free_memory: Look = free_memory,
    ) -> None:
        """batch: products a read.  processes: that read a large catalogue while one is served.

        aside: loads a large catalogue whose rows an engine has.
        """
        self._free_memory = free_memory
        self._features = features
        self._batch = batch
        self._expected_model = expected_model
        self._filterable = filterable
        self._choice = choice or IndexChoice()
        self._analyser = analyser
        self._processes = processes
        self._aside = aside
        self._stopping = threading.Event()

    def head(self) -> PublishedHead:
        """See `head_in`, of the model that is expected."""
        self._features.refresh()
        return head_in(self._features, self._expected_model)

    def load(self, head: CatalogueHead, *, serving: bool = False) -> Catalogue:
        """The whole catalogue of that version, its changes applied.

        serving: this process answers searches meanwhile, which then wait for little.
        Raises NotEnoughMemory, BrokenPublication, StoreUnavailable, or LoadStopped after `stop`.
        """
        aside, engine = self._aside, self._choice.engine
        if aside is None or engine is None or head.products < aside.worth_from:
            loaded = self.read(head, serving=serving)
        else:
            engine.expect(2 * head.dimension, self._origin(head, Changes(head.sequence)))
            loaded = aside.load(head, self._stopping, serving=serving)
            loaded = replace(loaded, index=engine.adopted(loaded.index))
        every = Products(loaded.products)
        return Catalogue(
            info=_info(head, len(loaded.products)),
            products=every,
            index=LiveIndex(loaded.index, every.ids, self._choice),
            moments=loaded.moments,
            base=head.base,
            sequence=head.sequence,
            ranking=head.ranking or BUILT_IN,
            published_synonyms=head.synonyms,
            synonyms=SynonymTable(head.synonyms.all(), self._analyser),
        )

    def read(self, head: CatalogueHead, *, serving: bool = False) -> Loaded:
        """That version with its changes, read here; see `load`."""
        self._check_fits(
            f"catalogue version {head.version!r}", head.products, head.dimension, OVERHEAD_BYTES
        )
        with _collector_paused():
            listing, changed = listing_of(self._features, head), Changes(head.sequence)
            if head.sequence > head.base:
                numbers = range(head.base + 1, head.sequence + 1)
                changes = changes_of(self._features, head, numbers, self._batch)
                listing = changed_listing(listing, changes)
                changed = Changes(head.sequence, {*changes})
            count, width = len(listing.product_ids), 2 * head.dimension
            with (
                closing(self._choice.begin(count, width, self._origin(head, changed))) as build,
                closing(WordsBuild(self._analyser)) as words,
            ):
                products = self._fill(
                    head, listing, self._put_into(build), build.half, words=words, aside=serving
                )
                # The sample is let go before the index needs the memory.
                moments = Moments.of_sample(build.sample(), count)
                index = build.finish()
            # Indexed here, not by the first suggestion.
            _ = products.completions
            return Loaded(products, index, replace(moments, further=index.images))

    def update(self, catalogue: Catalogue, head: CatalogueHead) -> Catalogue:
        """That catalogue after the changes of its version that it lacks, and only those are read;
        with the head's ranking and synonyms.

        head: of the same version.  Reads the whole version if the changes up to the head's base
        are no longer there.  Raises as `load` does.
        """
        catalogue = replace(catalogue, ranking=head.ranking or BUILT_IN)
        if head.synonyms != catalogue.published_synonyms:
            table = SynonymTable(head.synonyms.all(), self._analyser)
            catalogue = replace(catalogue, published_synonyms=head.synonyms, synonyms=table)
        first = catalogue.sequence + 1
        numbers = [*range(first, head.sequence + 1)]
        if head.base != catalogue.base:
            # Folded changes repeat those before them.
            unfolded = range(max(head.base, head.folded) + 1, head.sequence + 1)
            numbers = [*range(first, head.base + 1), *unfolded]
            catalogue = replace(catalogue, base=head.base)
        if not numbers:
            return replace(catalogue, sequence=head.sequence)
        try:
            changes = changes_of(self._features, head, numbers, self._batch)
        except ChangeMissing:
            if numbers[0] > head.base:
                raise
            return self.load(head, serving=True)
        listing = changed_listing(Listing([], [], []), changes)
        count = len(listing.product_ids)
        self._check_fits("a change", count, head.dimension)
        width = 2 * head.dimension
        rows = np.zeros((count, width), np.float32)
        images: list[FurtherImages] = []

        def put(part: Part, read: PartRead) -> None:
            rows[part.rows] = read.vectors
            images.append(read.further.in_part(part.rows, count))

        upserts = self._fill(head, listing, put, half=False)
        return catalogue.with_changes(
            head.sequence,
            upserts,
            rows[:, : head.dimension],
            rows[:, head.dimension :],
            [product_id for product_id, entry in changes.items() if entry is None],
            FurtherImages.joined(images, width)[0],
        )

    def merged(self, catalogue: Catalogue) -> Catalogue:
        """That catalogue with all rows in one index.

        Raises NotEnoughMemory, for it copies them, and StoreUnavailable where an engine does not
        take the changes.
        """
        if self._choice.engine is not None:
            return catalogue.merged()
        products, half = catalogue.info.products, self._choice.compressed(catalogue.info.products)
        needed = needed_bytes(products, catalogue.info.dimension, half=half)
        check_fits("merging the changes", needed, self._free_memory)
        return catalogue.merged()

    def _origin(self, head: CatalogueHead, changes: Changes) -> Origin:
        empty = ProductTable.of([], self._filterable).fields
        return origin_of(_info(head, head.products), changes, empty)

    def _check_fits(self, what: str, products: int, dimension: int, overhead: int = 0) -> None:
        if self._choice.engine is None:
            half = self._choice.compressed(products)
            needed = overhead + needed_bytes(products, dimension, half=half)
            check_fits(f"{what} with {products:,} products", needed, self._free_memory)

    def _check_images(self, head: CatalogueHead, images: int, share: float, *, half: bool) -> None:
        """The number of further images is not known before they are read.

        images: those in the share of the products that is read.
        """
        if images and share < 1 and self._choice.engine is None:
            expected = int(images / share * (1 - share))
            what = f"catalogue version {head.version!r} with {images + expected:,} further pictures"
            needed = image_bytes(expected, head.dimension, half=half)
            check_fits(what, needed, self._free_memory)

    def _fill(
        self,
        head: CatalogueHead,
        listing: Listing,
        put: Callable[[Part, PartRead], None],
        half: bool,
        *,
        words: WordsBuild | None = None,
        aside: bool = False,
    ) -> ProductTable:
        """The metadata of the products listed, every row checked.

        put: takes each part that is read.  half: whether it wants 16-bit floats.
        words: indexes the words of the products meanwhile.
        aside: read in other processes, if there are many products.
        """
        count = len(listing.product_ids)
        of = Vectors(head.model_id, head.dimension, half=half)
        together = self._choice.engine is not None
        batches: list[pa.RecordBatch] = []
        faults = Faults()
        images = 0
        with (
            self._workers(count, aside=aside) as workers,
            closing(workers.read(of, parts_of(listing, self._batch, together=together))) as every,
        ):
            for part, read in every:
                if self._stopping.is_set():
                    raise LoadStopped("the service is stopping")
                put(part, read)
                batches.append(read.products)
                if words is not None:
                    words.add(read.products)
                faults.take(read.faults)
                done = len(batches) * self._batch
                images += len(read.further)
                self._check_images(head, images, done / count, half=half)
                if done < count and done % _PRODUCTS_A_PROGRESS_LINE < self._batch:
                    logger.info("reading the catalogue: %d of %d products", done, count)
        faults.raise_if_any(head, count)
        index = None if words is None else words.finish()
        # Beside vectors in this process, texts are little.
        pack = together and words is not None
        return ProductTable.of(batches, self._filterable, self._analyser, index, pack=pack)

    def _put_into(self, build: IndexBuild) -> Callable[[Part, PartRead], None]:
        def put(part: Part, read: PartRead) -> None:
            fields = None
            if self._choice.engine is not None:
                table = ProductTable.of([read.products], self._filterable)
                fields = engine_fields(part.vectors.product_ids, table.fields)
            build.put(part.rows, read.vectors, fields, read.further)

        return put

    def _workers(self, products: int, *, aside: bool) -> AbstractContextManager[Workers]:
        if aside and self._processes is not None and products >= self._processes.worth_from:
            return self._processes.running()
        return here(self._features)

    def stop(self) -> None:
        """Make a load that is running give up at its next batch."""
        self._stopping.set()

    def close(self) -> None:
        """Let go of the feature store."""
        self._features.close()


def _info(head: CatalogueHead, products: int) -> CatalogueInfo:
    return CatalogueInfo(
        version=head.version, model=head.model_id, dimension=head.dimension, products=products
    )


@contextmanager
def _collector_paused() -> Iterator[None]:
    """No cyclic collection meanwhile.

    A bulk read makes millions of short-lived objects without a cycle among them; the collector
    walking over them again and again took three quarters of the time.
    """
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
