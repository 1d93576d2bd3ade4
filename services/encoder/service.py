"""The encoder without HTTP: validates, preprocesses, caches and batches."""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections import OrderedDict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

import numpy as np
from prometheus_client import Gauge

from services.common.context import deadline
from services.common.metrics import Metrics
from services.common.problems import Overloaded, PayloadTooLarge, ServiceError, UnreadableImage
from services.contracts.encoder import Crop
from services.encoder.batcher import MicroBatcher
from services.encoder.cache import EmbeddingCache
from services.encoder.engine import Engine
from services.encoder.flights import Flights
from services.encoder.metrics import PassMetrics
from services.encoder.outcome import Encoded, Outcome, UnitVector
from services.encoder.preprocess import VERSION as PIXELS_VERSION
from services.encoder.preprocess import Pixels, UnusablePicture, read_picture, read_whole
from services.encoder.regions import SIDE as REGIONS_SIDE
from services.encoder.regions import find_regions
from services.encoder.settings import EncoderSettings
from services.encoder.tokenizer import TextTokenizer, Tokens

RECENT_TEXTS = 4_096
"""Texts whose vectors stay in memory beside the cache in Redis: 8 MB for vectors of 512 numbers."""

_READ_AT_ONCE = 200
"""Characters that are tokenised without a thread: a typical query takes about 50 µs."""


@dataclass(frozen=True, slots=True)
class _Text:
    """A text to encode, and its key in the cache; None for one that is not cached."""

    tokens: Tokens
    key: str | None = None


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
        self._texts = MicroBatcher[_Text, Encoded](
            "text",
            partial(_encoded, engine),
            max_batch=settings.max_batch,
            max_bulk_batch=settings.max_bulk_batch,
            max_queue=settings.max_queue,
            max_wait_s=settings.max_wait_ms / 1000,
            stuck_after_s=settings.stuck_after_s,
            known=lambda texts: self._from_cache([one.key for one in texts]),
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
        self._flights = Flights[Encoded | ServiceError]()
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
        await self._texts.submit([_Text(self._tokenizer.tokenize(["warm up"])[0])], None)
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
            each = list(map(_Text, tokens))
            return Outcome.of(await self._texts.submit(each, deadline.get(), bulk=True))
        # Texts with the same tokens share a key.
        keys = [f"text:{hashlib.sha256(row.tobytes()).hexdigest()}" for row in tokens]

        async def compute(places: Sequence[int]) -> Sequence[Encoded]:
            results = await self._encode_texts([_Text(tokens[one], keys[one]) for one in places])
            self._keep([keys[place] for place in places], results)
            return results

        outcome = Outcome.of(await self._flights.fetch(keys, compute))
        self._keep_in_memory(texts, outcome)
        return outcome

    async def _encode_texts(self, texts: Sequence[_Text]) -> list[Encoded]:
        """The cache is asked once for each pass, or now if the queue has no room."""
        try:
            return await self._texts.submit(texts, deadline.get())
        except Overloaded:
            cached = await self._from_cache([one.key for one in texts])
            found = [one for one in cached if one is not None]
            if len(found) < len(texts):
                raise
            return found

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
            return Outcome.of(await self._encode_pictures(pictures, bulk=True))
        loop = asyncio.get_running_loop()
        digests = await loop.run_in_executor(self._prepare[bulk], _digests, pictures)
        keys = [f"image:{digest}" for digest in digests]

        async def compute(places: Sequence[int]) -> Sequence[Encoded | ServiceError]:
            names = [keys[place] for place in places]
            cached = dict(zip(places, await self._from_cache(names), strict=True))
            new = [place for place in places if cached[place] is None]
            made = await self._encode_pictures([pictures[place] for place in new], bulk=False)
            self._keep([keys[place] for place in new], made)
            results = cached | dict(zip(new, made, strict=True))
            return [one for one in results.values() if one is not None]

        return Outcome.of(await self._flights.fetch(keys, compute))

    async def _from_cache(self, keys: Sequence[str | None]) -> list[Encoded | None]:
        """The cached vectors, None for the others and for those without a key."""
        asked = [key for key in keys if key is not None]
        if self._cache is None or not asked:
            return [None] * len(keys)
        vectors = dict(zip(asked, await self._cache.get(asked), strict=True))
        found = [None if key is None else vectors[key] for key in keys]
        return [None if vector is None else Encoded(vector, cached=True) for vector in found]

    def _keep(self, keys: Sequence[str], results: Sequence[Encoded | ServiceError]) -> None:
        """In the cache, what it lacks."""
        if self._cache is not None:
            self._cache.keep(
                {
                    key: one.vector
                    for key, one in zip(keys, results, strict=True)
                    if isinstance(one, Encoded) and not one.cached
                }
            )

    async def _encode_pictures(
        self, pictures: Sequence[Picture], *, bulk: bool
    ) -> list[Encoded | ServiceError]:
        if not pictures:
            return []
        loop = asyncio.get_running_loop()
        decoded = await asyncio.gather(
            *(loop.run_in_executor(self._prepare[bulk], self._decode, data) for data in pictures)
        )
        good = [item for item in decoded if not isinstance(item, ServiceError)]
        vectors = iter(await self._pictures.submit(good, deadline.get(), bulk=bulk))
        return [
            item if isinstance(item, ServiceError) else Encoded(next(vectors)) for item in decoded
        ]

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


def _encoded(engine: Engine, texts: Sequence[_Text]) -> Sequence[Encoded]:
    """Encode one pass. Only interactive texts, which have keys, leave beginnings for others."""
    keep = texts[0].key is not None
    return list(map(Encoded, engine.texts([one.tokens for one in texts], keep=keep)))


def _digests(pictures: Sequence[Picture]) -> list[str]:
    return [
        hashlib.sha256(one.data).hexdigest()
        + (f":{one.crop.model_dump_json()}" if one.crop is not None else "")
        for one in pictures
    ]
