"""What the encoder does: checks, prepares, batches. No HTTP in here."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from prometheus_client import Gauge, Histogram

from services.common.context import deadline
from services.common.metrics import Metrics
from services.common.problems import PayloadTooLarge, ServiceError, UnreadableImage
from services.encoder.batcher import MicroBatcher
from services.encoder.engine import Engine
from services.encoder.preprocess import Pixels, UnusablePicture, read_picture
from services.encoder.settings import EncoderSettings
from services.encoder.tokenizer import Tokenizer, Tokens

UnitVector = npt.NDArray[np.float32]
BATCH_SIZES = (1, 2, 4, 8, 16, 32, 64, 128, 256)


@dataclass(frozen=True, slots=True)
class Outcome:
    """A batch's vectors in order; None where `failed` holds the item's index and reason."""

    vectors: list[UnitVector | None]
    failed: dict[int, ServiceError]


class Encoder:
    """Texts and pictures to vectors, with the model's work off the event loop."""

    def __init__(
        self, engine: Engine, tokenizer: Tokenizer, settings: EncoderSettings, metrics: Metrics
    ) -> None:
        self.info = engine.info
        self.precision = engine.precision
        self._tokenizer = tokenizer
        self._settings = settings
        sizes = Histogram(
            "encoder_batch_size",
            "Items in one forward pass.",
            ["modality"],
            buckets=BATCH_SIZES,
            registry=metrics.registry,
        )
        self._texts = MicroBatcher[Tokens, UnitVector](
            "text",
            lambda tokens: list(engine.texts(tokens)),
            max_batch=settings.max_batch,
            max_queue=settings.max_queue,
            stuck_after_s=settings.stuck_after_s,
            order=len,
            observe_batch=sizes.labels("text").observe,
        )
        self._pictures = MicroBatcher[Pixels, UnitVector](
            "image",
            lambda pixels: list(engine.pictures(pixels)),
            max_batch=settings.max_batch,
            max_queue=settings.max_queue,
            stuck_after_s=settings.stuck_after_s,
            observe_batch=sizes.labels("image").observe,
        )
        queued = Gauge(
            "encoder_queue_items",
            "Items waiting for a forward pass.",
            ["modality"],
            registry=metrics.registry,
        )
        queued.labels("text").set_function(lambda: self._texts.queued)
        queued.labels("image").set_function(lambda: self._pictures.queued)
        self._prepare = ThreadPoolExecutor(
            len(os.sched_getaffinity(0)), thread_name_prefix="prepare"
        )

    async def start(self) -> None:
        """Start the workers and answer one text and one picture, so that the first caller's are
        not the first."""
        self._texts.start()
        self._pictures.start()
        size = self.info.image_size
        await self._texts.submit(self._tokenizer.tokenize(["warm up"]), None)
        await self._pictures.submit([np.zeros((size, size, 3), np.uint8)], None)

    async def stop(self) -> None:
        await self._texts.stop()
        await self._pictures.stop()
        self._prepare.shutdown(wait=False, cancel_futures=True)

    def alive(self) -> bool:
        return self._texts.alive() and self._pictures.alive()

    async def embed_texts(self, texts: Sequence[str]) -> Outcome:
        """Raises Overloaded or DeadlineExceeded."""
        loop = asyncio.get_running_loop()
        tokens = await loop.run_in_executor(self._prepare, self._tokenizer.tokenize, texts)
        return Outcome(list(await self._texts.submit(tokens, deadline.get())), {})

    async def embed_pictures(self, pictures: Sequence[bytes]) -> Outcome:
        """One bad picture fails alone. Raises Overloaded or DeadlineExceeded."""
        loop = asyncio.get_running_loop()
        decoded = await asyncio.gather(
            *(loop.run_in_executor(self._prepare, self._decode, data) for data in pictures)
        )
        good = [item for item in decoded if not isinstance(item, ServiceError)]
        vectors = iter(await self._pictures.submit(good, deadline.get()))
        return Outcome(
            [None if isinstance(item, ServiceError) else next(vectors) for item in decoded],
            {i: item for i, item in enumerate(decoded) if isinstance(item, ServiceError)},
        )

    def _decode(self, data: bytes) -> Pixels | ServiceError:
        if len(data) > self._settings.max_image_bytes:
            return PayloadTooLarge(
                f"The picture has {len(data)} bytes; at most {self._settings.max_image_bytes} "
                "are taken."
            )
        try:
            return read_picture(data, self.info.image_size, self._settings.max_image_pixels)
        except UnusablePicture as error:
            return UnreadableImage(str(error))
