"""The encoder without HTTP: validates, preprocesses, caches and batches."""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial

import numpy as np
import numpy.typing as npt
from prometheus_client import Gauge

from services.common.context import deadline
from services.common.metrics import Metrics
from services.common.problems import PayloadTooLarge, ServiceError, UnreadableImage
from services.contracts.encoder import Crop
from services.encoder.batcher import MicroBatcher
from services.encoder.cache import EmbeddingCache
from services.encoder.engine import Engine
from services.encoder.flights import Flights
from services.encoder.metrics import PassMetrics
from services.encoder.preprocess import VERSION as PIXELS_VERSION
from services.encoder.preprocess import Pixels, UnusablePicture, read_picture, read_whole
from services.encoder.regions import SIDE as REGIONS_SIDE
from services.encoder.regions import find_regions
from services.encoder.settings import EncoderSettings
from services.encoder.tokenizer import TextTokenizer, Tokens

UnitVector = npt.NDArray[np.float32]

RECENT_TEXTS = 4_096
"""Texts whose vectors stay in memory beside the cache in Redis: 8 MB for vectors of 512 numbers."""

_READ_AT_ONCE = 200
"""Characters that are tokenised without a thread: a typical query takes about 50 µs."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """A batch's vectors in order, None for a failed item; `failed` maps indexes to errors."""

    vectors: list[UnitVector | None]
    failed: dict[int, ServiceError]
    cached: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture's bytes, and the part of it to use."""

    data: bytes
    crop: Crop | None = None


class Encoder:
    """Turns texts and pictures into vectors. The model runs outside the event loop."""

    def __init__(
        self, engine: Engine, tokenizer: TextTokenizer, settings: EncoderSettings, metrics: Metrics
    ) -> None:
        self.info = engine.info
        self.precision = engine.precision
        self._tokenizer = tokenizer
        self._settings = settings
        passes = PassMetrics(metrics.registry)
        self._texts = MicroBatcher[Tokens, UnitVector](
            "text",
            lambda tokens: list(engine.texts(tokens)),
            max_batch=settings.max_batch,
            max_bulk_batch=settings.max_bulk_batch,
            max_queue=settings.max_queue,
            max_wait_s=settings.max_wait_ms / 1000,
            stuck_after_s=settings.stuck_after_s,
            observe_pass=partial(passes.observe, "text"),
        )
        self._pictures = MicroBatcher[Pixels, UnitVector](
            "image",
            lambda pixels: list(engine.pictures(pixels)),
            max_batch=settings.max_batch,
            max_bulk_batch=settings.max_bulk_batch,
            max_queue=settings.max_queue,
            max_wait_s=settings.max_wait_ms / 1000,
            stuck_after_s=settings.stuck_after_s,
            observe_pass=partial(passes.observe, "image"),
        )
        queued = Gauge(
            "encoder_queue_items",
            "Items waiting for a forward pass.",
            ["modality", "priority"],
            registry=metrics.registry,
        )
        for modality, batcher in (("text", self._texts), ("image", self._pictures)):
            for priority, bulk in (("interactive", False), ("bulk", True)):
                queued.labels(modality, priority).set_function(partial(batcher.queued, bulk=bulk))
        self._flights = Flights[UnitVector | ServiceError]()
        self._recent: OrderedDict[str, UnitVector] = OrderedDict()
        self._cache: EmbeddingCache | None = None
        if settings.cache_redis_url is not None:
            self._cache = EmbeddingCache(
                settings.cache_redis_url,
                namespace=f"{self.info.model_id}:{self.precision}:{PIXELS_VERSION}"
                + self.info.preprocessing.version,
                dimension=self.info.dimension,
                ttl_s=settings.cache_ttl_s,
                max_entries=settings.cache_max_entries,
                timeout_ms=settings.cache_timeout_ms,
                metrics=metrics,
            )
        cores = len(os.sched_getaffinity(0))
        # Bulk pictures are decoded in a thread of their own, so shoppers' pictures do not wait.
        self._prepare = {
            False: ThreadPoolExecutor(cores, thread_name_prefix="prepare"),
            True: ThreadPoolExecutor(1, thread_name_prefix="prepare-bulk"),
        }

    async def start(self) -> None:
        """Start the workers and embed one text and one picture as a warm-up."""
        self._texts.start()
        self._pictures.start()
        size = self.info.image_size
        await self._texts.submit(self._tokenizer.tokenize(["warm up"]), None)
        await self._pictures.submit([np.zeros((size, size, 3), np.uint8)], None)

    async def stop(self) -> None:
        await self._texts.stop()
        await self._pictures.stop()
        for executor in self._prepare.values():
            executor.shutdown(wait=False, cancel_futures=True)
        if self._cache is not None:
            await self._cache.close()

    def alive(self) -> bool:
        return self._texts.alive() and self._pictures.alive()

    async def embed_texts(self, texts: Sequence[str], *, bulk: bool = False) -> Outcome:
        """Raises Overloaded or DeadlineExceeded."""
        recent = None if bulk else self._from_memory(texts)
        if recent is not None:
            return recent
        tokens = await self._tokens(texts, bulk=bulk)
        if bulk:
            return _outcome(await self._texts.submit(tokens, deadline.get(), bulk=True))
        # Texts with the same tokens share a key.
        keys = [f"text:{hashlib.sha256(row.tobytes()).hexdigest()}" for row in tokens]
        outcome = await self._remembered(
            keys,
            lambda places: self._texts.submit([tokens[place] for place in places], deadline.get()),
        )
        self._keep_in_memory(texts, outcome)
        return outcome

    def _from_memory(self, texts: Sequence[str]) -> Outcome | None:
        """The vectors of these texts if all of them were asked for lately."""
        recent = self._recent
        if self._cache is None or not all(text in recent for text in texts):
            return None
        for text in texts:
            recent.move_to_end(text)
        self._cache.found_in_memory(len(texts))
        return Outcome([recent[text] for text in texts], {}, list(range(len(texts))))

    def _keep_in_memory(self, texts: Sequence[str], outcome: Outcome) -> None:
        if self._cache is None:
            return
        for text, vector in zip(texts, outcome.vectors, strict=True):
            if vector is not None and len(text) <= _READ_AT_ONCE:
                self._recent[text] = vector
        while len(self._recent) > RECENT_TEXTS:
            self._recent.popitem(last=False)

    async def _tokens(self, texts: Sequence[str], *, bulk: bool) -> list[Tokens]:
        """Tokenise in a thread, except short texts, which take less time than waking a thread."""
        if sum(map(len, texts)) <= _READ_AT_ONCE:
            return self._tokenizer.tokenize(texts)
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._prepare[bulk], self._tokenizer.tokenize, texts)

    async def count_tokens(self, texts: Sequence[str]) -> int:
        """Tokens of all texts, start and end tokens included and padding left out."""
        padding = self.info.tokenizer.pad_token
        rows = await self._tokens(texts, bulk=False)
        return sum(len(row) if padding is None else int((row != padding).sum()) for row in rows)

    async def embed_pictures(self, pictures: Sequence[Picture], *, bulk: bool = False) -> Outcome:
        """One bad picture fails alone. Raises Overloaded or DeadlineExceeded."""
        if bulk:
            return _outcome(await self._encode_pictures(pictures, bulk=True))
        loop = asyncio.get_running_loop()
        digests = await loop.run_in_executor(self._prepare[bulk], _digests, pictures)
        return await self._remembered(
            [f"image:{digest}" for digest in digests],
            lambda places: self._encode_pictures([pictures[place] for place in places], bulk=False),
        )

    async def _remembered(
        self,
        keys: Sequence[str],
        encode: Callable[[Sequence[int]], Awaitable[Sequence[UnitVector | ServiceError]]],
    ) -> Outcome:
        """Get vectors from the cache, from another caller's computation, or from the model."""
        hits: set[str] = set()

        async def compute(places: Sequence[int]) -> list[UnitVector | ServiceError]:
            cache = self._cache
            if cache is None:
                return list(await encode(places))
            kept = await cache.get([keys[place] for place in places])
            hits.update(
                keys[place]
                for place, vector in zip(places, kept, strict=True)
                if vector is not None
            )
            new = [place for place, vector in zip(places, kept, strict=True) if vector is None]
            made = dict(zip(new, await encode(new) if new else [], strict=True))
            cache.keep(
                {
                    keys[place]: vector
                    for place, vector in made.items()
                    if not isinstance(vector, ServiceError)
                }
            )
            return [
                made[place] if vector is None else vector
                for place, vector in zip(places, kept, strict=True)
            ]

        outcome = _outcome(await self._flights.fetch(keys, compute))
        outcome.cached.extend(place for place, key in enumerate(keys) if key in hits)
        return outcome

    async def _encode_pictures(
        self, pictures: Sequence[Picture], *, bulk: bool
    ) -> list[UnitVector | ServiceError]:
        loop = asyncio.get_running_loop()
        decoded = await asyncio.gather(
            *(loop.run_in_executor(self._prepare[bulk], self._decode, data) for data in pictures)
        )
        good = [item for item in decoded if not isinstance(item, ServiceError)]
        vectors = iter(await self._pictures.submit(good, deadline.get(), bulk=bulk))
        return [item if isinstance(item, ServiceError) else next(vectors) for item in decoded]

    async def find_regions(self, data: bytes) -> list[Crop]:
        """The things on a picture, the largest first. Raises PayloadTooLarge, UnreadableImage."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._prepare[False], self._regions, data)

    def _regions(self, data: bytes) -> list[Crop]:
        too_large = self._too_large(data)
        if too_large is not None:
            raise too_large
        try:
            picture = read_whole(data, REGIONS_SIDE, self._settings.max_image_pixels)
        except UnusablePicture as error:
            raise UnreadableImage(str(error)) from error
        return find_regions(picture)

    def _too_large(self, data: bytes) -> PayloadTooLarge | None:
        if len(data) <= self._settings.max_image_bytes:
            return None
        return PayloadTooLarge(
            f"The picture has {len(data)} bytes; the limit is {self._settings.max_image_bytes}."
        )

    def _decode(self, picture: Picture) -> Pixels | ServiceError:
        data = picture.data
        too_large = self._too_large(data)
        if too_large is not None:
            return too_large
        try:
            return read_picture(
                data,
                self.info.image_size,
                self._settings.max_image_pixels,
                picture.crop,
                self.info.preprocessing,
            )
        except UnusablePicture as error:
            return UnreadableImage(str(error))


def _digests(pictures: Sequence[Picture]) -> list[str]:
    return [
        hashlib.sha256(one.data).hexdigest()
        + (f":{one.crop.model_dump_json()}" if one.crop is not None else "")
        for one in pictures
    ]


def _outcome(results: Sequence[UnitVector | ServiceError]) -> Outcome:
    return Outcome(
        [None if isinstance(one, ServiceError) else one for one in results],
        {place: one for place, one in enumerate(results) if isinstance(one, ServiceError)},
    )
