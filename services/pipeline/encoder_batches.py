"""Vectors of texts and of pictures that are no products: of queries, say. In batches."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from services.common.client import ServiceClient
from services.contracts.encoder import ModelInfo
from services.pipeline.encoder_client import Embeddings, EncoderClient
from services.pipeline.errors import EncoderBroken
from services.pipeline.settings import PipelineSettings

Vectors = npt.NDArray[np.float32]

Item = TypeVar("Item")
Answer = TypeVar("Answer")


def model_of(settings: PipelineSettings) -> ModelInfo:
    """The model that the encoder serves. Raises DependencyAway, EncoderBroken."""
    return _ask(settings, EncoderClient.model)


def embed_texts(texts: Sequence[str], settings: PipelineSettings) -> Vectors:
    """(n, d) unit vectors. Raises DependencyAway, EncoderBroken."""
    return _embed(texts, settings, settings.text_batch, EncoderClient.embed_texts)


def embed_pictures(pictures: Sequence[bytes], settings: PipelineSettings) -> Vectors:
    """(n, d) unit vectors. Raises DependencyAway; EncoderBroken, also for an unreadable one."""
    return _embed(pictures, settings, settings.image_batch, EncoderClient.embed_images)


def _embed(
    items: Sequence[Item],
    settings: PipelineSettings,
    batch: int,
    ask: Callable[[EncoderClient, list[Item]], Awaitable[Embeddings]],
) -> Vectors:
    async def in_batches(client: EncoderClient) -> list[Embeddings]:
        return [
            await ask(client, list(items[start : start + batch]))
            for start in range(0, len(items), batch)
        ]

    rows = [row for answer in _ask(settings, in_batches) for row in answer.embeddings]
    if len(rows) != len(items) or any(row is None for row in rows):
        raise EncoderBroken("the encoder left out some of the texts or pictures")
    return np.array(rows, np.float32)


def _ask(settings: PipelineSettings, call: Callable[[EncoderClient], Awaitable[Answer]]) -> Answer:
    async def asked() -> Answer:
        async with ServiceClient(
            "encoder", settings.encoder_url, timeout_s=settings.encoder_timeout_s
        ) as service:
            return await call(EncoderClient(service, wait_s=settings.encoder_wait_s))

    return asyncio.run(asked())
