"""Rows of a feed as products, with their pictures in the media store; the others are rejected."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Sequence

from services.contracts.encoder import ModelInfo
from services.pipeline.catalogue.product import CatalogueProduct
from services.pipeline.feeds import Feed, FeedRow
from services.pipeline.feeds.base import Note
from services.pipeline.feeds.rejects import RejectsFile
from services.pipeline.feeds.validation import PICTURE, FeedProduct, Reject, RowValidator
from services.pipeline.pictures.media import UnusablePicture
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
        for (row, product), picture in zip(batch.values(), taken, strict=True):
            if isinstance(picture, UnusablePicture):
                # A link's host may be unavailable for an hour: the product stays in the shop.
                kind = NOT_FETCHED if product.picture_link else PICTURE
                self._note_picture(kind, row, product, picture)
                picture = None
            products.append(CatalogueProduct.of(product, picture, self._model_id))
        return products

    def without_picture(
        self, batched: tuple[FeedRow, FeedProduct], reason: UnusablePicture
    ) -> CatalogueProduct:
        """The product, whose picture the encoder refused."""
        row, product = batched
        self._note_picture(PICTURE, row, product, reason)
        return CatalogueProduct.of(product, None, self._model_id)

    def _note_picture(
        self, kind: str, row: FeedRow, product: FeedProduct, reason: Exception
    ) -> None:
        name = row.fields.get("image", "")
        shown = f"picture {name!r}" if name else "the picture in the feed"
        self._rejects.note(Note(kind, f"{shown}: {reason}", "image"), product.product_id, row)


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
