"""Texts and pictures to unit vectors that name their model, in batches: queries, for example."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from services.contracts.encoder import ModelInfo
from services.pipeline.encoding.encoder_client import Embeddings, EncoderClient
from services.pipeline.errors import EncoderBroken
from services.pipeline.settings import PipelineSettings

Rows = npt.NDArray[np.float32]

Item = TypeVar("Item")
Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class Vectors:
    """(n, d) unit rows of one model, in the order of what was embedded."""

    model: str
    rows: Rows
    texts: Sequence[str] | None = None
    """The texts that were embedded; None for pictures."""


def model_of(settings: PipelineSettings) -> ModelInfo:
    """The model that the encoder serves. Raises DependencyAway, EncoderBroken."""
    return _ask(settings, EncoderClient.model)


def embed_texts(texts: Sequence[str], settings: PipelineSettings) -> Vectors:
    """Raises DependencyAway, EncoderBroken."""
    model, rows = _embed(texts, settings, settings.text_batch, EncoderClient.embed_texts)
    return Vectors(model, rows, texts)


def embed_pictures(pictures: Sequence[bytes], settings: PipelineSettings) -> Vectors:
    """Raises DependencyAway; EncoderBroken, also for an unreadable picture."""
    return Vectors(*_embed(pictures, settings, settings.image_batch, EncoderClient.embed_images))


def _embed(
    items: Sequence[Item],
    settings: PipelineSettings,
    batch: int,
    ask: Callable[[EncoderClient, list[Item]], Awaitable[Embeddings]],
) -> tuple[str, Rows]:
    async def in_batches(client: EncoderClient) -> tuple[ModelInfo, list[Embeddings]]:
        return await client.model(), [
            await ask(client, list(items[start : start + batch]))
            for start in range(0, len(items), batch)
        ]

    model, answers = _ask(settings, in_batches)
    rows = [row for answer in answers for row in answer.embeddings]
    if len(rows) != len(items) or any(row is None for row in rows):
        raise EncoderBroken("the encoder left out some of the texts or pictures")
    return model.model, np.array(rows, np.float32).reshape(len(items), model.dimension)


def _ask(settings: PipelineSettings, call: Callable[[EncoderClient], Awaitable[Answer]]) -> Answer:
    async def asked() -> Answer:
        async with aclosing(EncoderClient.of(settings)) as client:
            return await call(client)

    return asyncio.run(asked())
