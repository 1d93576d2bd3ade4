"""Vectors that a feed brings: whether they are of the catalogue's model, and of unit length."""

from __future__ import annotations

import hashlib

import numpy as np

from services.contracts.encoder import ModelInfo
from services.pipeline.errors import WrongModel
from services.pipeline.feeds import Feed, ReadyVectors, VectorsModel
from services.pipeline.feeds.base import FloatVector


class UnusableVector(ValueError):
    """Not of the length, or without a direction; the message says what is wrong."""

    def __init__(self, kind: str, reason: str) -> None:
        """kind: `text` or `image`."""
        super().__init__(f"its {kind} vector {reason}")
        self.kind = kind


def check_vectors_model(feed: Feed, model: ModelInfo) -> None:
    """model: the encoder's, so the catalogue's. Raises WrongModel, with both named."""
    brought = feed.vectors_model
    if brought is None:
        return
    if brought.dimension != model.dimension or not _is_same(brought, model):
        raise WrongModel(
            f"{feed.path}: its vectors are of model {brought.name!r} with {brought.dimension} "
            f"floats, the encoder's is {model.model!r} with {model.dimension}; start the encoder "
            "with that model (MODEL=…), or load with --without-vectors (FEED_VECTORS=false) to "
            "encode words and pictures anew"
        )


def _is_same(brought: VectorsModel, model: ModelInfo) -> bool:
    """By the digest of the values or of the weights file where there is one: names may differ."""
    name, _, digest = model.model.rpartition("@")
    brought_name, _, brought_digest = brought.name.rpartition("@")
    if brought_name:
        return brought_digest == digest or (
            brought_digest != "" and model.weights_sha256.startswith(brought_digest)
        )
    return brought.name == (name or model.model)


def unit_vectors(vectors: ReadyVectors, dimension: int) -> ReadyVectors | None:
    """Scaled to length 1; None when there is neither. Raises UnusableVector."""
    text = _unit("text", vectors.text, dimension)
    image = _unit("image", vectors.image, dimension)
    return None if text is None and image is None else ReadyVectors(text, image)


def _unit(kind: str, vector: FloatVector | None, dimension: int) -> FloatVector | None:
    if vector is None:
        return None
    if vector.shape != (dimension,):
        raise UnusableVector(kind, f"has {len(vector)} floats, not {dimension}")
    length = float(np.linalg.norm(vector.astype(np.float64)))
    if not 0 < length < np.inf:  # a NaN is neither
        raise UnusableVector(kind, f"is of length {length:g}, so it has no direction")
    return (vector / length).astype(np.float32)


def digest(vector: FloatVector) -> str:
    """SHA-256 in hex of a vector's values."""
    return hashlib.sha256(vector.tobytes()).hexdigest()
