"""How good search is on the sample catalogue, embedded by the encoder service."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import TypeVar

import numpy as np

from services.common.client import ServiceClient
from services.contracts.encoder import EmbeddingsResponse
from services.pipeline.caption import caption
from services.pipeline.demo.evaluate import Gallery, Report, Vectors, evaluate
from services.pipeline.demo.make_sample import sample_products
from services.pipeline.encoder_client import EncoderClient
from services.pipeline.errors import EncoderBroken, FeedUnusable
from services.pipeline.settings import PipelineSettings

Item = TypeVar("Item")


def evaluate_sample(folder: Path, settings: PipelineSettings) -> Report:
    """Ask for every product of the sample in `folder`, in words and with another drawing.

    Raises FeedUnusable when the pictures are not there, DependencyAway, EncoderBroken.
    """
    products = sample_products()
    missing = [one.image_path for one in products if not (folder / one.image_path).is_file()]
    if missing:
        raise FeedUnusable(f"{folder} is not the sample catalogue: it has no {missing[0]}")
    gallery = Gallery(
        combinations=[one.combination for one in products],
        captions=[caption(one.wording.title, one.wording.description) for one in products],
        pictures=[(folder / one.image_path).read_bytes() for one in products],
    )

    def embed_texts(texts: Sequence[str]) -> Vectors:
        return _embed(texts, settings, settings.text_batch, EncoderClient.embed_texts)

    def embed_images(pictures: Sequence[bytes]) -> Vectors:
        return _embed(pictures, settings, settings.image_batch, EncoderClient.embed_images)

    return evaluate(gallery, embed_texts, embed_images)


def _embed(
    items: Sequence[Item],
    settings: PipelineSettings,
    batch: int,
    ask: Callable[[EncoderClient, list[Item]], Awaitable[EmbeddingsResponse]],
) -> Vectors:
    """(n, d) unit vectors of texts or pictures, in batches."""

    async def in_batches() -> list[EmbeddingsResponse]:
        async with ServiceClient(
            "encoder", settings.encoder_url, timeout_s=settings.encoder_timeout_s
        ) as service:
            client = EncoderClient(service, wait_s=settings.encoder_wait_s)
            return [
                await ask(client, list(items[start : start + batch]))
                for start in range(0, len(items), batch)
            ]

    rows = [row for answer in asyncio.run(in_batches()) for row in answer.embeddings]
    if len(rows) != len(items) or any(row is None for row in rows):
        raise EncoderBroken("the encoder left out some of the sample's texts or pictures")
    return np.array(rows, np.float32)
