"""Vectors of products from the encoder, in batches, each different text and picture once."""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Protocol

import numpy as np

from services.common.problems import ServiceError
from services.contracts.encoder import ModelInfo
from services.contracts.vectors import UNIT_TOLERANCE
from services.pipeline.catalogue.product import FloatVector, ProductVectors
from services.pipeline.encoding.encoder_client import Embeddings, EncoderClient
from services.pipeline.errors import EncoderBroken
from services.pipeline.feeds import ReadyVectors
from services.pipeline.pictures.media import MediaStore, StoredPicture, UnusablePicture
from services.pipeline.settings import PipelineSettings

MAX_REQUEST_IMAGE_BYTES = 16_000_000
"""Pictures of one request together, well below what the encoder takes; one alone may be larger."""

_REQUESTS_IN_FLIGHT = 2
"""Concurrent requests to each encoder; two keep it busy between answers."""

REMEMBERED_VECTORS = 10_000
"""Vectors cached of each kind, so that distant variants share them; 20 MB at 512 floats."""


SAME_PICTURE = 0.98
"""Cosine similarity above which a further picture has no vector of its own: re-encoded, resized and
slightly cropped copies are above it (docs/decisions/0054-several-pictures.md)."""

logger = logging.getLogger(__name__)

Outcome = FloatVector | UnusablePicture


class Embeddable(Protocol):
    """The parts of a product that are embedded."""

    @property
    def caption(self) -> str: ...

    @property
    def picture(self) -> StoredPicture | None: ...

    @property
    def more(self) -> Sequence[StoredPicture]:
        """Its further pictures."""

    @property
    def vectors(self) -> ReadyVectors | None:
        """Those that came with the feed."""


@dataclass(slots=True)
class _Remembered:
    """The latest vectors by what they are of: a caption, or a picture's digest."""

    outcomes: OrderedDict[str, Outcome] = field(default_factory=OrderedDict)

    def missing(self, keys: Iterable[str]) -> list[str]:
        """Those not remembered, each once; the others are made the latest."""
        wanted = dict.fromkeys(keys)
        for key in wanted:
            if key in self.outcomes:
                self.outcomes.move_to_end(key)
        return [key for key in wanted if key not in self.outcomes]

    def forget(self) -> None:
        """Down to the most that are remembered, the oldest first."""
        while len(self.outcomes) > REMEMBERED_VECTORS:
            self.outcomes.popitem(last=False)


class Embedder:
    """Embeds with one model for as long as it lives; raises EncoderBroken when that changes."""

    def __init__(
        self,
        encoder: EncoderClient,
        model: ModelInfo,
        media: MediaStore,
        settings: PipelineSettings,
    ) -> None:
        self._encoder = encoder
        self._model = model
        self._media = media
        self._text_batch = settings.text_batch
        self._image_batch = settings.image_batch
        self._slots = asyncio.Semaphore(_REQUESTS_IN_FLIGHT * len(encoder))
        self._texts = _Remembered()
        self._pictures = _Remembered()

    async def embed(self, products: Sequence[Embeddable]) -> list[ProductVectors | UnusablePicture]:
        """(n,) in the order of the products.

        Raises EncoderBroken, or DependencyAway when the encoder stays away.
        """
        texts = self._texts.missing(
            product.caption for product in products if _ready_text(product) is None
        )
        by_digest = {
            picture.sha256: picture
            for product in products
            if product.picture is not None and _ready_image(product) is None
            for picture in (product.picture, *product.more)
        }
        pictures = [by_digest[digest] for digest in self._pictures.missing(by_digest)]
        try:
            async with asyncio.TaskGroup() as group:
                for start in range(0, len(texts), self._text_batch):
                    batch = texts[start : start + self._text_batch]
                    group.create_task(self._in_a_slot(partial(self._embed_texts, batch)))
                for some in self._image_batches(pictures):
                    group.create_task(self._in_a_slot(partial(self._embed_images, some)))
        except ExceptionGroup as errors:
            # One reason is enough, and the first made the others give up.
            raise errors.exceptions[0] from None
        vectors = [self._vectors(product) for product in products]
        self._texts.forget()
        self._pictures.forget()
        return vectors

    async def _in_a_slot(self, work: Callable[[], Awaitable[None]]) -> None:
        async with self._slots:
            await work()

    def _vectors(self, product: Embeddable) -> ProductVectors | UnusablePicture:
        ready_text, ready_image = _ready_text(product), _ready_image(product)
        text = self._texts.outcomes[product.caption] if ready_text is None else ready_text
        image: Outcome = np.zeros(0, np.float32)
        if ready_image is not None:
            image = ready_image
        elif product.picture is not None:
            image = self._images(product.picture, product.more)
        if isinstance(text, UnusablePicture):
            raise EncoderBroken("the encoder refuses a text as if it were a picture")
        return image if isinstance(image, UnusablePicture) else ProductVectors(text, image)

    def _images(self, first: StoredPicture, more: Sequence[StoredPicture]) -> Outcome:
        """(k·d,) the vectors of k pictures; why there is none, if the first is unusable."""
        outcomes = [self._pictures.outcomes[one.sha256] for one in (first, *more)]
        if isinstance(outcomes[0], UnusablePicture) or not more:
            return outcomes[0]
        kept: list[FloatVector] = []
        for picture, outcome in zip((first, *more), outcomes, strict=True):
            if isinstance(outcome, UnusablePicture):
                logger.warning(
                    "a further picture cannot be used",
                    extra={"picture": picture.url, "reason": str(outcome)},
                )
                outcome = np.zeros_like(outcomes[0])
            elif any(float(outcome @ other) > SAME_PICTURE for other in kept):
                outcome = np.zeros_like(outcome)
            kept.append(outcome)
        return np.concatenate(kept)

    async def _embed_texts(self, texts: list[str]) -> None:
        try:
            response = await self._encoder.embed_texts(texts)
        except ServiceError as error:
            raise EncoderBroken(f"the encoder refuses our texts: {error.detail}") from error
        for text, outcome in zip(texts, self._outcomes(response, len(texts)), strict=True):
            if isinstance(outcome, UnusablePicture):
                raise EncoderBroken(f"the encoder has no vector for a text: {outcome}")
            self._texts.outcomes[text] = outcome

    async def _embed_images(self, pictures: list[StoredPicture]) -> None:
        data = [
            await asyncio.to_thread(self._media.path(picture).read_bytes) for picture in pictures
        ]
        try:
            response = await self._encoder.embed_images(data)
        except ServiceError as error:
            # Too large together, or not one of them readable: alone, each gets its own answer.
            if len(pictures) == 1:
                self._pictures.outcomes[pictures[0].sha256] = UnusablePicture(error.detail)
                return
            for picture in pictures:
                await self._embed_images([picture])
            return
        outcomes = self._outcomes(response, len(pictures))
        for picture, outcome in zip(pictures, outcomes, strict=True):
            self._pictures.outcomes[picture.sha256] = outcome

    def _image_batches(self, pictures: Iterable[StoredPicture]) -> Iterator[list[StoredPicture]]:
        """At most `image_batch` a request, and not too many bytes; without those not stored."""
        batch: list[StoredPicture] = []
        size = 0
        for picture in pictures:
            try:
                more = self._media.path(picture).stat().st_size
            except FileNotFoundError:
                self._pictures.outcomes[picture.sha256] = UnusablePicture("is no longer stored")
                continue
            full = len(batch) == self._image_batch or size + more > MAX_REQUEST_IMAGE_BYTES
            if batch and full:
                yield batch
                batch, size = [], 0
            batch.append(picture)
            size += more
        if batch:
            yield batch

    def _outcomes(self, response: Embeddings, asked: int) -> list[Outcome]:
        """(asked,) each a (d,) unit vector, or why there is none."""
        if (response.model, response.dimension) != (self._model.model, self._model.dimension):
            raise EncoderBroken(
                f"the encoder changed from model {self._model.model!r} to {response.model!r} "
                "during the run; run this again"
            )
        if len(response.embeddings) != asked:
            raise EncoderBroken(
                f"the encoder gave {len(response.embeddings)} vectors where {asked} were asked for"
            )
        reasons = {problem.index: problem.detail for problem in response.errors}
        return [
            UnusablePicture(reasons.get(index, "the encoder gave no vector and no reason"))
            if vector is None
            else self._checked(vector)
            for index, vector in enumerate(response.embeddings)
        ]

    def _checked(self, vector: FloatVector) -> FloatVector:
        """The vector; raises EncoderBroken when it is not (d,) finite floats of length 1."""
        if vector.shape != (self._model.dimension,):
            raise EncoderBroken(
                f"the encoder gave {len(vector)} floats, not the {self._model.dimension} of its "
                f"model {self._model.model!r}"
            )
        length = float(np.linalg.norm(vector))
        # Not `> tolerance`: a NaN must not pass.
        if not abs(length - 1) <= UNIT_TOLERANCE:
            raise EncoderBroken(f"the encoder gave a vector of length {length:.4f}, not 1")
        return vector


def needs_no_encoder(product: Embeddable) -> bool:
    """True if the feed brought all of the product's vectors."""
    image_ready = product.picture is None or _ready_image(product) is not None
    return _ready_text(product) is not None and image_ready


def _ready_text(product: Embeddable) -> FloatVector | None:
    return None if product.vectors is None else product.vectors.text


def _ready_image(product: Embeddable) -> FloatVector | None:
    return None if product.vectors is None else product.vectors.image
