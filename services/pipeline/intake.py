"""Rows of a feed as products, with their pictures in the media store; the others are rejected."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Sequence

from services.contracts.encoder import ModelInfo
from services.contracts.products import MORE_IMAGES
from services.pipeline.catalogue.product import CatalogueProduct
from services.pipeline.feeds import Feed, FeedRow
from services.pipeline.feeds.base import Note
from services.pipeline.feeds.rejects import RejectsFile
from services.pipeline.feeds.validation import PICTURE, FeedProduct, Reject, RowValidator
from services.pipeline.pictures.media import StoredPicture, UnusablePicture
from services.pipeline.pictures.pictures import Pictures
from services.pipeline.summary import NOT_FETCHED

_MOST_HELD_BYTES = 64_000_000

Batch = dict[int, tuple[FeedRow, FeedProduct]]
"""Rows that may be loaded, by number."""


class Intake:
    """The way of a batch from the feed to products; what is left out goes to the rejects file."""

    def __init__(
        self,
        feed: Feed,
        model: ModelInfo,
        pictures: Pictures,
        rejects: RejectsFile,
        runner: asyncio.Runner,
    ) -> None:
        self._model_id = model.model
        self._pictures = pictures
        self._rejects = rejects
        self._runner = runner
        self._validator = RowValidator(
            feed.folder,
            address=feed.address,
            currency=feed.currency,
            dimension=model.dimension,
        )

    def checked(self, rows: Sequence[FeedRow]) -> Batch:
        """Valid rows, by number; the others go to the rejects."""
        batch: Batch = {}
        for row in rows:
            result = self._validator.check(row)
            if isinstance(result, Reject):
                self._rejects.add(result, row)
                continue
            batch[row.number] = row, result
            for note in result.notes:
                self._rejects.note(note, result.product_id, row)
        return batch

    def products(self, batch: Batch) -> list[CatalogueProduct]:
        """The products, their pictures in the media store."""
        products: list[CatalogueProduct] = []
        taken = self._runner.run(self._pictures.take([product for _, product in batch.values()]))
        for (row, product), pictures in zip(batch.values(), taken, strict=True):
            for number, one in enumerate(pictures):
                if isinstance(one, UnusablePicture):
                    self._note_picture(row, product, number, one)
            stored = [one if isinstance(one, StoredPicture) else None for one in pictures]
            products.append(CatalogueProduct.of(product, stored[0], self._model_id, stored[1:]))
        return products

    def without_picture(
        self, batched: tuple[FeedRow, FeedProduct], reason: UnusablePicture
    ) -> CatalogueProduct:
        """The product, whose picture the encoder refused."""
        row, product = batched
        self._note_picture(row, product, 0, reason, PICTURE)
        return CatalogueProduct.of(product, None, self._model_id)

    def _note_picture(
        self, row: FeedRow, product: FeedProduct, number: int, reason: Exception, kind: str = ""
    ) -> None:
        """number: of the picture among those of the product, from 0."""
        source = product.more_pictures[number - 1] if number else product.picture_link
        name = str(source) if number else row.fields.get("image", "")
        # A link's host may be unavailable for an hour: the product stays in the shop.
        kind = kind or (NOT_FETCHED if source and isinstance(source, str) else PICTURE)
        column = MORE_IMAGES if number else "image"
        shown = f"picture {name!r}" if name else "the picture in the feed"
        self._rejects.note(Note(kind, f"{shown}: {reason}", column), product.product_id, row)


def batches(rows: Iterable[FeedRow], size: int) -> Iterator[list[FeedRow]]:
    """Batches of `size` rows, or fewer if they hold many megabytes of pictures."""
    batch: list[FeedRow] = []
    held = 0
    for row in rows:
        batch.append(row)
        held += len(row.picture or b"")
        if len(batch) >= size or held > _MOST_HELD_BYTES:
            yield batch
            batch, held = [], 0
    if batch:
        yield batch
