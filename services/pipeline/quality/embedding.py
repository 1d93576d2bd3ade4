"""Queries to vectors that know their model, by the encoder service."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from services.pipeline import encoder_batches
from services.pipeline.settings import PipelineSettings

Rows = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Vectors:
    """(n, d) unit rows of one model, in the order of what was embedded."""

    model: str
    rows: Rows
    texts: Sequence[str] | None = None
    """What was embedded, where it was words."""


def embed_texts(texts: Sequence[str], settings: PipelineSettings) -> Vectors:
    """Raises DependencyAway, EncoderBroken."""
    vectors = _of_model(encoder_batches.embed_texts(texts, settings), settings)
    return replace(vectors, texts=texts)


def embed_images(pictures: Sequence[bytes], settings: PipelineSettings) -> Vectors:
    """Raises DependencyAway, EncoderBroken."""
    return _of_model(encoder_batches.embed_pictures(pictures, settings), settings)


def _of_model(rows: Rows, settings: PipelineSettings) -> Vectors:
    model = encoder_batches.model_of(settings)
    return Vectors(model.model, rows.reshape(len(rows), model.dimension))
