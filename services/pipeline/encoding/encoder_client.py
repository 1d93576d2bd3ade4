"""The encoder over HTTP, asked with patience: it may be starting, busy, or gone for a moment."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError
from safetensors.numpy import load

from services.common.client import ServiceClient
from services.common.problems import (
    DeadlineExceeded,
    DependencyUnavailable,
    NotReady,
    Overloaded,
    ServiceError,
)
from services.common.transport import Form
from services.contracts.encoder import (
    BINARY_MEDIA_TYPE,
    EMBEDDINGS_TENSOR,
    PRIORITY_HEADER,
    REPORT_TENSOR,
    EmbeddingsResponse,
    EmbedTextsRequest,
    ItemProblem,
    ModelInfo,
)
from services.pipeline.errors import DependencyAway, EncoderBroken

logger = logging.getLogger(__name__)

_FIRST_PAUSE_S = 0.1
_LONGEST_PAUSE_S = 5.0

_HEADERS = {"Accept": BINARY_MEDIA_TYPE, PRIORITY_HEADER: "bulk"}
"""Shoppers go first, and what a catalogue asks once must not push their queries out of a cache."""

Answer = TypeVar("Answer")

FloatVector = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Embeddings:
    """`EmbeddingsResponse` with its vectors as arrays, lengths and values unchecked."""

    model: str
    dimension: int
    embeddings: Sequence[FloatVector | None]
    """In the order of the request; None where `errors` names the item."""
    errors: Sequence[ItemProblem]


class EncoderClient:
    """Waits and asks again while the encoder is away or overloaded, up to `wait_s` a call.

    Every call raises DependencyAway when patience ends, EncoderBroken when an answer is not what
    the contract says, and the encoder's own problem when it is about the request.
    """

    def __init__(self, service: ServiceClient, *, wait_s: float) -> None:
        self._service = service
        self._wait_s = wait_s

    async def model(self) -> ModelInfo:
        return await self._patiently(lambda: self._service.get("/model", ModelInfo))

    async def embed_texts(self, texts: list[str]) -> Embeddings:
        body = EmbedTextsRequest(texts=texts)
        return await self._patiently(
            lambda: self._service.post_and_read("/embed/texts", body, _read, _HEADERS)
        )

    async def embed_images(self, pictures: list[bytes]) -> Embeddings:
        return await self._patiently(
            lambda: self._service.post_files_and_read(
                "/embed/images", Form("images", pictures, {}), _read, _HEADERS
            )
        )

    async def _patiently(self, call: Callable[[], Awaitable[Answer]]) -> Answer:
        give_up_at = time.monotonic() + self._wait_s
        pause_s = _FIRST_PAUSE_S
        while True:
            try:
                return await call()
            except (Overloaded, NotReady, DependencyUnavailable, DeadlineExceeded) as error:
                if isinstance(error.__cause__, ValueError):
                    # It will not get better by asking again.
                    raise EncoderBroken(error.detail) from error
                wait_s = _pause(error, pause_s)
                if time.monotonic() + wait_s > give_up_at:
                    raise DependencyAway(
                        f"{error.detail} Given up after {self._wait_s:g} seconds; what is stored "
                        "so far is kept, so run this again when the encoder is there."
                    ) from error
                if pause_s == _LONGEST_PAUSE_S:
                    logger.warning("still waiting for the encoder: %s", error.detail)
            await asyncio.sleep(wait_s)
            pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)


def _pause(error: ServiceError, own_s: float) -> float:
    """The encoder's `Retry-After` in seconds, else our own growing pause."""
    return own_s if error.retry_after_s is None else float(error.retry_after_s)


def _read(data: bytes) -> Embeddings:
    """Parse the binary form. Raises ValueError if it breaks the contract."""
    try:
        tensors = load(data)
        rows, described = tensors[EMBEDDINGS_TENSOR], tensors[REPORT_TENSOR]
    except (SafetensorError, KeyError) as error:
        raise ValueError(f"no safetensors file of vectors: {error}") from error
    if rows.ndim != 2 or rows.dtype != np.float32:
        raise ValueError(f"vectors of shape {rows.shape} and type {rows.dtype}")
    report = EmbeddingsResponse.model_validate(
        {**json.loads(described.tobytes()), "embeddings": []}
    )
    failed = {problem.index for problem in report.errors}
    return Embeddings(
        report.model,
        report.dimension,
        [None if index in failed else row for index, row in enumerate(rows)],
        report.errors,
    )
